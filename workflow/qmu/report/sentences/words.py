"""Numbers and lists as the report writes them."""

from __future__ import annotations

from qmu.report.results.summary import Cell


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


def signed(value: float, digits: int = 1) -> str:
    """+0.8 or, with a true minus sign, -2.1; what rounds to zero has no sign."""
    text = f"{value:+.{digits}f}"
    return text.lstrip("+-") if not float(text) else text.replace("-", "−")


def listed(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
