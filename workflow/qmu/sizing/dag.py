"""The jobs of a run and what each waits for, told by Snakemake itself.

Snakemake plans the experiment as if nothing were there (a dry run), and reports every job as a log
event (its logger interface): rule, wildcards, files, threads, resources, priority. Which job feeds
which follows from the files.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmu.config.file import refuse_unsafe
from qmu.config.origin import OVERWRITE
from qmu.errors import QmuError

# Enough that no rule's threads are scaled down to what this machine has.
MANY = 1024


@dataclass(frozen=True)
class Planned:
    """A job as Snakemake plans it; ``needs`` are positions in the plan, ``runtime`` is in minutes.

    ``benchmark`` is the file of its measurements, None for a job that only gathers others.
    """

    rule: str
    wildcards: Mapping[str, str]
    benchmark: str | None
    needs: tuple[int, ...]
    threads: int
    mem_mb: int | None
    runtime: int | None
    priority: int

    @property
    def name(self) -> str:
        """The rule and its wildcards, as people would say it."""
        values = [
            v if k not in ("seed", "block") else f"{k} {v}" for k, v in self.wildcards.items()
        ]
        return f"{self.rule} ({', '.join(values)})" if values else self.rule


class _Listener(logging.Handler):
    """Keeps what Snakemake says about each job."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, dict[str, Any]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(getattr(record, "event", None), "name", "") == "JOB_INFO":
            self.jobs[record.jobid] = vars(record)


def plan(
    configfile: Path,
    overrides: Mapping[str, Any] | None = None,
    snakefile: Path = Path("Snakefile"),
) -> list[Planned]:
    """All jobs of the experiment in ``configfile``, with settings of it replaced by ``overrides``.

    Raises QmuError where there is no such experiment or Snakemake cannot plan it.
    """
    for file in (configfile, snakefile):
        if not file.is_file():
            raise QmuError(f"{file}: no such file")
    refuse_unsafe(["--configfile", str(configfile)])
    listener, said = _Listener(), io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            # A plan replaces nothing, so finished results forbid no override.
            _dry_run(configfile, {**(overrides or {}), OVERWRITE: True}, snakefile, listener)
    except SystemExit as error:
        raise QmuError(f"{configfile}: {error.code}") from None
    except Exception as error:  # of Snakemake's many kinds; its own words follow
        raise QmuError(
            f"{configfile}: Snakemake cannot plan it: {error} {said.getvalue()}"
        ) from error
    if not listener.jobs:
        raise QmuError(f"{configfile}: Snakemake planned no job: {said.getvalue()}")
    # Snakemake plans in another order every time.
    jobs = sorted(listener.jobs.values(), key=lambda job: (job["rule_name"], _values(job)))
    return _connected(jobs)


def _dry_run(
    configfile: Path, overrides: dict[str, Any], snakefile: Path, listener: logging.Handler
) -> None:
    from snakemake.api import SnakemakeApi
    from snakemake.logging import logger
    from snakemake.settings import types as settings

    with SnakemakeApi(settings.OutputSettings(quiet={settings.Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=settings.ResourceSettings(cores=MANY),
            config_settings=settings.ConfigSettings(configfiles=[configfile], config=overrides),
            snakefile=snakefile.resolve(),
        )
        dag = workflow.dag(settings.DAGSettings(forceall=True))
        logger.addHandler(listener)
        try:
            dag.execute_workflow(pseudo_executor="dryrun")
        finally:
            logger.removeHandler(listener)


def _connected(jobs: list[dict[str, Any]]) -> list[Planned]:
    makers = {str(file): i for i, job in enumerate(jobs) for file in job["output"] or ()}
    planned = []
    for job in jobs:
        inputs = (str(file) for file in job["input"] or ())
        resources = dict(job["resources"].items())
        planned.append(
            Planned(
                rule=job["rule_name"],
                wildcards=dict(_values(job)),
                benchmark=str(job["benchmark"]) if job["benchmark"] else None,
                needs=tuple(sorted({makers[file] for file in inputs if file in makers})),
                threads=int(job["threads"]),
                mem_mb=_number(resources.get("mem_mb")),
                runtime=_number(resources.get("runtime")),
                priority=_number(job["priority"]) or 0,
            )
        )
    return planned


def _values(job: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(k), str(v)) for k, v in (job["wildcards"] or {}).items()]


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) else None
