"""The verdicts for the page: each variant's in words, with its sentence and evidence."""

from __future__ import annotations

from dataclasses import dataclass

from qmu.audit.verdicts.verdicts import NOT_JUDGED, RULES
from qmu.report.results.results import Results

__all__ = ["RULES", "Row", "rows"]

WORDS = {rule.name: rule.words for rule in RULES} | {NOT_JUDGED: "not judged"}
ACCUSING = {rule.name for rule in RULES if rule.accuses}


@dataclass(frozen=True)
class Row:
    """One variant: its label, the verdict in words, the whole sentence and the figures cited."""

    variant: str
    words: str
    accuses: bool
    sentence: str
    figures: tuple[str, ...]


def rows(results: Results, model: str) -> list[Row]:
    """The verdicts on a model's variants, as found; empty where none was made."""
    return [
        Row(
            results.label(one.variant),
            WORDS.get(one.verdict, one.verdict),
            one.verdict in ACCUSING,
            one.sentence,
            tuple(part.strip() for part in one.evidence.split(";") if part.strip()),
        )
        for one in results.judgements
        if one.model == model
    ]
