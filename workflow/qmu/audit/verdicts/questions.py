"""What the verdicts ask of every variant: a fixed number of questions, each about some figures.

Three of them ask for memory of the forget set: by the AUC of attacks, by the members found at few
false positives, and by what is left of a class that no edit of bias, temperature or head moves
(accuracy on the forget set and relearning as it is accuse nobody of memory). The others ask
what happened to retained data, whether members stand out below chance, and whether answers are
those of a retrained model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qmu import registry
from qmu.errors import QmuError
from qmu.variants import RETRAIN, TARGET

from .case import FLOOR, Case, Key, Side
from .risk import Risk

CHANCE = 0.5
FALSE_POSITIVES = 0.01
FORGET, RETAIN = "forget_train", "retain_train"
# Shares of members: scored above all but 1% of the others, or named record by record.
AT_FEW, FOUND = "tpr_at_fpr_1pct", "records_found"
TITLES = {
    "auc": "AUC",
    AT_FEW: "members found at 1% false positives",
    FOUND: "share of records found",
}

# Figures of a class that no edit of bias, temperature or head moves, and the side on which they
# tell of knowledge: taken after a canonical alignment, or, of probes, without the model's head.
# Shares, and steps of training: one small bar serves for both.
ALIGNED: Mapping[str, Side] = {
    "recognition_aligned": "above",
    "probe_accuracy": "above",
    "probe_features_accuracy": "above",
    "relearn_aligned_steps": "below",
}
ALIGNED_BAR = 0.05


@dataclass(frozen=True)
class Settings:
    """What the experiment says: the names of its ``attacks`` and those of them that are calibrated
    per image, the metrics of its measures of quality, its controls, the number of classes."""

    risk: Risk = field(default_factory=Risk)
    confidence: float = 0.95
    attacks: tuple[str, ...] = ()
    calibrated: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    classes: int | None = None


@dataclass(frozen=True)
class Figure:
    """A figure by its key, and the ``side`` of the retrained models' that a question looks at."""

    attack: str | None
    metric: str
    split: str | None
    side: Side

    @property
    def key(self) -> Key:
        """(attack, metric, split)"""
        return self.attack, self.metric, self.split

    @property
    def sign(self) -> int:
        """1 where more accuses, -1 where less does."""
        return 1 if self.side == "above" else -1

    @property
    def name(self) -> str:
        """As a sentence calls it."""
        words = [self.attack, TITLES.get(self.metric, self.metric)]
        where = "" if self.split in (None, FORGET) and self.attack else f" on {self.split}"
        return " ".join(filter(None, words)) + ("" if self.split is None else where)


@dataclass(frozen=True)
class Question:
    """``asks``: for what; ``rule``: the verdict that follows from a yes; ``figures``: what could
    answer it.

    ``memory``: whether it asks for memory of the forget set. ``proof``: where a figure has to show
    that it sees before it counts, by ``bar`` or more: on the positive control; for retained data,
    of which nobody holds one, on the forget set or the original's retained members; or nowhere, of
    what needs no proof. ``tolerated``: differences up to it accuse nobody, nor so
    many ``records``; ``tested``: the test is of the difference beyond it, not of any.
    ``original``: the difference has to be one to the original model too.
    """

    name: str
    asks: str
    rule: str
    figures: Callable[[Case, Settings], list[Figure]]
    memory: bool = False
    proof: Literal["control", "original", "none"] = "control"
    bar: float = 0.0
    tolerated: float = 0.0
    tested: bool = False
    original: bool = False
    records: int = 0

    def tolerance(self, case: Case, figure: Figure) -> float:
        """The difference of a figure up to which nobody is accused."""
        if not self.records:
            return self.tolerated
        counts = case.members(figure.attack, figure.split)
        return self.records / counts[0] if counts else 0.0


def questions(risk: Risk) -> tuple[Question, ...]:
    """The questions, in the order of gravity; their number is fixed."""
    excess = risk.auc - CHANCE
    return (
        Question(
            "class",
            "asks for what remains of the forget set",
            "class_remains",
            _aligned,
            memory=True,
            bar=ALIGNED_BAR,
        ),
        Question(
            "membership",
            "tells members by AUC",
            "residual_membership",
            _areas(FORGET),
            memory=True,
            bar=excess,
            tolerated=excess,
        ),
        Question(
            "records",
            "finds members with few false ones",
            "few_records",
            _found_at_few,
            memory=True,
            bar=risk.tpr - FALSE_POSITIVES,
            records=risk.records,
        ),
        Question(
            "retained",
            "tells retained members by AUC",
            "exposes_retained",
            _areas(RETAIN),
            proof="original",
            bar=excess,
            tolerated=excess,
            original=True,
        ),
        Question(
            "below chance",
            "asks whether members stand out below chance",
            "over_forgets",
            _areas(FORGET, "below"),
            bar=excess,
            tolerated=excess,
        ),
        Question(
            "damage",
            "asks for accuracy on retained data",
            "damages_retained",
            _accuracies,
            proof="none",
            tolerated=risk.damage,
            tested=True,
            original=True,
        ),
        Question(
            "answers",
            "asks whether answers are a retrained model's",
            "differs_from_retrain",
            _answers,
        ),
    )


def _areas(split: str, side: Side = "above") -> Callable[[Case, Settings], list[Figure]]:
    return lambda case, settings: [
        Figure(attack, "auc", split, side) for attack in attacks(case, settings)
    ]


def attacks(case: Case, settings: Settings) -> list[str]:
    """The attacks that the experiment names or the table holds, by name: their order is nothing."""
    return sorted({*settings.attacks, *(key[1] for key in case.values if key[1] is not None)})


def _found_at_few(case: Case, settings: Settings) -> list[Figure]:
    figures = [Figure(attack, AT_FEW, FORGET, "above") for attack in attacks(case, settings)]
    judged = sorted({key[1] for key in case.values if key[1] and key[2] == FOUND})
    return figures + [Figure(attack, FOUND, FORGET, "above") for attack in judged]


def _aligned(case: Case, settings: Settings) -> list[Figure]:
    known = {(key[2], key[3]) for key in case.values if key[2] in ALIGNED and key[1] is None}
    expected = {name for name in settings.metrics if name in ALIGNED}
    found = [Figure(None, name, split, ALIGNED[name]) for name, split in sorted(known, key=str)]
    missing = sorted(expected - {name for name, _ in known})
    return found + [Figure(None, name, None, ALIGNED[name]) for name in missing]


def _accuracies(case: Case, settings: Settings) -> list[Figure]:
    return [Figure(None, "accuracy", split, "below") for split in ("retain_test", RETAIN)]


def _answers(case: Case, settings: Settings) -> list[Figure]:
    """Accuracy on the class, and every distance that has a floor between retrained models; a
    distance is farther on the side on which the original lies."""
    keys = [(None, "accuracy", FORGET)]
    for variant, attack, metric, split in case.values:
        distance = variant == RETRAIN and metric.endswith(FLOOR) and attack is None
        if distance and (split is None or split.startswith("forget")):
            keys.append((None, metric.removesuffix(FLOOR), split))
    return [Figure(*key, _far_side(case, key)) for key in sorted(set(keys), key=str)]


def _far_side(case: Case, key: Key) -> Side:
    far = case.mean(TARGET, key)
    near = case.mean(RETRAIN, (None, key[1] + FLOOR, key[2])) or case.mean(RETRAIN, key)
    return "below" if far and near and far.value < near.value else "above"


def settings(config: Mapping[str, Any]) -> Settings:
    """The settings of an experiment's dump; what it does not hold has its default."""
    common = config.get("common", {})
    cards = {
        kind: {name: _card(kind, entry) for name, entry in config.get(kind, {}).items()}
        for kind in ("attacks", "quality")
    }
    return Settings(
        Risk(**common.get("risk", {})),
        common.get("evaluation", {}).get("confidence", 0.95),
        tuple(cards["attacks"]),
        tuple(name for name, card in cards["attacks"].items() if card.calibrated),
        tuple(metric.name for card in cards["quality"].values() for metric in card.metrics),
        tuple(name for name, one in config.get("unlearning", {}).items() if _control(one)),
        _classes(config.get("dataset")),
    )


def _card(kind: str, entry: Mapping[str, Any]) -> Any:
    return registry.load(kind, entry["component"]).CARD


def _control(entry: Mapping[str, Any]) -> bool:
    """Whether a method forgets nothing: its card says so, or who brought its predictions."""
    if not entry["component"]:
        return bool(entry["settings"]["control"])
    return bool(_card("unlearning", entry).control)


def _classes(entry: Mapping[str, Any] | None) -> int | None:
    if not entry or "component" not in entry:
        return None
    if not entry["component"]:
        return int(entry["settings"]["classes"])
    data = registry.load("data", entry["component"])
    try:
        return data.describe(data.Config(**entry.get("settings", {}))).classes
    except QmuError:
        # The data may have been left behind where only its results are judged.
        return None
