"""What the report is made from: summary, verdicts, ROC curves, histories and model outputs.

Everything here is held in memory and ordered as found, so that a figure or a sentence depends on
the numbers alone. Missing pieces (an attack, a variant, a seed, an interval) are None, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qmu.attacks.game import AttackCard
from qmu.models.model import ModelCard
from qmu.quality.exam import QualityCard
from qmu.unlearning.problem import MethodCard

from . import devices as device_evidence
from . import signal as signal_evidence
from . import sweep as sweep_evidence
from .devices import DeviceEvidence
from .signal import Embedding
from .summary import BASELINES, Cell, Summary, summarise
from .sweep import SweepEvidence

__all__ = [
    "BASELINES",
    "Cards",
    "Confidence",
    "Curve",
    "Estimate",
    "Results",
    "History",
    "Judgement",
    "Summary",
    "cards",
    "gather",
    "logit_scaled_confidence",
    "summarise",
]

Key = tuple[str, int, str]
"""(model, seed, variant)"""

PUBLISHED_ATTACK = "su_graybox"
NON_MEMBER_SPLITS = ("forget_unseen", "forget_test")


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


@dataclass(frozen=True)
class Curve:
    """A ROC curve, the mean over seeds: ``fpr``, ``tpr``, ``low``, ``high``, each (points,),
    ascending. It starts at the lowest false-positive rate that every seed resolves."""

    model: str
    variant: str
    attack: str
    group: str
    fpr: np.ndarray
    tpr: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Judgement:
    """A verdict on one variant, as the table ``verdicts`` holds it."""

    model: str
    variant: str
    verdict: str
    sentence: str
    evidence: str


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
    quality: Mapping[str, QualityCard] = field(default_factory=dict)


def cards(config: Mapping[str, Any]) -> Cards:
    """The cards of the components that a validated config names (`Experiment.model_dump`)."""
    from qmu import registry

    found = [
        {
            name: registry.load(kind, entry["component"]).CARD
            for name, entry in (config.get(kind) or {}).items()
        }
        for kind in ("models", "unlearning", "attacks", "quality")
    ]
    return Cards(*found)


@dataclass(frozen=True)
class Results:
    """All that the report shows; ``classes`` is None where no outputs were given."""

    summary: Summary
    histories: tuple[History, ...] = ()
    confidences: tuple[Confidence, ...] = ()
    classes: int | None = None
    curves: tuple[Curve, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    sweep: SweepEvidence = field(default_factory=SweepEvidence)
    signal: Mapping[str, tuple[Embedding, ...]] = field(default_factory=dict)
    devices: DeviceEvidence = field(default_factory=DeviceEvidence)
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

    def non_members(self, model: str, variant: str, attack: str) -> tuple[str, Cell] | None:
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
    curves: Iterable[Mapping[str, np.ndarray]] = (),
    verdicts: Mapping[str, Iterable[Any]] | None = None,
    sweep: Mapping[str, Iterable[Any]] | None = None,
    signal: Iterable[Mapping[str, Iterable[Any]]] = (),
    config: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
    cards: Cards | None = None,
) -> Results:
    """Results from tables as `qmu.tables.read` returns them.

    ``histories`` and ``outputs`` are keyed by (model, seed, variant); of the outputs only the
    columns ``label``, ``split``, ``forget`` and ``logits`` are read, and of these the forget
    class. ``curves`` are tables of kind ``roc``, in any division; ``verdicts`` and ``sweep`` are
    those tables, ``signal`` one per model. Figures of further devices, by the names that the config
    gives to them, stand apart from those of the simulation.
    ``config`` is a validated experiment as plain builtins (`Experiment.model_dump`).
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
    places = device_evidence.index(summary, (config or {}).get("devices") or ())
    return Results(
        summary=places.places.get(device_evidence.SIMULATION) or summarise(summary),
        devices=places,
        histories=tuple(courses),
        confidences=tuple(confidences),
        classes=classes,
        curves=tuple(curve for table in curves for curve in _curves(table)),
        judgements=_judgements(verdicts or {}),
        sweep=SweepEvidence() if sweep is None else sweep_evidence.index(sweep),
        signal=signal_evidence.index(signal),
        config=config or {},
        manifest=manifest or {},
        cards=cards or Cards(),
    )


def _curves(table: Mapping[str, np.ndarray]) -> list[Curve]:
    rows: dict[tuple[str, ...], list[int]] = {}
    names = (table[name] for name in ("model", "variant", "attack", "group"))
    for row, key in enumerate(zip(*names, strict=True)):
        rows.setdefault(tuple(map(str, key)), []).append(row)
    numbers = [np.asarray(table[name], float) for name in ("fpr", "tpr", "ci_low", "ci_high")]
    return [Curve(*key, *(column[own] for column in numbers)) for key, own in rows.items()]


def _judgements(table: Mapping[str, Iterable[Any]]) -> tuple[Judgement, ...]:
    names = ("model", "variant", "verdict", "sentence", "evidence")
    rows = zip(*(table.get(name, ()) for name in names), strict=True)
    return tuple(Judgement(*map(str, row)) for row in rows)
