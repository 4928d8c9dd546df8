"""Settings that must stand before JAX is imported, and the tests' random numbers.

64-bit mode, one thread everywhere (as in a job), and no expensive optimisation: the tests compile
much and compute little. JAX refuses to promote ranks: a (n,) that meets a (n, k) by mistake is an
error here and not another number. Processes that a test starts are as they are for a user.
"""

import os

os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NPROC", "1")
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_cpu_multi_thread_eigen=false --xla_backend_optimization_level=0",
)

import jax
import numpy as np
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run of a test."""
    return np.random.default_rng(2509)
