"""Seconds as people say them."""

from __future__ import annotations


def spell(seconds: float) -> str:
    """``76 s``, ``13 min 41 s``, ``2 h 5 min``: never more than two units."""
    if seconds < 119.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
