"""Numbers and lists as the report writes them."""

from __future__ import annotations

from collections.abc import Mapping

from qmu.metrics.intervals import square_and_add
from qmu.report.evidence.summary import Cell


def rate(cell: Cell) -> str:
    """0.948 in [0.9, 0.98] -> ``95% [90-98]`` (with an en dash)."""
    return _with_interval(cell, ".0%", ".0f", 100)


def low_rate(cell: Cell) -> str:
    """A small rate with one decimal: whole percents would hide it."""
    return _with_interval(cell, ".1%", ".1f", 100)


def number(cell: Cell) -> str:
    """0.634 in [0.6, 0.67] -> ``0.63 [0.60-0.67]`` (with an en dash)."""
    return _with_interval(cell, ".2f", ".2f")


def small(cell: Cell) -> str:
    """Three significant digits."""
    return _with_interval(cell, ".3g", ".3g")


def _with_interval(cell: Cell, form: str, ends: str, scale: int = 1) -> str:
    """The value and, where there is one, its interval, the ends ``scale`` times themselves."""
    if cell.low is None or cell.high is None:
        return f"{cell.value:{form}}"
    return f"{cell.value:{form}} [{scale * cell.low:{ends}}–{scale * cell.high:{ends}}]"


def difference(one: Cell, other: Cell) -> Cell | None:
    """``one`` - ``other`` with its interval; None where a figure has none."""
    if None in (one.low, one.high, other.low, other.high):
        return None
    low, high = square_and_add(one.value, one.interval, other.value, other.interval)
    return Cell(one.value - other.value, low, high)


def points(cell: Cell) -> str:
    """A difference of rates in points: ``+28 [3 to 51]``."""
    low, high = (signed(100 * limit, 0) for limit in cell.interval)
    return f"{signed(100 * cell.value, 0)} [{low} to {high}]"


def small_interval(low: float, high: float) -> str:
    """``[0.01-0.25]`` (with an en dash): an interval by itself."""
    return f"[{low:.2g}–{high:.2g}]"


def signed(value: float, digits: int = 1) -> str:
    """+0.8 or, with a true minus sign, -2.1; what rounds to zero has no sign."""
    text = f"{value:+.{digits}f}"
    return text.lstrip("+-") if not float(text) else text.replace("-", "−")


def listed(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def opening(sentence: str) -> str:
    """A sentence up to its first semicolon that stands in no bracket."""
    depth = 0
    for place, letter in enumerate(sentence):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and sentence.startswith("; ", place):
            return sentence[:place]
    return sentence


def left_out(methods: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Model -> method -> what the model lacks, as one sentence per model that lacks something."""
    lines = []
    for model, lacks in methods.items():
        by_words: dict[str, list[str]] = {}
        for method, words in lacks.items():
            by_words.setdefault(words, []).append(method)
        if by_words:
            told = "; ".join(f"{listed(names)} (needs {why})" for why, names in by_words.items())
            lines.append(f"Not run on {model}: {told}.")
    return lines
