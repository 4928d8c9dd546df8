"""The clock of a job: what counts as compilation, and that nothing counts twice."""

import time

import pytest
from qmu.steps.frame.clock import Clock
from qmu.tables.schemas import SCHEMAS


def test_stretches_add_up():
    clock = Clock()
    clock.compiled(10.0, 2.0)
    clock.compiled(20.0, 3.0)
    assert clock.compile == pytest.approx(5.0)


def test_a_stretch_swallows_what_lies_in_it():
    clock = Clock()
    clock.compiled(5.0, 1.0)
    clock.compiled(10.0, 1.0)
    clock.compiled(11.5, 0.5)
    clock.compiled(12.0, 4.0)
    assert clock.compile == pytest.approx(5.0)


def test_nested_tracing_is_counted_once():
    """JAX reports inner functions by themselves; their sum exceeds the time that passed."""
    import jax
    import jax.numpy as jnp

    clock = Clock()
    clock.watch_compilation()
    inner = jax.jit(lambda x: jnp.sin(x) @ x)
    start = time.perf_counter()
    jax.jit(lambda x: inner(inner(x)) + inner(x + 1.0))(jnp.ones((3, 3))).block_until_ready()
    assert 0 < clock.compile <= time.perf_counter() - start


def test_compilation_is_never_more_than_the_cpu_time_after_start_up():
    clock = Clock()
    clock.ready()
    clock.compiled(1000.0, 900.0)
    clock.stop()
    assert clock.compile == 900.0
    assert clock.seconds()["compile_seconds"] == clock.cpu - clock.startup_cpu < 900.0


def test_the_timing_table_holds_the_last_stretch_of_work_alone():
    """A job that makes several variants begins a stretch for each; start-up stands beside it."""
    clock = Clock()
    clock.ready()
    clock.compiled(1000.0, 900.0)
    busy(0.05)
    clock.stop()
    first = clock.columns()
    assert first["compile_seconds"] == first["cpu_seconds"]
    clock.restart()
    clock.stop()
    second = clock.columns()
    assert set(first) == set(second) == set(SCHEMAS["timing"])
    assert second["wall_seconds"][0] < 0.05 <= first["wall_seconds"][0]
    assert second["compile_seconds"] == [0.0]
    assert second["startup_cpu_seconds"] == first["startup_cpu_seconds"] == [clock.startup_cpu]
    # The whole job counts every stretch.
    assert clock.seconds()["wall_seconds"] > first["wall_seconds"][0]


def busy(seconds):
    """Work for so long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
