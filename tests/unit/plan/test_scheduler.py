"""Snakemake's scheduler asks for a size once, and looks again only where a limit was reached."""

import asyncio
import threading
from collections import Counter
from types import SimpleNamespace
from typing import ClassVar

import pytest
from qmu.plan import scheduler as improved
from snakemake.scheduling.job_scheduler import JobRateLimiter, JobScheduler
from snakemake.settings.types import MaxJobsPerTimespan

METHODS = ("update_input_sizes", "_schedule_reevalutation")


class Input:
    """An input file that counts how often it is asked."""

    asked: ClassVar = Counter()

    def __init__(self, name):
        self.name = name

    async def exists(self):
        return True

    async def size(self):
        self.asked[self.name] += 1
        return len(self.name)


@pytest.fixture
def scheduler(monkeypatch):
    """A scheduler that knows nothing yet; Snakemake's own methods come back afterwards."""
    for name in METHODS:
        monkeypatch.setattr(JobScheduler, name, getattr(JobScheduler, name))
    improved.install()
    found = JobScheduler.__new__(JobScheduler)
    found._input_sizes = {}
    monkeypatch.setattr(Input, "asked", Counter())
    return found


def ready(scheduler, *inputs):
    jobs = [SimpleNamespace(input=list(files)) for files in inputs]
    asyncio.run(scheduler.update_input_sizes(jobs))


def test_known_sizes_are_kept_and_new_ones_asked_for(scheduler):
    a, bb, ccc = map(Input, ("a", "bb", "ccc"))
    ready(scheduler, [a, bb])
    ready(scheduler, [a, bb])
    assert Input.asked == {"a": 1, "bb": 1}
    ready(scheduler, [a, bb], [bb, ccc])
    assert scheduler._input_sizes == {a: 1, bb: 2, ccc: 3}
    assert Input.asked["a"] == 1


def test_no_ready_job_loses_a_size_where_snakemake_forgets(scheduler):
    many = [Input(str(number)) for number in range(improved.MOST)]
    last = Input("last")
    ready(scheduler, many)
    ready(scheduler, many, [last])
    assert set(scheduler._input_sizes) == {*many, last}


def test_it_looks_again_only_after_its_limit(scheduler):
    scheduler.job_rate_limiter = JobRateLimiter(MaxJobsPerTimespan.parse_choice("3/1m"))
    scheduler._open_jobs = threading.Semaphore(0)
    scheduler.job_rate_limiter.register_jobs(2)
    scheduler._schedule_reevalutation(0.01)
    assert not scheduler._open_jobs.acquire(timeout=0.2)
    scheduler.job_rate_limiter.register_jobs(1)
    scheduler._schedule_reevalutation(0.01)
    assert scheduler._open_jobs.acquire(timeout=10)


def test_it_is_put_in_once(scheduler):
    before = [getattr(JobScheduler, name) for name in METHODS]
    improved.install()
    assert [getattr(JobScheduler, name) for name in METHODS] == before
