"""What an audit could have seen, and how often it accuses the innocent.

The ladder: models retrained with a known share of the forget set left in (``residue@10`` is 10%),
judged like any variant. The audit's resolution is the smallest share of which it, and every larger
one, is accused of memory. A variant is bounded by a share where, beside that, whatever saw the rung
reads less on the variant, with its whole interval. Innocent by construction are further retrained
models, and edits of retrained models that add no knowledge of the forget set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qmu.metrics.intervals import Interval, clopper_pearson
from qmu.variants import INNOCENT, RESIDUE, group, number_of

from .case import Case, Difference, Row, read
from .judges import Answer, Finding, Panel, ask, positive_control
from .questions import FORGET, attacks, settings

WHOLE = 1.0
LIMITS = 0.05
"""Two-sided level of the interval that has to stay below a rung."""
DETECTED = ("auc", "tpr_at_fpr_1pct")


@dataclass(frozen=True)
class Rung:
    """A model with a known ``share`` of the forget set left in: what accuses it of memory, and
    whether all figures that see were there."""

    share: float
    variant: str
    findings: tuple[Finding, ...]
    complete: bool

    @property
    def seen(self) -> bool:
        """Whether the audit tells it from retrained models; not where a figure is missing."""
        return bool(self.findings) and self.complete


@dataclass(frozen=True)
class Power:
    """The rungs, ascending; the smallest share that is seen with all above it; the guilty controls
    that are not accused of memory."""

    rungs: tuple[Rung, ...]
    resolution: float | None
    acquitted: tuple[str, ...]


@dataclass(frozen=True)
class Detection:
    """An attack on one rung of the ladder, looked at by itself: the ``difference`` of its figure
    to the retrained models', and whether that is beyond chance at the level that risks one false
    accusation in so many."""

    model: str
    attack: str
    metric: str
    share: float
    difference: Difference
    detected: bool


@dataclass(frozen=True)
class Innocents:
    """Which of ``count`` innocent models are accused, with the Clopper-Pearson interval of the
    share."""

    accused: tuple[str, ...]
    count: int
    interval: Interval


def share_of(variant: str) -> float | None:
    """The share of the forget set that a rung of the ladder was trained on; None for others."""
    return float(variant.partition("@")[2]) / 100 if group(variant) == RESIDUE else None


def ladder(case: Case) -> list[tuple[float, str]]:
    """(share, variant) of the rungs, ascending; the positive control is the last."""
    shares = {variant: share_of(variant) for variant in case.variants}
    rungs = [(share, variant) for variant, share in shares.items() if share and share < WHOLE]
    return [*sorted(rungs), (WHOLE, positive_control(case))]


def memory(case: Case, panels: Iterable[Panel], variant: str) -> list[Answer]:
    """The answers to the questions about memory of the forget set."""
    return [ask(case, panel, variant) for panel in panels if panel.question.memory]


def power(case: Case, panels: Sequence[Panel], controls: Iterable[str]) -> Power:
    """What the audit of a model can see."""
    rungs = []
    for share, variant in ladder(case):
        answers = memory(case, panels, variant)
        findings = tuple(finding for answer in answers for finding in answer.findings)
        rungs.append(Rung(share, variant, findings, not any(a.missing for a in answers)))
    resolution = None
    for rung in reversed(rungs):
        if not rung.seen:
            break
        resolution = rung.share
    acquitted = [
        control
        for control in controls
        if control in case.variants
        and not any(answer.findings for answer in memory(case, panels, control))
    ]
    return Power(tuple(rungs), resolution, tuple(acquitted))


def bound(case: Case, found: Power, variant: str) -> float | None:
    """The smallest share of the forget set such that it, and all above, would have been seen and
    is excluded for the variant; None where nothing is."""
    smallest = None
    for rung in reversed(found.rungs):
        if not (rung.seen and all(_excludes(case, one, variant) for one in rung.findings)):
            break
        smallest = rung.share
    return smallest


def _excludes(case: Case, finding: Finding, variant: str) -> bool:
    """Whether a figure's interval on the variant lies wholly below what it reads on a rung."""
    figure = finding.figure
    own = case.compared(variant, figure.key, figure.side, LIMITS)
    if own is None:
        return False
    limit = own.high if figure.side == "above" else own.low
    return figure.sign * limit < figure.sign * finding.difference.value


def detections(rows: Sequence[Row], config: Mapping[str, Any]) -> list[Detection]:
    """What every attack sees of every rung, by AUC and by members found at 1% false positives, on
    all models; `rows` and `config` as for `verdicts`. Without a ladder the original is the rung of
    all."""
    given, found = settings(config), []
    level = given.risk.false_accusations
    for model in dict.fromkeys(row["model"] for row in rows):
        case = read(rows, model, given.confidence)
        for attack in attacks(case, given):
            for metric in DETECTED:
                key = (attack, metric, FORGET)
                for share, variant in ladder(case):
                    one = case.compared(variant, key, "above", level)
                    if one is not None:
                        seen = one.value > 0 and one.p < level
                        found.append(Detection(model, attack, metric, share, one, seen))
    return found


def smallest_seen(found: Iterable[Detection], model: str, attack: str, metric: str) -> float | None:
    """The smallest share of which an attack sees it and every larger one; None where it does not
    see the whole forget set."""
    smallest = None
    rungs = [d for d in found if (d.model, d.attack, d.metric) == (model, attack, metric)]
    for one in sorted(rungs, key=lambda d: -d.share):
        if not one.detected:
            break
        smallest = one.share
    return smallest


def innocent(variant: str) -> bool:
    """Whether a variant is innocent by construction: a further retrained model, or an edit."""
    return number_of(variant) is not None


def relevant(panels: Iterable[Panel], variant: str) -> list[Panel]:
    """The questions that are asked of a variant: rungs of the ladder are asked for memory alone,
    edits of innocent models also whether they expose retained members (they may well cost
    accuracy)."""
    if share_of(variant) is not None:
        return [panel for panel in panels if panel.question.memory]
    if group(variant) == INNOCENT:
        return [p for p in panels if p.question.memory or p.question.name == "retained"]
    return list(panels)


def false_accusations(accused: Mapping[str, bool], confidence: float = 0.95) -> Innocents | None:
    """How many innocent models are accused, from variant -> whether it is, of one model; None where
    none is innocent by construction."""
    names = [variant for variant in accused if innocent(variant)]
    if not names:
        return None
    found = tuple(variant for variant in names if accused[variant])
    return Innocents(found, len(names), clopper_pearson(len(found), len(names), confidence))


def smallest_residue(accused: Mapping[str, bool]) -> float | None:
    """The smallest share of the ladder of which it and every larger one is accused, from variant ->
    whether it is; None where the largest is not, or there is no ladder."""
    smallest = None
    shares = {share_of(variant): found for variant, found in accused.items()}
    for share, found in sorted(((s, f) for s, f in shares.items() if s), reverse=True):
        if not found:
            break
        smallest = share
    return smallest


def records(case: Case, share: float) -> int | None:
    """The images of one seed's forget set that are such a share of it; None where unknown."""
    whole = case.forgotten()
    return None if whole is None else max(1, round(share * whole))
