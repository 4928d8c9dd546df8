"""Everything that must stand before a job's libraries are imported: threads, compiled programs."""

from __future__ import annotations

import os
import sys
import zlib
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

# One thread per process: results must not depend on how many cores a run is given, and XLA and
# BLAS may split a sum differently for every number of threads. Parallelism is between jobs.
# NPROC is the size of XLA's own pool of threads, which no flag sets.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
_XLA_FLAGS = "--xla_cpu_multi_thread_eigen=false"
_ZSTD = b"\x28\xb5\x2f\xfd"  # JAX compresses so where the package zstandard is installed

COMPILATION_CACHE = "results/.cache/xla"
# What JAX says when it reads a damaged program.
CACHE_WARNING = "Error reading persistent compilation cache entry"


def prepare_environment(cache: str | Path = COMPILATION_CACHE) -> None:
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


def keep_pandas_out() -> None:
    """Have Arrow work without pandas, which no job needs and whose import takes 0.4 s of each.

    Arrow looks for pandas once, at its first array, and remembers for the process what it found.
    Call it after Arrow was imported; it does nothing where pandas is there already.
    """
    arrow = sys.modules.get("pyarrow")
    if arrow is None or "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        arrow.array([])
    finally:
        sys.meta_path.remove(finder)


class _NoPandas(MetaPathFinder):
    """Says that there is no pandas."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


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
