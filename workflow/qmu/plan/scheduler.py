"""Snakemake's scheduler without the work that it does again and again.

Whenever a job starts or ends, Snakemake asks the file system for the size of every input of every
job that could run, to decide between jobs of equal priority. With hundreds of inputs a job that was
a quarter of all the work of an audit. The inputs of a job that is ready are there and stay as they
are, so what is known is kept.

It also weighs all those jobs anew a second after every time it did, in case so many had started
that it must wait before it starts more. Each job that ends begins another such series, and the
hundredth job another hundred looks a second. It need look again only where its limit was reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Beyond so many sizes Snakemake forgets those that it was not just asked for.
MOST = 10_000


def install() -> None:
    """Let Snakemake's scheduler keep sizes, and look again only after a limit, from now on; as it
    is where its inside has changed."""
    from snakemake.scheduling.job_scheduler import JobScheduler

    for name, improved in (
        ("update_input_sizes", _asks_once),
        ("_schedule_reevalutation", _looks_again_after_a_limit),
    ):
        method = getattr(JobScheduler, name, None)
        if method is not None and not hasattr(method, "of_qmu"):
            replaced = improved(method)
            replaced.of_qmu = True
            setattr(JobScheduler, name, replaced)


def _asks_once(ask: Any) -> Any:
    async def update_input_sizes(self: Any, jobs: Iterable[Any]) -> None:
        jobs = list(jobs)
        known = getattr(self, "_input_sizes", {})
        new = [job for job in jobs if any(path not in known for path in job.input)]
        if len(known) + sum(len(job.input) for job in new) > MOST:
            new = jobs
        await ask(self, new)

    return update_input_sizes


def _looks_again_after_a_limit(look: Any) -> Any:
    def look_again(self: Any, delay: float) -> None:
        limiter = getattr(self, "job_rate_limiter", None)
        if limiter is None or limiter.get_free_jobs() == 0:
            look(self, delay)

    return look_again
