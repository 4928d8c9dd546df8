"""The frame around every job: threads, log, clock, and errors in one line.

A script of the workflow calls `execute` and nothing else. Everything that must happen before JAX
or PennyLane is imported happens here.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import sys
import time
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from qmu import paths
from qmu.errors import QmuError
from qmu.ibm import account as ibm_account

from .clock import Clock

# One thread per process: results must not depend on how many cores a run is given, and XLA and
# BLAS may split a sum differently for every number of threads. Parallelism is between jobs.
# NPROC is the size of XLA's own pool of threads, which no flag sets.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
_XLA_FLAGS = "--xla_cpu_multi_thread_eigen=false"
_CACHE_WARNING = "Error reading persistent compilation cache entry"
_ZSTD = b"\x28\xb5\x2f\xfd"  # JAX compresses so where the package zstandard is installed


class Report:
    """Prints progress to the job's log, each line as soon as it is known."""

    def __call__(self, line: str) -> None:
        print(line, flush=True)


class Log(io.TextIOBase):
    """The job's log. A line that the disk has no room for is dropped: the tables tell the fault."""

    def __init__(self, path: Path, redact: Callable[[str], str] = str) -> None:
        self.redact = redact
        self._stream = open(path, "w", buffering=1, encoding="utf-8", errors="replace")  # noqa: SIM115
        self.cache_damaged = False

    def write(self, text: str) -> int:
        """Always the whole text's length."""
        self.cache_damaged |= _CACHE_WARNING in text
        with contextlib.suppress(OSError):
            self._stream.write(self.redact(text))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back; a full disk is no error here."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def fileno(self) -> int:
        """The file's descriptor, for code that prints from outside Python."""
        return self._stream.fileno()

    def close(self) -> None:
        """Close the file."""
        super().close()
        with contextlib.suppress(OSError):
            self._stream.close()


def prepare_environment(cache: str | Path = paths.COMPILATION_CACHE) -> None:
    """Single-threaded numerics and the compilation cache that all jobs of a run share."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_XLA_FLAGS}".strip()
    os.environ["JAX_PLATFORMS"] = os.environ.get("JAX_PLATFORMS", "cpu")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(Path(cache).resolve())
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    # XLA's own caches, for GPUs, would put the folder's path into the key of every program, so that
    # a moved or copied project compiled all again.
    if os.environ["JAX_PLATFORMS"] == "cpu":
        os.environ["JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES"] = "none"


def execute(step: str, snakemake: Any, **untracked: Any) -> None:
    """Run ``qmu.steps.<step>`` for a Snakemake job; on bad input end with one line, no traceback.

    The step's ``run(inputs, outputs, spec, report, clock)`` gets plain dicts; ``untracked`` joins
    the spec. An error that nobody foresaw leaves its traceback in the job's log, and one line that
    says so.
    """
    clock = Clock()
    prepare_environment()
    path = Path(str(snakemake.log[0]))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = Log(path, redactor())
    except OSError as error:
        sys.exit(f"qmu: {path}: cannot be written: {error.strerror}")
    # The end by a cluster's time limit or `scancel`: half-written files are removed on the way.
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGALRM, _terminated)
    with log:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            message = _run(step, snakemake, untracked, clock, path)
            if log.cache_damaged:
                remove_damaged(Path(paths.COMPILATION_CACHE))
        if message is not None:
            log.write(message + "\n")
            sys.exit(f"qmu: {log.redact(message)}")


def redactor() -> Callable[[str], str]:
    """What hides IBM's token in all that a job says, where this person has one."""
    if not ibm_account.has_account():
        return str
    from qmu.ibm.jobs.secrets import Redactor

    return Redactor.of()


def _run(
    step: str, snakemake: Any, untracked: dict[str, Any], clock: Clock, log: Path
) -> str | None:
    inputs = {k: _plain(v) for k, v in snakemake.input.items()}
    outputs = {k: _plain(v) for k, v in snakemake.output.items()}
    try:
        module = importlib.import_module(f"qmu.steps.{step}")
        spec = {**snakemake.params["spec"], **untracked}
        module.run(inputs, outputs, spec, Report(), clock)
        clock.stop()
        print(clock.line())
        _record(log, clock)
    except QmuError as error:
        return str(error)
    except KeyboardInterrupt as error:
        return f"step {step} was ended from outside{error}; run again to resume"
    except MemoryError:
        traceback.print_exc()
        return f"step {step} ran out of memory; see {log}"
    except OSError as error:
        traceback.print_exc()
        return f"{error.filename or f'step {step}'}: {error.strerror or error}; see {log}"
    except Exception as error:
        traceback.print_exc()
        what = (traceback.format_exception_only(error)[-1].splitlines() or [repr(error)])[0]
        return f"internal error in step {step}: {what}; see {log}"
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


def remove_damaged(cache: Path) -> None:
    """Remove the compiled programs that a killed job or a full disk cut short.

    JAX writes them in place and never again where a file stands, so each would be compiled anew by
    every later job.
    """
    for file in cache.glob("*-cache"):
        try:
            content = file.read_bytes()
            if not content.startswith(_ZSTD):
                zlib.decompress(content)
        except zlib.error:
            file.unlink(missing_ok=True)
            print(f"removed the damaged compiled program {file}")
        except OSError:
            continue


def _plain(value: Any) -> str | list[str]:
    return str(value) if isinstance(value, str) else [str(item) for item in value]


def _record(log: Path, clock: Clock) -> None:
    # Late: importing Arrow takes long enough to be interrupted, and then nobody catches it.
    from qmu.tables.files import atomic

    values = {**clock.seconds(), **_peak(), "finished": time.time()}
    with atomic(log.with_suffix(".timing.json")) as temporary:
        temporary.write_text(json.dumps(values) + "\n")


def _peak() -> dict[str, float]:
    """The most memory that this process has held, in MB, where the system says so (Linux)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return {"peak_rss_mb": int(line.split()[1]) / 1024}
    return {}
