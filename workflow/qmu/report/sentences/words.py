"""Numbers and lists as the report writes them."""

from __future__ import annotations

from qmu.report.results.summary import Cell


def rate(estimate: Cell) -> str:
    """0.948 in [0.9, 0.98] -> ``95% [90-98]`` (with an en dash)."""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.0%}"
    return f"{estimate.value:.0%} [{100 * estimate.low:.0f}–{100 * estimate.high:.0f}]"


def number(estimate: Cell) -> str:
    """0.634 in [0.6, 0.67] -> ``0.63 [0.60-0.67]`` (with an en dash)."""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}–{estimate.high:.2f}]"


def signed(value: float, digits: int = 1) -> str:
    """+0.8 or, with a true minus sign, -2.1; what rounds to zero has no sign."""
    text = f"{value:+.{digits}f}"
    return text.lstrip("+-") if not float(text) else text.replace("-", "−")


def listed(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
