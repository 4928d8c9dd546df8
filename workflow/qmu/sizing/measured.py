"""What the jobs of a finished run took: Snakemake's benchmark files and the jobs' own clocks.

Snakemake looks at a job twice a second in its first 15 s or so and then every 30 s, so its CPU
time and its peaks of memory miss the end of longer jobs. The job's own clock
(``<log>.timing.json``) does not.
"""

from __future__ import annotations

import csv
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qmu.errors import QmuError

from .dag import Planned

# The benchmark file is written this soon after the job's own record, or the run was copied and its
# files' times say nothing.
SOON = 15.0


@dataclass(frozen=True)
class Measured:
    """One job: wall, CPU and fixed seconds (start-up, compilation, end of Python), peak MB.

    ``end`` is seconds since 1970, None where the files' times are those of a copy.
    """

    seconds: float
    cpu: float
    fixed: float
    rss_mb: float
    end: float | None

    @property
    def start(self) -> float | None:
        """Seconds since 1970."""
        return None if self.end is None else self.end - self.seconds


def read(run: Path, jobs: Sequence[Planned]) -> list[Measured | None]:
    """The measurements of every job that has a benchmark file, in the jobs' order.

    ``run`` is the results folder of the run. Raises QmuError for a run that is not finished or
    belongs to another experiment, and for a damaged file.
    """
    found = [_of(run, job) if job.benchmark else None for job in jobs]
    missing = [j.benchmark for j, m in zip(jobs, found, strict=True) if j.benchmark and m is None]
    if missing:
        raise QmuError(
            f"{run}: {len(missing)} of {len(jobs)} jobs have no measurements, the first is "
            f"{missing[0]}: not the results of this experiment, or not finished"
        )
    return found


def _of(run: Path, job: Planned) -> Measured | None:
    # Planned paths begin with results/<experiment>/; the run may lie elsewhere.
    inside = Path(*Path(job.benchmark or "").parts[2:])
    file = run / inside
    clock = run / "logs" / Path(*inside.parts[1:]).with_suffix(".timing.json")
    if not file.is_file():
        return None
    row = _row(file)
    own = _clock(clock)
    finished = own.get("finished")
    written = file.stat().st_mtime
    timely = finished is not None and 0 <= written - finished < SOON
    seconds = row["s"]
    leaving = written - finished if timely else 0.0
    fixed = own.get("startup_cpu_seconds", 0.0) + own.get("compile_seconds", 0.0) + leaving
    return Measured(
        seconds=seconds,
        cpu=own.get("cpu_seconds", row["cpu_time"]),
        fixed=min(fixed, seconds),
        rss_mb=max(row["max_rss"], own.get("peak_rss_mb", 0.0)),
        end=written if timely else None,
    )


def _row(file: Path) -> dict[str, float]:
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            row = next(csv.DictReader(stream, delimiter="\t"))
        return {
            "s": float(row["s"]),
            "max_rss": _or_zero(row["max_rss"]),
            "cpu_time": _or_zero(row["cpu_time"]),
        }
    except (OSError, UnicodeDecodeError, StopIteration, KeyError, TypeError, ValueError) as error:
        raise QmuError(f"{file}: no benchmark table of Snakemake's ({error!r})") from None


def _or_zero(text: str) -> float:
    # Snakemake writes "-" or "NA" for a job that ended before its first look at it.
    return 0.0 if text in ("-", "NA") else float(text)


def _clock(file: Path) -> dict[str, float]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        return {str(k): float(v) for k, v in values.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise QmuError(f"{file}: no record of a job's times ({error!r})") from None


def span(jobs: Sequence[Measured | None]) -> float | None:
    """Seconds from the first start to the last end; None where the files' times are lost."""
    known = [job for job in jobs if job is not None]
    if not known or any(job.end is None for job in known):
        return None
    return max(j.end for j in known) - min(j.start for j in known)


def gap(jobs: Sequence[Measured | None]) -> float:
    """Seconds that Snakemake takes from a job's end to the next one's start on that core.

    The median over all starts of the time since the latest end that no other start has used.
    """
    known = [job for job in jobs if job is not None and job.end is not None]
    ends = sorted(job.end for job in known)
    gaps, unused = [], []
    position = 0
    for start in sorted(job.start for job in known):
        while position < len(ends) and ends[position] <= start:
            unused.append(ends[position])
            position += 1
        if unused:
            gaps.append(start - unused.pop())
    return statistics.median(gaps) if gaps else 0.0


def most_at_once(jobs: Sequence[Measured | None]) -> int:
    """The largest number of jobs that ran at one time: the cores that the run had and used."""
    known = [job for job in jobs if job is not None and job.end is not None]
    # A core's next job may seem to start a hair before the last one's file was written.
    moments = [(j.start + 0.05, 1) for j in known] + [(j.end - 0.05, -1) for j in known]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    return most
