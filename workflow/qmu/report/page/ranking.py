"""The ranking of the methods as a table."""

from __future__ import annotations

from qmu.report.evidence.ranking import CRITERIA, Ranked
from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import Cell
from qmu.report.sentences.ranking import told

from .tables import DASH, Table


def table(results: Results, model: str) -> Table | None:
    """Rank and figure by every criterion, and a sentence for each method."""
    ranked = results.ranking(model)
    rows = [
        (
            results.label(one.variant),
            *(_cell(one, name) for name in CRITERIA),
            told(one, ranked),
        )
        for one in ranked
    ]
    columns = ("method", "distance, nats", "strongest attack, |AUC − ½|", "cost, retraining = 1")
    return Table(f"{model}: ranks", (*columns, "in words"), tuple(rows)) if rows else None


def _cell(one: Ranked, name: str) -> str:
    place = DASH if one.ranks is None else f"{one.ranks[name]}."
    flag = ", dearer than retraining" if name == "cost" and one.dearer else ""
    return f"{place} {_figure(one.cells[name])}{flag}"


def _figure(cell: Cell) -> str:
    if cell.low is None or cell.high is None:
        return f"({cell.value:.2g})"
    return f"({cell.value:.2g}) [{cell.low:.2g}, {cell.high:.2g}]"
