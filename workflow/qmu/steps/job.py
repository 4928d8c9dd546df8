"""The frame around every job: threads, log, clock, and errors in one line.

A script of the workflow calls `execute` and nothing else. Everything that must happen before JAX
or PennyLane is imported happens here.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from .. import paths
from ..errors import QmuError
from ..tables import atomic
from .clock import Clock

# One thread per process: results must not depend on how many cores a run is given, and XLA and
# BLAS may split a sum differently for every number of threads. Parallelism is between jobs.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_XLA_FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


class Report:
    """Prints progress to the job's log, each line as soon as it is known."""

    def __call__(self, line: str) -> None:
        print(line, flush=True)


def prepare_environment(cache: str | Path = paths.COMPILATION_CACHE) -> None:
    """Single-threaded numerics and the compilation cache that all jobs of a run share."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_XLA_FLAGS}".strip()
    os.environ["JAX_PLATFORMS"] = os.environ.get("JAX_PLATFORMS", "cpu")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(Path(cache).resolve())
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


def execute(step: str, snakemake: Any) -> None:
    """Run ``qmu.steps.<step>`` for a Snakemake job; on bad input end with one line, no traceback.

    The step's ``run(inputs, outputs, spec, report, clock)`` gets plain dicts.
    """
    clock = Clock()
    prepare_environment()
    log = Path(str(snakemake.log[0]))
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", buffering=1, encoding="utf-8") as stream:
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            message = _run(step, snakemake, clock)
        if message is None:
            _record(log, clock)
            return
        stream.write(message + "\n")
    sys.stderr.write(f"qmu: {message}\n")
    sys.exit(1)


def _run(step: str, snakemake: Any, clock: Clock) -> str | None:
    inputs = {k: _plain(v) for k, v in snakemake.input.items()}
    outputs = {k: _plain(v) for k, v in snakemake.output.items()}
    try:
        module = importlib.import_module(f"qmu.steps.{step}")
        module.run(inputs, outputs, dict(snakemake.params["spec"]), Report(), clock)
    except QmuError as error:
        return str(error)
    except OSError as error:
        where = error.filename or "output"
        return f"{where}: {error.strerror or error}"
    return None


def _plain(value: Any) -> str | list[str]:
    return str(value) if isinstance(value, str) else [str(item) for item in value]


def _record(log: Path, clock: Clock) -> None:
    clock.stop()
    with atomic(log.with_suffix(".timing.json")) as temporary:
        temporary.write_text(json.dumps({**clock.seconds(), "finished": time.time()}) + "\n")
    with open(log, "a", encoding="utf-8") as stream:
        print(clock.line(), file=stream)
