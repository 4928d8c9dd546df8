"""Simulates how a run's jobs fill the cores, and says what no schedule can beat.

A list schedule: whenever a core is free, start a job whose inputs are there. For jobs of one core
on m cores its length lies between max(work / m, longest chain) and work / m + (1 - 1/m) * longest
chain (R. L. Graham 1966, "Bounds for certain multiprocessing anomalies").
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from qmu.errors import QmuError


@dataclass(frozen=True)
class Task:
    """A job as the schedule sees it: seconds, what it waits for, the cores that it claims.

    ``needs`` are positions in the list of tasks. A higher ``priority`` starts first.
    """

    name: str
    seconds: float
    needs: tuple[int, ...] = ()
    threads: int = 1
    priority: int = 0


@dataclass(frozen=True)
class Schedule:
    """When every task starts and ends, in seconds from the beginning, in the tasks' order."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]

    @property
    def makespan(self) -> float:
        """Seconds from the first start to the last end."""
        return max(self.ends, default=0.0)


def simulate(tasks: Sequence[Task], cores: int, order: Sequence[float] | None = None) -> Schedule:
    """The list schedule of the tasks on ``cores`` cores.

    Of the tasks that could start, those of the highest priority go first, among them those with
    the smallest value of ``order`` (default: their position). A task that claims more cores than
    there are gets all of them, as Snakemake does it; one that does not fit beside what runs lets
    smaller ones pass.
    """
    if cores < 1:
        raise QmuError(f"a schedule needs at least one core, not {cores}")
    rank = list(range(len(tasks))) if order is None else list(order)
    followers, missing = _followers(tasks)
    ready = [i for i, count in enumerate(missing) if count == 0]
    starts, ends = [0.0] * len(tasks), [0.0] * len(tasks)
    running: list[tuple[float, int]] = []
    free, now, done = cores, 0.0, 0
    while done < len(tasks):
        ready.sort(key=lambda i: (-tasks[i].priority, rank[i], i))
        waiting = []
        for i in ready:
            width = min(tasks[i].threads, cores)
            if width > free:
                waiting.append(i)
                continue
            free -= width
            starts[i], ends[i] = now, now + tasks[i].seconds
            heapq.heappush(running, (ends[i], i))
        ready = waiting
        if not running:
            raise QmuError("the jobs wait for each other in a circle")
        now = running[0][0]
        while running and running[0][0] <= now:
            _, i = heapq.heappop(running)
            free += min(tasks[i].threads, cores)
            done += 1
            for follower in followers[i]:
                missing[follower] -= 1
                if missing[follower] == 0:
                    ready.append(follower)
    return Schedule(tuple(starts), tuple(ends))


def work(tasks: Sequence[Task], cores: int | None = None) -> float:
    """Core seconds of all tasks; where ``cores`` are given no task counts for more than these."""
    return sum(t.seconds * min(t.threads, cores or t.threads) for t in tasks)


def critical_path(tasks: Sequence[Task]) -> list[int]:
    """Positions of the tasks of the longest chain, first to last."""
    tail = tails(tasks)
    followers, missing = _followers(tasks)
    here = [i for i, count in enumerate(missing) if count == 0]
    path = []
    while here:
        best = max(here, key=lambda i: (tail[i], -i))
        path.append(best)
        here = followers[best]
    return path


def tails(tasks: Sequence[Task]) -> list[float]:
    """Seconds of the longest chain from each task on, itself included."""
    followers, missing = _followers(tasks)
    order = [i for i, count in enumerate(missing) if count == 0]
    for i in order:  # grows while it is read: a topological order
        for follower in followers[i]:
            missing[follower] -= 1
            if missing[follower] == 0:
                order.append(follower)
    if len(order) < len(tasks):
        raise QmuError("the jobs wait for each other in a circle")
    tail = [0.0] * len(tasks)
    for i in reversed(order):
        tail[i] = tasks[i].seconds + max((tail[f] for f in followers[i]), default=0.0)
    return tail


def longest_chain(tasks: Sequence[Task]) -> float:
    """Seconds of the longest chain: with any number of cores a run takes at least so long."""
    return max(tails(tasks), default=0.0)


def lower_bound(tasks: Sequence[Task], cores: int) -> float:
    """Seconds that no schedule on ``cores`` cores can beat."""
    return max(work(tasks, cores) / cores, longest_chain(tasks))


def _followers(tasks: Sequence[Task]) -> tuple[list[list[int]], list[int]]:
    followers: list[list[int]] = [[] for _ in tasks]
    missing = [0] * len(tasks)
    for i, task in enumerate(tasks):
        for needed in set(task.needs):
            followers[needed].append(i)
            missing[i] += 1
    return followers, missing
