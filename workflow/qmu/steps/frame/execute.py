"""The frame around every job: typed files and spec in, threads, log, clock, errors in one line.

The script of the workflow calls `execute` and nothing else. A step is a module below `qmu.steps`
with ``run(inputs, outputs, spec, job)``, whose annotations say what the files and the spec are: the
frame makes them from the rule's names. A step that can meet a secret says how to hide it in
``redactor()``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, get_type_hints

from qmu.errors import QmuError

from .clock import Clock
from .environment import (
    COMPILATION_CACHE,
    keep_pandas_out,
    prepare_environment,
    remove_damaged,
)
from .job import Job
from .log import Log


def execute(snakemake: Any) -> None:
    """Run the step that a Snakemake job's spec names; on bad input end with one line, no traceback.

    An error that nobody foresaw leaves its traceback in the job's log, and one line that says so.
    """
    clock = Clock()
    prepare_environment()
    path = Path(str(snakemake.log[0]))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = Log(path)
    except OSError as error:
        sys.exit(f"qmu: {path}: cannot be written: {error.strerror}")
    # The end by a cluster's time limit or `scancel`: half-written files are removed on the way.
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGALRM, _terminated)
    with log:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            message = _run(snakemake, Job(clock=clock, waiting=_waiting(snakemake)), log, path)
            if log.cache_damaged:
                remove_damaged(Path(COMPILATION_CACHE))
        if message is not None:
            log.write(message + "\n")
            sys.exit(f"qmu: {log.redact(message)}")


def typed(
    step: ModuleType, inputs: Mapping[str, Any], outputs: Mapping[str, Any], spec: Mapping[str, Any]
) -> tuple[Any, Any, Any]:
    """A job's files and spec as the step's ``run`` asks for them."""
    types = get_type_hints(step.run)
    return types["inputs"](**inputs), types["outputs"](**outputs), types["spec"](**spec)


def _waiting(snakemake: Any) -> dict[str, Any]:
    # Read beside the spec: another patience must not make a job run again.
    device = snakemake.wildcards.get("device")
    devices = snakemake.config.get("devices") or {}
    return dict((devices.get(device) or {}).get("waiting") or {})


def _run(snakemake: Any, job: Job, log: Log, path: Path) -> str | None:
    spec = snakemake.params["spec"]
    step = spec["step"]
    try:
        module = importlib.import_module(f"qmu.steps.{step}")
        keep_pandas_out()
        if hasattr(module, "redactor"):
            log.redact = module.redactor()
        inputs, outputs = _plain(snakemake.input), _plain(snakemake.output)
        module.run(*typed(module, inputs, outputs, spec), job)
        job.clock.stop()
        print(job.clock.line())
        _record(path, spec, job.clock)
    except QmuError as error:
        return str(error)
    except KeyboardInterrupt as error:
        return f"step {step} was ended from outside{error}; run again to resume"
    except MemoryError:
        traceback.print_exc()
        return f"step {step} ran out of memory; see {path}"
    except OSError as error:
        traceback.print_exc()
        return f"{error.filename or f'step {step}'}: {error.strerror or error}; see {path}"
    except Exception as error:
        traceback.print_exc()
        what = (traceback.format_exception_only(error)[-1].splitlines() or [repr(error)])[0]
        return f"internal error in step {step}: {what}; see {path}"
    return None


def _terminated(_: int, frame: FrameType | None) -> None:
    """Ends the job by an exception, but not while a library is being loaded: out of C++ that ends
    the process with a traceback of its own. Then the signal comes again a little later."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            return
        frame = frame.f_back
    raise KeyboardInterrupt(" (SIGTERM: cancelled, or over its time limit)")


def _plain(files: Any) -> dict[str, str | list[str]]:
    return {
        name: str(value) if isinstance(value, str) else [str(item) for item in value]
        for name, value in files.items()
    }


def _record(path: Path, spec: Mapping[str, Any], clock: Clock) -> None:
    """What the job cost, and the spec it ran by, beside its log."""
    # Late: what is imported while a job starts is a moment at which it cannot be interrupted well.
    from qmu.tables.files import atomic

    costs = {**clock.seconds(), **_peak(), "finished": time.time()}
    for suffix, content in ((".timing.json", costs), (".spec.json", spec)):
        with atomic(path.with_suffix(suffix)) as temporary:
            temporary.write_text(json.dumps(content) + "\n")


def _peak() -> dict[str, float]:
    """The most memory that this process has held, in MB, where the system says so (Linux)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return {"peak_rss_mb": int(line.split()[1]) / 1024}
    return {}
