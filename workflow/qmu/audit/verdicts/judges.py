"""Who may answer a question, at which level, and what the answer is.

A figure counts only where it sees on a positive control: the model retrained with the whole forget
set left in (``residue@100``; without a ladder the original). It has to differ from the retrained
models' there by the question's bar, at `SEEING`. Of those that see, the one that is strongest on
the positive control is the judge: it decides at half of the question's level, and any of the K that
see at the other half divided by K. What sees nothing neither accuses nor dilutes, however many
there are.

The risk that the reader tolerates of accusing a retrained model is split evenly over the questions;
of each level, half is spent on the mean over seeds and half on the worst seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qmu.variants import TARGET, residue

from .case import Case, Difference
from .questions import CHANCE, Figure, Question, Settings, questions

SEEING = 0.05
ROUNDING = 1e-9
POSITIVE = residue(100)


@dataclass(frozen=True)
class Panel:
    """Who answers a ``question`` at a ``level``: each figure that sees with its part of it, the
    judge first.

    ``strength``: by how much it differs on the positive control. ``blind``: figures that see
    nothing there. ``unsure``: those that would, but not beyond chance. ``missing``: those that the
    positive control or the retrained models lack, so that nobody knows.
    """

    question: Question
    level: float
    levels: dict[Figure, float]
    strength: dict[Figure, float]
    blind: tuple[Figure, ...] = ()
    unsure: tuple[Figure, ...] = ()
    missing: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A figure that says yes to a question: by the mean over seeds, or by the worst seed alone.

    ``share``: the difference as a share of the positive control's, where that is known.
    """

    question: Question
    figure: Figure
    difference: Difference
    level: float
    by_mean: bool
    share: float | None


@dataclass(frozen=True)
class Answer:
    """``findings``: the accusations of a variant, the judge's first; ``missing``: figures that see
    and that the variant lacks; ``doubtful``: those that differ by more than is tolerated, though
    not beyond chance; ``alone``: whether some were compared with one retrained model per seed."""

    findings: tuple[Finding, ...]
    missing: tuple[Figure, ...]
    doubtful: tuple[Figure, ...]
    alone: bool


def positive_control(case: Case) -> str:
    """The variant that holds the whole forget set."""
    return POSITIVE if POSITIVE in case.variants else TARGET


def panels(case: Case, settings: Settings) -> tuple[Panel, ...]:
    """One panel per question, in their order."""
    asked = questions(settings.risk)
    level = settings.risk.false_accusations / len(asked)
    found: dict[str, Panel] = {}
    for question in asked:
        others = found.get("membership")
        found[question.name] = _panel(case, settings, question, level, others)
    return tuple(found.values())


def _panel(
    case: Case, settings: Settings, question: Question, level: float, others: Panel | None
) -> Panel:
    seeing: dict[Figure, float] = {}
    lists: dict[str, list[Figure]] = {"blind": [], "unsure": [], "missing": []}
    for figure in question.figures(case, settings):
        if question.proof == "none":
            seeing[figure] = 0.0
        elif question.proof == "original":
            _retained(case, figure, question.bar, others, seeing, lists)
        else:
            _sees(case, figure, question.bar, seeing, lists)
    ranked = sorted(seeing, key=lambda one: (-seeing[one], str(one.key)))
    share = level / (2 * max(len(ranked), 1))
    levels = {figure: share for figure in ranked}
    if ranked:
        levels[ranked[0]] = level / 2
    return Panel(question, level, levels, seeing, **{name: tuple(of) for name, of in lists.items()})


def _sees(
    case: Case,
    figure: Figure,
    bar: float,
    seeing: dict[Figure, float],
    lists: dict[str, list[Figure]],
) -> None:
    control = positive_control(case)
    if case.unresolved(control, figure.key):
        lists["blind"].append(figure)
        return
    # What sees members sees them above retrained models, also where it is asked for below.
    side = "above" if figure.attack else figure.side
    found = case.compared(control, figure.key, side, SEEING)
    if found is None:
        lists["missing"].append(figure)
        return
    strength = found.value if side == "above" else -found.value
    if strength < max(bar, ROUNDING):
        lists["blind"].append(figure)
    elif found.p >= SEEING:
        lists["unsure"].append(figure)
    else:
        seeing[figure] = strength


def _retained(
    case: Case,
    figure: Figure,
    bar: float,
    others: Panel | None,
    seeing: dict[Figure, float],
    lists: dict[str, list[Figure]],
) -> None:
    area = case.mean(TARGET, figure.key)
    if area is None:
        lists["missing"].append(figure)
        return
    of_members = (
        {one.attack: strength for one, strength in others.strength.items()} if others else {}
    )
    judge = next(iter(others.levels), None) if others else None
    if figure.attack in of_members:
        # The judge of the forget set comes first here too.
        ahead = 1.0 if judge is not None and figure.attack == judge.attack else 0.0
        seeing[figure] = ahead + of_members[figure.attack]
    elif area.value - CHANCE >= bar:
        seeing[figure] = 0.0
    else:
        lists["blind"].append(figure)


def suspects(case: Case, asked: Iterable[Panel], variant: str) -> list[Figure]:
    """Figures that do not see the positive control beyond chance, though they might, and that would
    accuse the variant as judges: a wide interval there must not acquit anybody here."""
    found = []
    for panel in asked:
        alone = replace(panel, levels=dict.fromkeys(panel.unsure, panel.level / 2))
        answer = ask(case, replace(alone, strength=dict.fromkeys(panel.unsure, 0.0)), variant)
        found += [finding.figure for finding in answer.findings]
    return found


def ask(case: Case, panel: Panel, variant: str) -> Answer:
    """What a panel says of a variant."""
    findings, missing, doubtful, alone = [], [], [], False
    question = panel.question
    for figure, level in panel.levels.items():
        found = _differences(case, question, figure, variant, level)
        if found is None:
            missing.append(figure)
            continue
        differences, (p, worst_p) = found
        first = differences[0]
        alone = alone or first.models < 2
        tolerated = question.tolerance(case, figure)
        beyond = all(figure.sign * one.value > tolerated for one in differences)
        worst = all(figure.sign * one.worst > tolerated for one in differences)
        if (p < level / 2 and beyond) or (worst_p < level / 2 and worst):
            by_mean = p < level / 2 and beyond
            most = [first.value] if by_mean else []
            most += [first.worst] if worst_p < level / 2 and worst else []
            whole = panel.strength[figure] if question.memory else None
            share = max(figure.sign * one for one in most) / whole if whole else None
            findings.append(Finding(question, figure, first, level / 2, by_mean, share))
        elif tolerated and not question.memory and (beyond or (worst and first.models < 2)):
            # Of memory, the ladder says what would have been seen.
            doubtful.append(figure)
    return Answer(tuple(findings), tuple(missing), tuple(doubtful), alone)


def _differences(
    case: Case, question: Question, figure: Figure, variant: str, level: float
) -> tuple[list[Difference], tuple[float, float]] | None:
    """The differences to the retrained models and, where the question asks for it, the original,
    with the larger of the p-values: both have to be beyond chance."""
    tolerated = question.tolerated if question.tested else 0.0
    differences = []
    for original in (False, True) if question.original else (False,):
        found = case.compared(
            variant, figure.key, figure.side, level / 2, original=original, tolerated=tolerated
        )
        if found is None:
            return None
        differences.append(found)
    p = max(one.p for one in differences)
    return differences, (p, max(one.worst_p for one in differences))
