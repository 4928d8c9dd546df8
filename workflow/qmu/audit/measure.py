"""The audit: from a model's outputs and attack scores to the rows of the summary.

`measure` turns one model, seed and variant into figures with their intervals; `model_rows` and
`aggregate_rows` turn figures into rows of the table ``summary``. Metrics, splits and attacks are
those of the audit literature: Su et al. 2025 (arXiv:2509.06086) for ``mia_success``, Yeom et al.
2018 (arXiv:1709.01604) for ``advantage``, Carlini et al. 2022 (arXiv:2112.03570) for TPR at FPR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from qmu import losses
from qmu.metrics import distances
from qmu.metrics.estimates import over_seeds, plain

from .measurement import Measurement, Recorder, Reference, Resampling, Subject
from .membership import attack_figures

Row = dict[str, Any]
Table = Mapping[str, np.ndarray]

SPLITS = ("retain_train", "forget_train", "retain_test", "forget_test")
# Where a model rules the label out, its loss is infinite: cut, so that the mean tells the others.
LARGEST_LOSS = 50.0
DISTANCES = {
    "kl_to_retrain": distances.kl,
    "js_to_retrain": distances.js,
    "agreement_with_retrain": distances.agreement,
}
COSTS = (
    *("gradient_evaluations", "forward_evaluations", "hessian_products"),
    *("circuit_executions", "samples_read"),
)
# What a Hessian product costs at the least, in gradients: the gradient's difference along a vector.
GRADIENTS_PER_HESSIAN_PRODUCT = 2


def measure(
    subject: Subject,
    outputs: Table,
    scores: Table,
    cost: Table | None,
    timing: Table | None,
    reference: Reference,
    settings: Resampling,
    populations: Mapping[str, np.ndarray] | None = None,
) -> list[Measurement]:
    """Every figure of one model, seed and variant.

    ``outputs``, ``scores``, ``cost``, ``timing`` are tables of those kinds; ``scores`` stacks all
    attacks; no cost is known of a model that was made elsewhere. ``reference`` holds the seed's
    retrain ensemble on the rows of ``outputs``. ``populations`` gives, for an attack with a
    published population, its sample ids: ``mia_success`` counts members among these, otherwise all
    members. Raises ValueError where
    tables do not fit each other.
    """
    draw = Recorder(subject, settings)
    figures = answers(subject, outputs, scores, settings, populations)
    figures += _losses(draw, outputs)
    figures += _distances(draw, outputs, reference)
    if cost is None or timing is None:
        return figures
    return figures + _costs(draw, cost, timing, reference)


def answers(
    subject: Subject,
    outputs: Table,
    scores: Table,
    settings: Resampling,
    populations: Mapping[str, np.ndarray] | None = None,
) -> list[Measurement]:
    """The figures that a model's answers alone decide: accuracies and attacks (see `measure`).

    On a further device these are all there is: costs are those of making the model, which no
    device changes, and distances to retrained models would mix what was forgotten with what the
    device blurs.
    """
    draw = Recorder(subject, settings)
    figures = _accuracies(draw, outputs)
    for attack in dict.fromkeys(scores["attack"]):
        rows = scores["attack"] == attack
        table = {name: column[rows] for name, column in scores.items()}
        population = (populations or {}).get(attack)
        figures += attack_figures(draw, str(attack), table, population)
    return figures


def model_rows(figures: Iterable[Measurement]) -> list[Row]:
    """One row per figure of one seed, with the figures derived from it."""
    return [row for figure in figures for row in _rows(figure, figure.subject.seed)]


def aggregate_rows(figures: Iterable[Measurement], settings: Resampling) -> list[Row]:
    """One row of seed None per figure, the mean over its seeds, in order of first appearance.

    Intervals: see `estimates.over_seeds`; ``n`` counts distinct images.
    """
    groups: dict[tuple[Any, ...], list[Measurement]] = {}
    for figure in figures:
        groups.setdefault(figure.key, []).append(figure)
    rows = []
    for members in groups.values():
        estimate = over_seeds([figure.estimate for figure in members], settings.confidence)
        rows += _rows(members[0].with_estimate(estimate), None)
    return rows


def _rows(figure: Measurement, seed: int | None) -> list[Row]:
    subject = figure.subject
    return [
        {
            "model": subject.model,
            "seed": seed,
            "variant": subject.variant,
            "device": subject.device,
            "attack": figure.attack,
            "metric": metric,
            "split": figure.split,
            "value": value,
            "ci_low": None if interval is None else interval[0],
            "ci_high": None if interval is None else interval[1],
            "n": figure.estimate.n,
        }
        for metric, value, interval in figure.with_derived()
    ]


def _accuracies(draw: Recorder, outputs: Table) -> list[Measurement]:
    hits = np.argmax(outputs["logits"], axis=-1) == outputs["label"]
    return [
        draw.rate(None, "accuracy", split, hits[chosen], outputs["sample_id"][chosen])
        for split in SPLITS
        if np.any(chosen := outputs["split"] == split)
    ]


def _losses(draw: Recorder, outputs: Table) -> list[Measurement]:
    """Mean cross-entropy in nats; on ``forget_train`` the forget loss that methods drive up."""
    values = losses.cross_entropy(np.asarray(outputs["logits"], float), outputs["label"], np)
    values = np.minimum(values, LARGEST_LOSS)
    return [
        draw.mean("cross_entropy", split, values[chosen], outputs["sample_id"][chosen])
        for split in SPLITS
        if np.any(chosen := outputs["split"] == split)
    ]


def _distances(draw: Recorder, outputs: Table, reference: Reference) -> list[Measurement]:
    """Distances to each model of the retrain ensemble, averaged over it; for ``retrain`` itself
    they are the floor: what two retrained models differ by."""
    own, others = outputs["probabilities"], reference.probabilities
    if others.shape[1:] != own.shape:
        raise ValueError(
            f"retrain ensemble of shape {others.shape} beside outputs of shape {own.shape}"
        )
    if not len(others):
        return []
    suffix = "_floor" if draw.subject.variant == "retrain" else ""
    figures = []
    for metric, distance in DISTANCES.items():
        per_sample = np.mean([distance(own, other) for other in others], axis=0)
        for split in SPLITS:
            chosen = outputs["split"] == split
            if chosen.any():
                ids = outputs["sample_id"][chosen]
                figures.append(draw.mean(metric + suffix, split, per_sample[chosen], ids))
    return figures


def _costs(draw: Recorder, cost: Table, timing: Table, reference: Reference) -> list[Measurement]:
    """What making this variant cost, and how many times less than retraining."""
    seconds = float(timing["wall_seconds"][0])
    values = {name: float(cost[name][0]) for name in COSTS}
    values |= {"seconds": seconds, "cpu_seconds": float(timing["cpu_seconds"][0])}
    if draw.subject.variant != "target":
        gradients = values["gradient_evaluations"]
        gradients += GRADIENTS_PER_HESSIAN_PRODUCT * values["hessian_products"]
        values["speedup"] = _ratio(reference.gradient_evaluations, gradients)
        values["speedup_seconds"] = _ratio(reference.seconds, seconds)
    if "epsilon" in cost:
        values["epsilon_certified"] = float(cost["epsilon"][0])
    if "delta" in cost:
        values["delta_certified"] = float(cost["delta"][0])
    if "steps" in cost and (cost["steps"][0] or not cost["changed"][0]):
        # An edit without steps of its own took one where it changed anything: it has no such row.
        values["steps"] = float(cost["steps"][0])
    return [Measurement(draw.subject, None, name, None, plain(v)) for name, v in values.items()]


def _ratio(retrain: float, method: float) -> float:
    """Retraining's cost over the method's; infinite for a method that costs nothing."""
    return retrain / method if method else float("inf")
