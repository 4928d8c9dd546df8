"""What the audit of a model could have seen, in sentences made from its verdicts and the ladder.

The verdicts on models of which the answer is known: rungs of the ladder, controls, and models that
are innocent by construction.
"""

from __future__ import annotations

from qmu.audit.verdicts.power import WHOLE, false_accusations, smallest_residue
from qmu.audit.verdicts.questions import TITLES
from qmu.report.evidence.ladder import AREA, FOUND
from qmu.report.evidence.results import Judgement, Results

from .words import listed, small_interval

NO_LADDER = (
    "No model with a known residue was audited: the smallest residue that could have been seen is "
    "not known."
)


def power(results: Results, model: str) -> list[str]:
    """Sentences on one model; empty where no verdict was made."""
    own = [one for one in results.judgements if one.model == model]
    if not own:
        return []
    said = [_smallest(results, own, model), _by_single_attacks(results, model)]
    said += [_controls(results, own), _innocents(results, own)]
    return [sentence for sentence in said if sentence]


def percent(share: float) -> str:
    """0.1 -> ``10%``"""
    return f"{100 * share:.3g}%"


def residue(results: Results, model: str, share: float) -> str:
    """A share of the forget set with its images in one seed: ``5% (5 records)``."""
    count = results.ladder.records.get((model, share))
    records = "" if count is None else f" ({count} record{'' if count == 1 else 's'})"
    return percent(share) + records


def _smallest(results: Results, own: list[Judgement], model: str) -> str:
    if not any(one.kind == "ladder" for one in own):
        return NO_LADDER
    smallest = smallest_residue({one.variant: one.accused for one in own})
    tolerated = results.risk.residue
    if smallest is None:
        return (
            "Of models with a known residue, not even the one that holds the whole forget set is "
            "accused: this audit cannot acquit of a residue."
        )
    text = (
        f"All figures together, a residue of {residue(results, model, smallest)} of the forget set "
        f"is accused{', and every larger one' if smallest < WHOLE else ', and no smaller one'}; "
        f"{percent(tolerated)} is tolerated"
    )
    if smallest > tolerated:
        return f"{text}: a residue that is not tolerated could have been missed."
    return f"{text}."


def _by_single_attacks(results: Results, model: str) -> str:
    """The attack that sees the smallest residue by each metric."""
    if model not in results.ladder.models:
        return ""
    parts = []
    for metric in (AREA, FOUND):
        best = next(iter(results.ladder.ranked(model, metric)), None)
        share = None if best is None else results.ladder.smallest(model, best, metric)
        if share is not None:
            parts.append(f"{best} sees {residue(results, model, share)} by {TITLES[metric]}")
    return f"Each attack taken by itself, {listed(parts)}." if parts else ""


def _controls(results: Results, own: list[Judgement]) -> str:
    """Which controls, guilty by construction, are accused."""
    controls = [one for one in own if one.kind == "control"]
    free = [one.variant for one in controls if not one.accused]
    if not controls:
        return ""
    text = (
        f"Controls that unlearned nothing: {len(controls) - len(free)} of {len(controls)} accused"
    )
    return f"{text}; not accused: {listed(free)}." if free else f"{text}."


def _innocents(results: Results, own: list[Judgement]) -> str:
    """How many models that are innocent by construction are accused."""
    found = false_accusations({one.variant: one.accused for one in own}, results.confidence_level)
    if found is None:
        return "No model that is innocent by construction was audited."
    return (
        f"False accusations: {len(found.accused)} of {found.count} models that are innocent by "
        f"construction {small_interval(*found.interval)}; a rate of "
        f"{results.risk.false_accusations:g} is tolerated."
    )
