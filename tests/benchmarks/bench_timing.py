"""Paired timing: the competitors take turns, so that all of them see the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

MATRIX = 1024


def interleaved(
    steps: Mapping[str, Callable[[], Any]], rounds: int, budget: float
) -> dict[str, np.ndarray]:
    """Seconds per call of each step in each round, shape (rounds,).

    Short steps are repeated within a round; rounds are cut, to three at least, where they would
    exceed ``budget`` seconds.
    """
    repeats, total = {}, 0.0
    for name, step in steps.items():
        step()
        start = time.perf_counter()
        step()
        once = time.perf_counter() - start
        repeats[name] = max(1, min(50, int(0.01 / once)))
        total += once * repeats[name]
    rounds = max(3, min(rounds, int(budget / total)))
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                step()
            seconds[name].append((time.perf_counter() - start) / repeats[name])
    return {name: np.array(values) for name, values in seconds.items()}


def matrix_product() -> Callable[[], Any]:
    """One float32 product of two square matrices of size MATRIX: the machine's own rate."""
    matrix = jnp.ones((MATRIX, MATRIX), jnp.float32)
    multiply = jax.jit(jnp.matmul).lower(matrix, matrix).compile()
    return lambda: jax.block_until_ready(multiply(matrix, matrix))


def floor_operations(wires: int, layers: int, batch: int, groups: list[int]) -> float:
    """Floating-point operations of one gradient step by the cheaper route.

    A layer multiplies real and imaginary parts of every column by its real Kronecker factors: two
    operations per element and matrix row. The step does so forward, backward and once more for the
    derivatives of the factors. Columns are the samples, or the 2**n of the unitary; that route adds
    one real product of unitary and samples, forward and for the unitary's derivative. Phases,
    permutations and everything after <Z> count nothing.
    """
    size = 2**wires
    column = 3 * layers * 2 * 2 * size * sum(2**group for group in groups)
    states = batch * column
    unitary = size * column + 2 * (2 * 2 * size * size * batch)
    return float(min(states, unitary))


def ratio(over: np.ndarray, under: np.ndarray) -> tuple[float, float, float]:
    """Median and quartiles of the ratio round by round."""
    low, middle, high = np.quantile(over / under, (0.25, 0.5, 0.75))
    return float(middle), float(low), float(high)
