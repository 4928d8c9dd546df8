"""Snakemake's scheduler asks for the size of an input once."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import ClassVar

import pytest
from qmu.plan import sizes
from snakemake.scheduling.job_scheduler import JobScheduler


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
    """A scheduler that knows nothing yet; Snakemake's own method comes back afterwards."""
    monkeypatch.setattr(JobScheduler, "update_input_sizes", JobScheduler.update_input_sizes)
    sizes.install()
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
    many = [Input(str(number)) for number in range(sizes.MOST)]
    last = Input("last")
    ready(scheduler, many)
    ready(scheduler, many, [last])
    assert set(scheduler._input_sizes) == {*many, last}


def test_it_is_put_in_once(scheduler):
    before = JobScheduler.update_input_sizes
    sizes.install()
    assert JobScheduler.update_input_sizes is before
