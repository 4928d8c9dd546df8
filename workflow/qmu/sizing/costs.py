"""What a run's jobs cost, and how much of it is fixed: start-up and compilation.

Every job leaves ``<its log>.timing.json``. Fixed costs are what many small jobs pay again and
again; they decide how coarse a job should be.
"""

from __future__ import annotations

import json
from pathlib import Path

_KEYS = {"cpu": "cpu_seconds", "startup": "startup_cpu_seconds", "compile": "compile_seconds"}


def totals(logs: Path) -> dict[str, float]:
    """Jobs and seconds of CPU time, of start-up CPU time and of compilation, over all jobs."""
    found = {"jobs": 0.0, "cpu": 0.0, "startup": 0.0, "compile": 0.0}
    for file in sorted(logs.rglob("*.timing.json")):
        job = _read(file)
        if job is None:
            continue
        found["jobs"] += 1
        for name, key in _KEYS.items():
            found[name] += job[key]
    return found


def _read(file: Path) -> dict[str, float] | None:
    """One job's times; None for a damaged file, which must not spoil the end of a finished run."""
    try:
        job = json.loads(file.read_text(encoding="utf-8"))
        return {key: float(job[key]) for key in _KEYS.values()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def line(logs: Path) -> str:
    """One sentence for the end of a run."""
    sums = totals(logs)
    fixed = sums["startup"] + sums["compile"]
    return (
        f"{sums['jobs']:.0f} jobs took {sums['cpu']:.0f} s of CPU time; of it {fixed:.0f} s "
        f"({fixed / max(sums['cpu'], 1e-9):.0%}) fixed costs: {sums['startup']:.0f} s start-up and "
        f"{sums['compile']:.0f} s compilation"
    )


def print_summary(text: Path, page: Path, logs: Path) -> None:
    """At the end of a run: its table of results where there is one, what it cost, its report."""
    if text.is_file():
        print(f"\n{text.read_text(encoding='utf-8')}")
        print(line(logs))
    if page.is_file():
        print(f"Report: {page.resolve()}")
