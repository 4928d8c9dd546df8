"""What every step is handed beside its files and its spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .log import report


@dataclass(frozen=True)
class Job:
    """``report`` prints one line of progress, ``clock`` measures. ``waiting``: how long IBM is
    waited for, as the configuration says; no result depends on it, so it stands in no spec."""

    report: Callable[[str], None] = report
    clock: Clock = field(default_factory=Clock)
    waiting: Mapping[str, Any] = field(default_factory=dict)
