"""The table of the records most at risk: what finds them on the original, and where else.

A record that is found in a retrained model too stands out by itself: nobody remembers it there.
"""

from __future__ import annotations

from qmu.report.evidence.records import Finds
from qmu.report.evidence.results import Results
from qmu.variants import TARGET

from .tables import DASH, Table

MOST = 15
ATTACKS = 4
"""Attacks that a row names; of more it says how many."""


def at_risk(results: Results, model: str) -> Table | None:
    """The records of the forget set that attacks find most stably on the original; None where they
    find none."""
    finds = results.records.of(model)
    original = finds.get(TARGET)
    ranked = original.ranked() if original is not None else []
    rows = [_row(results, finds, record) for record in ranked[:MOST]]
    shown = f"the {MOST} most at risk of {len(ranked)}" if len(ranked) > MOST else "most at risk"
    caption = f"{model}: records of the forget set {shown}"
    columns = (
        "record",
        "stability",
        "smallest p",
        "found by (share of seeds)",
        "also found in",
    )
    return Table(caption, columns, tuple(rows)) if rows else None


def _row(results: Results, finds: dict[str, Finds], record: int) -> tuple[str, ...]:
    original = finds[TARGET]
    shares = original.of(record)
    named = [f"{attack} {share:.0%}" for attack, share in shares.items()]
    more = len(named) - ATTACKS
    text = ", ".join(named[:ATTACKS]) + (f" and {more} more" if more > 0 else "")
    others = [
        results.label(variant)
        for variant, found in finds.items()
        if variant != TARGET and found.of(record)
    ]
    return (
        str(record),
        f"{max(shares.values()):.0%}",
        f"{original.smallest(record):.2g}",
        text,
        ", ".join(others) or DASH,
    )
