"""What the report is made from: the summary in long format, training histories, model outputs.

Everything here is held in memory and ordered as found, so that a figure or a sentence depends on
the numbers alone. Missing pieces (an attack, a variant, a seed, an interval) are None, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cards import AttackCard, MethodCard, ModelCard

Key = tuple[str, int, str]
"""(model, seed, variant)"""

BASELINES = ("target", "retrain")
PUBLISHED_ATTACK = "su_graybox"
NON_MEMBER_SPLITS = ("forget_unseen", "forget_test")


@dataclass(frozen=True)
class Estimate:
    """One figure with its interval; ``seeds`` holds (seed, value) pairs behind an aggregate."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    seeds: tuple[tuple[int, float], ...] = ()

    @property
    def interval(self) -> tuple[float, float]:
        """The interval, or the value twice where there is none."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )


@dataclass(frozen=True)
class Summary:
    """The ``summary`` table by key. ``models`` are labels: the model's name, with its device where
    one model was audited on several."""

    models: tuple[str, ...]
    attacks: tuple[str, ...]
    cells: Mapping[tuple, Estimate]

    def get(
        self,
        model: str,
        variant: str,
        metric: str,
        split: str | None = None,
        attack: str | None = None,
    ) -> Estimate | None:
        """The aggregate over seeds (the mean of the seeds where the table has no aggregate)."""
        return self.cells.get((model, variant, metric, split, attack))

    def variants(self, model: str | None = None) -> tuple[str, ...]:
        """Variants of a model (of all models), baselines first, then as found."""
        found = dict.fromkeys(key[1] for key in self.cells if model in (None, key[0]))
        first = [name for name in BASELINES if name in found]
        return (*first, *(name for name in found if name not in BASELINES))

    def values(self, metric: str) -> list[Estimate]:
        """Every estimate of a metric."""
        return [cell for key, cell in self.cells.items() if key[2] == metric]


def summarise(columns: Mapping[str, Iterable[Any]]) -> Summary:
    """Index the columns of a ``summary`` table; nulls may be None or NaN."""
    names = ("model", "seed", "variant", "device", "attack", "metric", "split")
    numbers = ("value", "ci_low", "ci_high", "n")
    rows = list(zip(*(map(_null, columns[name]) for name in names + numbers), strict=True))
    devices: dict[str, dict[str, None]] = {}
    for row in rows:
        devices.setdefault(row[0], {})[row[3]] = None
    aggregates: dict[tuple, tuple] = {}
    seeds: dict[tuple, list[tuple[int, float]]] = {}
    for model, seed, variant, device, attack, metric, split, value, low, high, n in rows:
        label = model if len(devices[model]) == 1 else f"{model} on {device}"
        key = (label, variant, metric, split, attack)
        of_key = seeds.setdefault(key, [])
        if seed is None:
            aggregates[key] = (value, low, high, n)
        elif value is not None:
            of_key.append((int(seed), float(value)))
    cells = {
        key: estimate
        for key, of in seeds.items()
        if (estimate := _estimate(aggregates.get(key), of)) is not None
    }
    return Summary(
        models=tuple(dict.fromkeys(key[0] for key in cells)),
        attacks=tuple(dict.fromkeys(key[4] for key in cells if key[4] is not None)),
        cells=cells,
    )


def _estimate(aggregate: tuple | None, seeds: list[tuple[int, float]]) -> Estimate | None:
    """None where the table says that the aggregate cannot be resolved, or holds nothing."""
    if aggregate is None:
        values = [value for _, value in seeds]
        return Estimate(float(np.mean(values)), seeds=tuple(seeds)) if values else None
    value, low, high, n = aggregate
    if value is None:
        return None
    return Estimate(
        float(value),
        None if low is None else float(low),
        None if high is None else float(high),
        None if n is None else int(n),
        tuple(seeds),
    )


def _null(value: Any) -> Any:
    missing = value is None or (isinstance(value, float | np.floating) and math.isnan(value))
    return None if missing else value


@dataclass(frozen=True)
class History:
    """A run's course: ``epoch`` (epochs or steps), ``loss``, ``accuracy``, each (rows,)."""

    model: str
    seed: int
    variant: str
    epoch: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True)
class Confidence:
    """Logit-scaled confidence of a model in the true label: ``split`` (n,), ``phi`` (n,), where
    minus infinity means that the model can never name the label."""

    model: str
    seed: int
    variant: str
    split: np.ndarray
    phi: np.ndarray


def logit_scaled_confidence(logits: np.ndarray, label: np.ndarray) -> np.ndarray:
    """phi = z_y - logsumexp of the other logits, that is log(p_y / (1 - p_y)).

    ``logits`` (n, classes), ``label`` (n,) to (n,) float64. Source: Carlini et al. 2022,
    "Membership inference attacks from first principles" (arXiv:2112.03570).
    """
    rows, logits = np.arange(len(label)), np.array(logits, dtype=np.float64)
    own = logits[rows, label]
    logits[rows, label] = -np.inf
    peak = logits.max(axis=1, keepdims=True)
    return own - (peak[:, 0] + np.log(np.exp(logits - peak).sum(axis=1)))


@dataclass(frozen=True)
class Cards:
    """Name -> card, for the components that the experiment names."""

    models: Mapping[str, ModelCard] = field(default_factory=dict)
    methods: Mapping[str, MethodCard] = field(default_factory=dict)
    attacks: Mapping[str, AttackCard] = field(default_factory=dict)


def cards(config: Mapping[str, Any]) -> Cards:
    """The cards of the components that a validated config names (`Experiment.model_dump`)."""
    from .. import registry

    found = [
        {name: registry.load(kind, entry["component"]).CARD for name, entry in config[kind].items()}
        for kind in ("models", "unlearning", "attacks")
    ]
    return Cards(*found)


@dataclass(frozen=True)
class Evidence:
    """All that the report shows; ``classes`` is None where no outputs were given."""

    summary: Summary
    histories: tuple[History, ...] = ()
    confidences: tuple[Confidence, ...] = ()
    classes: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    cards: Cards = field(default_factory=Cards)

    def label(self, variant: str, separator: str = " ") -> str:
        """A variant's name with its caveat: a control, or a reconstructed method."""
        card = self.cards.methods.get(variant)
        if card is not None and card.control:
            return f"{variant}{separator}(control)"
        if card is not None and card.reconstructed:
            return f"{variant}{separator}(reconstructed)"
        return variant

    @property
    def confidence_level(self) -> float:
        """Confidence of the intervals: the config's, else 95%."""
        return float((self.common.get("evaluation") or {}).get("confidence", 0.95))

    @property
    def common(self) -> Mapping[str, Any]:
        """The part of the config that belongs to no component."""
        return self.config.get("common") or self.config

    @property
    def published_attack(self) -> str | None:
        """`su_graybox` where it ran, else the first attack."""
        attacks = self.summary.attacks
        if PUBLISHED_ATTACK in attacks or not attacks:
            return PUBLISHED_ATTACK if attacks else None
        return attacks[0]

    def non_members(self, model: str, variant: str, attack: str) -> tuple[str, Estimate] | None:
        """(split, false-positive rate) on forget-class images never trained on; the images that
        no part of the experiment has used come before the test images."""
        for split in NON_MEMBER_SPLITS:
            found = self.summary.get(model, variant, "mia_false_positive", split, attack)
            if found is not None:
                return split, found
        return None


def gather(
    summary: Mapping[str, Iterable[Any]],
    *,
    histories: Mapping[Key, Mapping[str, np.ndarray]] | None = None,
    outputs: Mapping[Key, Mapping[str, np.ndarray]] | None = None,
    config: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
    cards: Cards | None = None,
) -> Evidence:
    """Evidence from tables as `qmu.tables.read` returns them.

    ``histories`` and ``outputs`` are keyed by (model, seed, variant); of the outputs only the
    columns ``label``, ``split``, ``forget`` and ``logits`` are read, and of these the forget
    class. ``config`` is a validated experiment as plain builtins (`Experiment.model_dump`).
    """
    confidences, classes = [], None
    for (model, seed, variant), table in (outputs or {}).items():
        rows = np.asarray(table["forget"], dtype=bool)
        classes = int(np.shape(table["logits"])[1])
        phi = logit_scaled_confidence(table["logits"][rows], np.asarray(table["label"])[rows])
        split = np.asarray(table["split"])[rows]
        confidences.append(Confidence(model, seed, variant, split, phi))
    courses = [
        History(*key, *(np.asarray(table[name]) for name in ("epoch", "loss", "accuracy")))
        for key, table in (histories or {}).items()
    ]
    return Evidence(
        summary=summarise(summary),
        histories=tuple(courses),
        confidences=tuple(confidences),
        classes=classes,
        config=config or {},
        manifest=manifest or {},
        cards=cards or Cards(),
    )
