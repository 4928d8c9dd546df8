"""Sizes of inputs that Snakemake asks for once and not again.

Whenever a job starts or ends, Snakemake asks the file system for the size of every input of every
job that could run, to decide between jobs of equal priority. With hundreds of inputs a job that was
a quarter of all the work of an audit. The inputs of a job that is ready are there and stay as they
are, so what is known is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Beyond so many sizes Snakemake forgets those that it was not just asked for.
MOST = 10_000


def install() -> None:
    """Let Snakemake's scheduler keep sizes, from now on; as it is where its inside has changed."""
    from snakemake.scheduling.job_scheduler import JobScheduler

    ask = getattr(JobScheduler, "update_input_sizes", None)
    if ask is None or hasattr(ask, "asks_once"):
        return

    async def update_input_sizes(self: Any, jobs: Iterable[Any]) -> None:
        jobs = list(jobs)
        known = getattr(self, "_input_sizes", {})
        new = [job for job in jobs if any(path not in known for path in job.input)]
        if len(known) + sum(len(job.input) for job in new) > MOST:
            new = jobs
        await ask(self, new)

    update_input_sizes.asks_once = True  # type: ignore[attr-defined]
    JobScheduler.update_input_sizes = update_input_sizes  # type: ignore[method-assign]
