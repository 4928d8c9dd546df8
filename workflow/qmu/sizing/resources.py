"""What each rule's jobs took, what the rule asks a cluster for, and what it should ask for."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .dag import Planned
from .measured import Measured

# Twice the peak, and what Snakemake itself takes inside a cluster's job; in steps of 500 MB.
MEMORY_FACTOR, SNAKEMAKE_MB, MEMORY_STEP, LEAST_MB = 2.0, 300, 500, 1000
# Fifty times the longest job, in quarters of an hour: slower nodes, much larger experiments.
TIME_FACTOR, TIME_STEP = 50, 15


@dataclass(frozen=True)
class RuleNeeds:
    """A rule's jobs: seconds, CPU seconds and MB measured; cores, MB and minutes declared."""

    rule: str
    jobs: int
    median_seconds: float
    longest_seconds: float
    cpu_seconds: float
    median_mb: float
    peak_mb: float
    threads: int
    mem_mb: int | None
    runtime: int | None

    @property
    def headroom(self) -> float | None:
        """How many times the peak fits into the declared memory."""
        return None if self.mem_mb is None or not self.peak_mb else self.mem_mb / self.peak_mb

    @property
    def suggested_mb(self) -> int:
        """Memory to declare, in MB."""
        wanted = MEMORY_FACTOR * self.peak_mb + SNAKEMAKE_MB
        return max(LEAST_MB, MEMORY_STEP * math.ceil(wanted / MEMORY_STEP))

    @property
    def suggested_minutes(self) -> int:
        """Time to declare, in minutes."""
        wanted = TIME_FACTOR * self.longest_seconds / 60
        return TIME_STEP * max(1, math.ceil(wanted / TIME_STEP))


def rows(jobs: Sequence[Planned], run: Sequence[Measured | None]) -> list[RuleNeeds]:
    """One row per measured rule, the costliest first."""
    grouped: dict[str, list[tuple[Planned, Measured]]] = {}
    for job, m in zip(jobs, run, strict=True):
        if m is not None:
            grouped.setdefault(job.rule, []).append((job, m))
    found = [_row(rule, pairs) for rule, pairs in grouped.items()]
    return sorted(found, key=lambda row: (-row.cpu_seconds, row.rule))


def _row(rule: str, pairs: Sequence[tuple[Planned, Measured]]) -> RuleNeeds:
    planned = [job for job, _ in pairs]
    seconds = [m.seconds for _, m in pairs]
    memory = [m.rss_mb for _, m in pairs]
    return RuleNeeds(
        rule=rule,
        jobs=len(pairs),
        median_seconds=statistics.median(seconds),
        longest_seconds=max(seconds),
        cpu_seconds=sum(m.cpu for _, m in pairs),
        median_mb=statistics.median(memory),
        peak_mb=max(memory),
        threads=max(job.threads for job in planned),
        mem_mb=_largest(job.mem_mb for job in planned),
        runtime=_largest(job.runtime for job in planned),
    )


def _largest(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if known else None
