"""What the figures say of every unlearned model, in words, by stated rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Verdict:
    """``verdict``: one of the rules' names; ``evidence``: the figures it rests on."""

    model: str
    variant: str
    verdict: str
    sentence: str
    evidence: str


def verdicts(rows: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> list[Verdict]:
    """One verdict per model and variant from the summary's rows."""
    return []
