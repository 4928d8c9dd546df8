"""What the report is made from: summary, verdicts, ROC curves, histories and model outputs.

Everything here is held in memory and ordered as found, so that a figure or a sentence depends on
the numbers alone. Missing pieces (an attack, a variant, a seed, an interval) are None, never zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qmu.audit.verdicts.risk import Risk
from qmu.losses import logit_scaled_confidence

from . import devices as devices_table
from . import endings as endings_table
from . import ladder as ladder_table
from . import paths as paths_table
from . import records as records_table
from . import sequence as sequence_table
from . import signal as signal_table
from . import sweep as sweep_table
from . import tuning as tuning_table
from .cards import Cards, first
from .devices import SIMULATION, DeviceResults
from .endings import Ending
from .ladder import LadderResults
from .paths import PathResults
from .ranking import Ranked, ranking
from .records import RecordResults
from .sequence import SequenceResults
from .signal import Embedding
from .summary import Summary, baselines_first, stands_alone, summarise
from .sweep import SweepResults
from .tuning import Tuning

OF_ATTACKS = ("auc", "tpr_at_fpr_1pct", "records_found")
Key = tuple[str, int, str]
"""(model, seed, variant)"""


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
    kind: str
    verdict: str
    accused: bool
    sentence: str
    evidence: str


@dataclass(frozen=True)
class Results:
    """All that the report shows; ``classes`` is None where no outputs were given."""

    summary: Summary
    histories: tuple[History, ...] = ()
    confidences: tuple[Confidence, ...] = ()
    classes: int | None = None
    curves: tuple[Curve, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    records: RecordResults = field(default_factory=RecordResults)
    ladder: LadderResults = field(default_factory=LadderResults)
    paths: PathResults = paths_table.NONE
    endings: tuple[Ending, ...] = ()
    sequence: SequenceResults = field(default_factory=SequenceResults)
    sweep: SweepResults = field(default_factory=SweepResults)
    signal: Mapping[str, tuple[Embedding, ...]] = field(default_factory=dict)
    tuning: tuple[Tuning, ...] = ()
    devices: DeviceResults = field(default_factory=DeviceResults)
    config: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    cards: Cards = field(default_factory=Cards)
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def label(self, variant: str, separator: str = " ") -> str:
        """A variant's name with its caveat: a control, or a reconstructed method."""
        card = self.cards.methods.get(variant)
        if self.is_control(variant):
            return f"{variant}{separator}(control)"
        if card is not None and card.reconstructed:
            return f"{variant}{separator}(reconstructed)"
        return variant

    def ranking(self, model: str) -> tuple[Ranked, ...]:
        """The methods of a model, ranked; the controls at the end."""
        controls = [name for name in self.summary.variants(model) if self.is_control(name)]
        return ranking(self.summary, model, controls, self.attacks_at_half, self.confidence_level)

    @property
    def attacks_at_half(self) -> tuple[str, ...]:
        """The attacks whose AUC is one half on a perfectly unlearned model: others read more where
        nothing is left, so that no leakage is told by how far they lie off one half."""
        cards = self.cards.attacks
        return tuple(a for a in self.summary.attacks if a not in cards or cards[a].ideal == 0.5)

    @property
    def confidence_level(self) -> float:
        """Confidence of the intervals: the config's, else 95%."""
        return float((self.common.get("evaluation") or {}).get("confidence", 0.95))

    @property
    def common(self) -> Mapping[str, Any]:
        """The part of the config that belongs to no component."""
        return self.config.get("common") or self.config

    @property
    def risk(self) -> Risk:
        """What the reader tolerates, as the config says."""
        return Risk(**(self.common.get("risk") or {}))

    @property
    def published_attack(self) -> str | None:
        """The attack whose card says that it is the published one, where it ran; else the first."""
        return first(self.summary.attacks, self.cards.attacks, "published")

    def expected_area(self, attack: str) -> float | None:
        """The AUC on the forget set that an attack reads of perfect unlearning; None where that is
        what it reads of the retrained model, or where nothing is known of the attack."""
        card = self.cards.attacks.get(attack)
        return None if card is None or isinstance(card.ideal, str) else card.ideal

    @property
    def variants(self) -> tuple[str, ...]:
        """Every variant that the experiment names or a table holds, baselines first."""
        names = [*self.cards.methods, *self.summary.variants()]
        for tables in (self.histories, self.confidences, self.curves):
            names += [one.variant for one in tables]
        names += [key[1] for key in self.sweep.cells]
        return baselines_first(name for name in names if stands_alone(name))

    def is_control(self, variant: str) -> bool:
        """Whether the variant is a control, which unlearns nothing."""
        card = self.cards.methods.get(variant)
        return card is not None and card.control


def gather(
    summary: Mapping[str, Iterable[Any]],
    *,
    histories: Mapping[Key, Mapping[str, np.ndarray]] | None = None,
    outputs: Mapping[Key, Mapping[str, np.ndarray]] | None = None,
    cost: Mapping[Key, Mapping[str, np.ndarray]] | None = None,
    curves: Iterable[Mapping[str, np.ndarray]] = (),
    verdicts: Mapping[str, Iterable[Any]] | None = None,
    records: Mapping[str, Iterable[Any]] | None = None,
    earlier: Iterable[Mapping[str, Iterable[Any]]] = (),
    sweep: Mapping[str, Iterable[Any]] | None = None,
    signal: Iterable[Mapping[str, Iterable[Any]]] = (),
    trials: Iterable[Mapping[str, np.ndarray]] = (),
    config: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
    cards: Cards | None = None,
    left_out: Mapping[str, Mapping[str, str]] | None = None,
) -> Results:
    """Results from tables as `qmu.tables.read` returns them.

    ``histories``, ``outputs`` and ``cost`` (of the methods) are keyed by (model, seed, variant); of
    the outputs only the columns ``label``, ``split``, ``forget`` and ``logits`` are read, and of
    these the forget set. ``curves`` are tables of kind ``roc``, in any division; ``verdicts``,
    ``records`` and ``sweep`` are those tables, ``signal`` one per model, ``trials`` any number,
    ``earlier`` the summaries after each earlier request of a sequence. Figures of further devices,
    by the names that the config gives to them, stand apart from those of the simulation.
    ``config`` is a validated experiment as plain builtins (`Experiment.model_dump`); ``left_out``:
    model -> the methods that cannot unlearn it -> what it lacks.
    """
    outputs = outputs or {}
    classes = {int(np.shape(table["logits"])[1]) for table in outputs.values()}
    courses = [
        History(*key, *(np.asarray(table[name]) for name in ("epoch", "loss", "accuracy")))
        for key, table in (histories or {}).items()
    ]
    further = (config or {}).get("devices") or ()
    places = devices_table.index(summary, further)
    rows = _rows(summary, further)
    most = max(classes, default=None)
    own = places.places.get(SIMULATION) or summarise(summary)
    return Results(
        summary=own,
        devices=places,
        histories=tuple(courses),
        confidences=tuple(Confidence(*key, *_confidence(t)) for key, t in outputs.items()),
        classes=most,
        curves=tuple(
            curve for table in curves for curve in _curves(table) if stands_alone(curve.variant)
        ),
        judgements=_judgements(verdicts or {}),
        records=RecordResults() if records is None else records_table.index(records),
        ladder=ladder_table.index(rows, config or {}),
        paths=paths_table.index(rows, config or {}, most),
        endings=endings_table.index(cost or {}),
        sequence=sequence_table.index([*map(summarise, earlier), own], config or {}),
        sweep=SweepResults() if sweep is None else sweep_table.index(sweep),
        signal=signal_table.index(signal),
        tuning=tuning_table.index(trials, *_judged(config or {})),
        config=config or {},
        manifest=manifest or {},
        cards=cards or Cards(),
        left_out=left_out or {},
    )


def _judged(config: Mapping[str, Any]) -> tuple[float, float]:
    """Accuracy that tuned settings may cost, and the confidence of intervals."""
    tune, evaluation = config.get("tune") or {}, (config.get("common") or {}).get("evaluation")
    return tune.get("validation_drop", 0.0), float((evaluation or {}).get("confidence", 0.95))


def _rows(table: Mapping[str, Iterable[Any]], further: Collection[str]) -> list[dict[str, Any]]:
    """The rows of the simulation that verdicts rest on: most of a table is other figures of
    attacks."""
    rows = (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))
    return [
        row
        for row in rows
        if row["device"] not in further and (row["attack"] is None or row["metric"] in OF_ATTACKS)
    ]


def _confidence(table: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Split and logit-scaled confidence of the forget set's images."""
    rows = np.asarray(table["forget"], dtype=bool)
    logits = np.asarray(table["logits"], dtype=np.float64)[rows]
    # Where the model can never name the label, the confidence is minus infinity, and meant so.
    with np.errstate(divide="ignore"):
        phi = logit_scaled_confidence(logits, np.asarray(table["label"])[rows], np)
    return np.asarray(table["split"])[rows], phi


def _curves(table: Mapping[str, np.ndarray]) -> list[Curve]:
    rows: dict[tuple[str, ...], list[int]] = {}
    names = (table[name] for name in ("model", "variant", "attack", "group"))
    for row, key in enumerate(zip(*names, strict=True)):
        rows.setdefault(tuple(map(str, key)), []).append(row)
    numbers = [np.asarray(table[name], float) for name in ("fpr", "tpr", "ci_low", "ci_high")]
    return [Curve(*key, *(column[own] for column in numbers)) for key, own in rows.items()]


def _judgements(table: Mapping[str, Iterable[Any]]) -> tuple[Judgement, ...]:
    names = ("model", "variant", "kind", "verdict", "accused", "sentence", "evidence")
    rows = zip(*(table.get(name, ()) for name in names), strict=True)
    return tuple(Judgement(*map(str, row[:4]), bool(row[4]), *map(str, row[5:])) for row in rows)
