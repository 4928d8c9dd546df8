"""One run's jobs simulated on other numbers of cores and with other sizes of the shadow blocks.

A job takes the seconds that it took in the run, whatever runs beside it, and Snakemake's pause
before the next job on a core is the one measured. So this holds for cores like those of the run;
a shared memory bus, a slow file system and a cluster's queue are not in it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qmu import seeds
from qmu.errors import QmuError

from . import measured as measurements
from .dag import Planned
from .measured import Measured
from .schedule import Task, critical_path, longest_chain, lower_bound, simulate, tails, work

CORES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
SHOWN = (2, 8, 64)
BLOCKS = (1, 2, 4, 8, 16, 32, 64)
# Snakemake says nothing about which of several ready jobs it takes first, so orders are drawn.
DRAWS = 25


@dataclass(frozen=True)
class ScalingPoint:
    """Seconds of a run on ``cores`` cores: of the orders drawn the median, the shortest and the
    longest; with the longest chain first; and the bound that no schedule beats."""

    cores: int
    median: float
    shortest: float
    longest: float
    chain_first: float
    bound: float


@dataclass(frozen=True)
class Block:
    """A job of the longest chain: its name and its seconds."""

    name: str
    rule: str
    seconds: float


@dataclass(frozen=True)
class Check:
    """The simulation against the run it was measured on: seconds, and the cores that it used."""

    cores: int
    measured: float
    same_order: float
    any_order: float


@dataclass(frozen=True)
class BlockPoint:
    """Seconds with blocks of ``size`` shadow models: cores -> median, and what limits."""

    size: int
    jobs: int
    work: float
    chain: float
    seconds: dict[int, float]


@dataclass(frozen=True)
class Study:
    """All that is known about one run; ``block`` is the size that it had."""

    experiment: str
    jobs: int
    work: float
    gap: float
    chain: tuple[Block, ...]
    points: tuple[ScalingPoint, ...]
    check: Check | None
    blocks: tuple[BlockPoint, ...]
    block: int

    @property
    def chain_seconds(self) -> float:
        """Seconds of the longest chain."""
        return sum(step.seconds for step in self.chain)

    @property
    def balance(self) -> float:
        """The number of cores at which the work, split evenly, takes as long as the chain."""
        return self.work / self.chain_seconds

    def at(self, cores: int) -> ScalingPoint:
        """The point of a number of cores."""
        return next(point for point in self.points if point.cores == cores)


def tasks(jobs: Sequence[Planned], seconds: Sequence[float | None], gap: float = 0.0) -> list[Task]:
    """The jobs as tasks; a job that only gathers others (no seconds) takes no time."""
    return [
        Task(
            job.name,
            0.0 if taken is None else taken + gap,
            job.needs,
            job.threads,
            job.priority,
        )
        for job, taken in zip(jobs, seconds, strict=True)
    ]


def curve(
    found: Sequence[Task], cores: Sequence[int], draws: int = DRAWS
) -> tuple[ScalingPoint, ...]:
    """A point for every number of cores."""
    first = [-tail for tail in tails(found)]
    points = []
    for number in cores:
        drawn = [simulate(found, number, order).makespan for order in _orders(len(found), draws)]
        points.append(
            ScalingPoint(
                cores=number,
                median=statistics.median(drawn),
                shortest=min(drawn),
                longest=max(drawn),
                chain_first=simulate(found, number, first).makespan,
                bound=lower_bound(found, number),
            )
        )
    return tuple(points)


def _orders(length: int, draws: int) -> list[list[float]]:
    return [seeds.generator("sizing", "order", i).random(length).tolist() for i in range(draws)]


def check(found: Sequence[Task], run: Sequence[Measured | None], any_order: float) -> Check | None:
    """The simulation on as many cores as the run used, with the run's own order of starts."""
    took = measurements.span(run)
    if took is None:
        return None
    cores = measurements.most_at_once(run)
    order = [0.0 if m is None or m.start is None else m.start for m in run]
    simulated = simulate(found, cores, order).makespan
    return Check(cores, took, simulated, any_order)


def study(
    experiment: str,
    jobs: Sequence[Planned],
    run: Sequence[Measured | None],
    shadows: tuple[int, int, int],
    replan: Callable[[int], Sequence[Planned]],
) -> Study:
    """Everything about one run.

    ``shadows`` are the numbers of shadow models, of those that are unlearned, and the size of the
    blocks; ``replan`` gives the jobs for another size.
    """
    pause = measurements.gap(run)
    found = tasks(jobs, [None if m is None else m.seconds for m in run], pause)
    points = curve(found, CORES)
    path = critical_path(found)
    cores = measurements.most_at_once(run) or 1
    blocks = []
    for size in sorted({*(b for b in BLOCKS if b <= shadows[0]), shadows[2]}):
        other = jobs if size == shadows[2] else replan(size)
        seconds = resized(jobs, run, other, shadows, size)
        blocks.append(_block_point(size, tasks(other, seconds, pause)))
    return Study(
        experiment=experiment,
        jobs=sum(m is not None for m in run),
        work=work(found),
        gap=pause,
        chain=tuple(
            Block(found[i].name, jobs[i].rule, found[i].seconds) for i in path if found[i].seconds
        ),
        points=points,
        check=check(found, run, curve(found, [cores])[0].median),
        blocks=tuple(blocks),
        block=shadows[2],
    )


def _block_point(size: int, found: Sequence[Task]) -> BlockPoint:
    seconds = {point.cores: point.median for point in curve(found, SHOWN)}
    jobs = sum(task.seconds > 0 for task in found)
    return BlockPoint(size, jobs, work(found), longest_chain(found), seconds)


def resized(
    jobs: Sequence[Planned],
    run: Sequence[Measured | None],
    other: Sequence[Planned],
    shadows: tuple[int, int, int],
    size: int,
) -> list[float | None]:
    """Seconds of the jobs of a plan with blocks of ``size``, from those of the run.

    A block takes its fixed seconds (start-up, compilation, end of Python) and for each shadow model
    what a model took in the run; both are medians over the run's blocks of the same kind. Other
    jobs take what they took.
    """
    exact = {_key(j): m.seconds for j, m in zip(jobs, run, strict=True) if m is not None}
    fixed, each = _per_model(jobs, run, shadows)
    seconds: list[float | None] = []
    for job in other:
        if job.benchmark is None:
            seconds.append(None)
        elif "block" in job.wildcards:
            kind = _key(job, block=False)
            if kind not in each:
                raise QmuError(f"no job of the run is like {job.name}")
            seconds.append(fixed[kind] + each[kind] * _models(job, shadows, size))
        else:
            seconds.append(exact[_key(job)])
    return seconds


def _per_model(
    jobs: Sequence[Planned], run: Sequence[Measured | None], shadows: tuple[int, int, int]
) -> tuple[dict, dict]:
    """Kind of block -> its fixed seconds, and its seconds for each shadow model."""
    fixed: dict[tuple, list[float]] = {}
    each: dict[tuple, list[float]] = {}
    for job, m in zip(jobs, run, strict=True):
        if m is not None and "block" in job.wildcards:
            kind = _key(job, block=False)
            fixed.setdefault(kind, []).append(m.fixed)
            each.setdefault(kind, []).append((m.seconds - m.fixed) / _models(job, shadows))
    medians = statistics.median
    return {k: medians(v) for k, v in fixed.items()}, {k: medians(v) for k, v in each.items()}


def _models(job: Planned, shadows: tuple[int, int, int], size: int | None = None) -> int:
    count, unlearned, block = shadows
    size = block if size is None else size
    total = count if job.wildcards["variant"] == "target" else unlearned
    return min(size, total - size * int(job.wildcards["block"]))


def _key(job: Planned, block: bool = True) -> tuple:
    kept = {k: v for k, v in job.wildcards.items() if block or k != "block"}
    return (job.rule, *sorted(kept.items()))
