"""The verdicts for the page: what each rule says, and each variant's verdict with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from qmu.audit.verdicts import verdicts
from qmu.report.results.results import Results


@dataclass(frozen=True)
class Rule:
    """A rule by which verdicts are made: ``name``, verdict in ``words``, the rule itself."""

    name: str
    words: str
    rule: str
    accuses: bool


@dataclass(frozen=True)
class Row:
    """One variant: its label, the verdict in words, the whole sentence and the figures cited."""

    variant: str
    words: str
    accuses: bool
    sentence: str
    figures: tuple[str, ...]


def rules() -> list[Rule]:
    """The stated rules in their order."""
    return [
        Rule(
            rule.name,
            getattr(rule, "words", _plain(rule.name)),
            rule.rule,
            bool(getattr(rule, "accuses", False)),
        )
        for rule in getattr(verdicts, "RULES", ())
    ]


def rows(evidence: Results, model: str) -> list[Row]:
    """The verdicts on a model's variants, as found; empty where none was made."""
    known = {rule.name: rule for rule in rules()}
    found = []
    for one in evidence.judgements:
        if one.model == model:
            rule = known.get(one.verdict)
            found.append(
                Row(
                    evidence.label(one.variant),
                    rule.words if rule else _plain(one.verdict),
                    rule is not None and rule.accuses,
                    one.sentence,
                    tuple(part.strip() for part in one.evidence.split(";") if part.strip()),
                )
            )
    return found


def _plain(name: str) -> str:
    return name.replace("_", " ")
