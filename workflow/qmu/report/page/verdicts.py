"""The verdicts for the page: methods and controls one by one, with sentence and evidence; levels of
paths, the ladder of known residues and the models that are innocent by construction in tables."""

from __future__ import annotations

from dataclasses import dataclass

from qmu.audit.verdicts.power import false_accusations, share_of, smallest_residue
from qmu.audit.verdicts.rules import BY_NAME, RULES
from qmu.audit.verdicts.verdicts import paths
from qmu.report.evidence.results import Judgement, Results
from qmu.report.sentences.words import small_interval

from .tables import Table

__all__ = ["RULES", "Row", "groups", "rows"]

SINGLE = ("method", "control")
FURTHER = "further retrained models"


@dataclass(frozen=True)
class Row:
    """One variant: its label, the verdict in words, the whole sentence and the figures cited."""

    variant: str
    words: str
    accuses: bool
    sentence: str
    figures: tuple[str, ...]


def rows(results: Results, model: str) -> list[Row]:
    """The verdicts on a model's methods, then on its controls; empty where none was made."""
    own = [one for one in results.judgements if one.model == model]
    return [
        Row(
            results.label(one.variant),
            _words(one),
            one.accused,
            one.sentence,
            tuple(part.strip() for part in one.evidence.split(";") if part.strip()),
        )
        for kind in SINGLE
        for one in own
        if one.kind == kind
    ]


def groups(results: Results, model: str) -> list[Table]:
    """Levels, ladder and innocent models of a model, without those that it does not have."""
    own = [one for one in results.judgements if one.model == model]
    accused = {one.variant: one.accused for one in own}
    made = (_levels(own, model), _ladder(own, accused, model))
    return [*filter(None, (*made, _innocents(results, accused, model)))]


def _levels(own: list[Judgement], model: str) -> Table | None:
    cells = [
        (method, one.variant.partition("@")[2], _words(one))
        for (_, method), levels in paths(own).items()
        for one in levels
    ]
    columns = ("method", "level", "verdict")
    return Table(f"{model}: verdicts along the paths", columns, tuple(cells), 2) if cells else None


def _ladder(own: list[Judgement], accused: dict[str, bool], model: str) -> Table | None:
    rungs = {share: one for one in own if (share := share_of(one.variant)) is not None}
    if not rungs:
        return None
    smallest = smallest_residue(accused)
    seen = "none" if smallest is None else f"{100 * smallest:.3g}% of the forget set"
    cells = [(f"{100 * share:.3g}%", _words(one)) for share, one in sorted(rungs.items())]
    caption = f"{model}: the ladder of known residues; smallest residue seen: {seen}"
    return Table(caption, ("left in", "verdict"), tuple(cells))


def _innocents(results: Results, accused: dict[str, bool], model: str) -> Table | None:
    whole = false_accusations(accused, results.confidence_level)
    if whole is None:
        return None
    kinds: dict[str, dict[str, bool]] = {}
    for variant, found in accused.items():
        kind = variant.partition("@")[0]
        kinds.setdefault(FURTHER if kind == "retrain" else kind, {})[variant] = found
    cells = []
    for kind, of in (*kinds.items(), ("all", accused)):
        found = false_accusations(of, results.confidence_level)
        if found is not None:
            count = f"{len(found.accused)} of {found.count}"
            cells.append((kind, f"{count} {small_interval(*found.interval)}"))
    caption = f"{model}: models that are innocent by construction"
    return Table(caption, ("edit", "accused"), tuple(cells))


def _words(one: Judgement) -> str:
    known = BY_NAME.get(one.verdict)
    return one.verdict.replace("_", " ") if known is None else known.words
