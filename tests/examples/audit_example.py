"""Synthetic tables for the tests of the audit: what a pipeline measures of one variant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from attack_example import suppressed, view
from qmu import losses
from qmu.attacks.game import Evidence, Scored, View
from qmu.attacks.methods import loss_thr
from qmu.audit.measure import measure
from qmu.audit.measurement import Measurement, Reference, Resampling, Subject

SETTINGS = Resampling(names=("test",), resamples=200)
COSTS = {"target": 9000, "retrain": 8000, "logit_mask": 0}


def probabilities(given: View) -> np.ndarray:
    """(n, classes)"""
    return np.exp(losses.log_probabilities(given.logits, np))


def score_table(given: View, scored: dict[str, Scored]) -> dict[str, np.ndarray]:
    """The ``scores`` table of several attacks."""
    blocks = [
        {
            "sample_id": given.sample_id,
            "label": given.label,
            "split": given.split,
            "forget": given.forget,
            "attack": np.full(len(given.label), name, dtype=object),
            "score": s.score,
            "decision": s.decision,
            "fitted": s.fitted,
        }
        for name, s in scored.items()
    ]
    return {key: np.concatenate([b[key] for b in blocks]) for key in blocks[0]}


def output_table(given: View) -> dict[str, np.ndarray]:
    """The columns of the ``outputs`` table that the audit reads."""
    named = {name: getattr(given, name) for name in ("sample_id", "label", "split", "forget")}
    return {**named, "logits": given.logits, "probabilities": probabilities(given)}


def published(given: View, fitted: np.ndarray | None = None) -> Scored:
    """An attack that calls every right answer a member, as the published one all but does."""
    right = given.logits.argmax(axis=1) == given.label
    none = np.zeros(len(right), bool)
    return Scored(right - 0.5, right, none if fitted is None else fitted)


def by_loss(given: View) -> Scored:
    """The loss attack at a threshold of 0.1."""
    seen = Evidence(original=given, audited=given)
    return loss_thr.score({"threshold": np.array([-0.1])}, seen, loss_thr.Config(), ())


def audited(
    seed: int,
    variant: str,
    given: View,
    settings: Resampling = SETTINGS,
    populations: dict[str, np.ndarray] | None = None,
    fitted: np.ndarray | None = None,
    **cost: float,
) -> list[Measurement]:
    """`measure` with an ensemble of three retrained models and round costs; ``cost``: further
    columns of that table."""
    scored = {"su_graybox": published(given, fitted), "loss_thr": by_loss(given)}
    ensemble = [probabilities(retrained(100 * seed + k, given)) for k in range(3)]
    work = COSTS.get(variant, 400)
    costs = {name: np.array([value]) for name, value in cost.items()} | {
        "gradient_evaluations": np.array([work]),
        "forward_evaluations": np.array([2 * work]),
        "hessian_products": np.array([0]),
        "circuit_executions": np.array([400 * work]),
        "samples_read": np.array([3 * work]),
    }
    timing = {"wall_seconds": np.array([work / 100]), "cpu_seconds": np.array([work / 50])}
    return measure(
        Subject("hqnn", seed, variant, "default.qubit"),
        output_table(given),
        score_table(given, scored),
        costs,
        timing,
        Reference(np.stack(ensemble), 8000, 80.0),
        settings,
        populations,
    )


def retrained(seed: int, like: View) -> View:
    """A model that never saw the forget class, on the samples of ``like``."""
    fresh = view(seed + 1, n=len(like.label))
    return replace(like, logits=suppressed(fresh, 9.0).logits)
