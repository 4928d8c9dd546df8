"""Measures a job: its whole time, the part that is fixed cost, and single stretches of its work."""

from __future__ import annotations

import time


class Clock:
    """Wall and CPU seconds of this process; start-up ends when the step calls `ready`, which begins
    the first stretch of work. A job that makes several variants begins a stretch for each."""

    def __init__(self) -> None:
        self._wall = self._begun_wall = time.perf_counter()
        self._begun_cpu = self._begun_compile = 0.0
        self.startup_cpu = 0.0
        self._compiling: list[tuple[float, float]] = []
        self.wall = self.cpu = 0.0
        self._stretch: dict[str, float] = {}

    def ready(self) -> None:
        """Imports are done and inputs are read: science starts here."""
        self.startup_cpu = time.process_time()
        self.restart()

    def restart(self) -> None:
        """Begin a stretch of work."""
        self._begun_wall, self._begun_cpu = time.perf_counter(), time.process_time()
        self._begun_compile = self.compile

    def stop(self) -> None:
        """Freeze the readings of the whole job and of the stretch."""
        now, self.cpu = time.perf_counter(), time.process_time()
        self.wall = now - self._wall
        self._stretch = self._since(now, self.cpu)

    def lap(self) -> dict[str, list[float]]:
        """What `columns` would say if the stretch ended now; it goes on."""
        return _columns(self._since(time.perf_counter(), time.process_time()))

    def _since(self, now: float, cpu: float) -> dict[str, float]:
        cpu -= self._begun_cpu
        return {
            "wall_seconds": now - self._begun_wall,
            "cpu_seconds": cpu,
            "startup_cpu_seconds": self.startup_cpu,
            "compile_seconds": min(self.compile - self._begun_compile, cpu),
        }

    def watch_compilation(self) -> None:
        """Add up JAX's tracing, lowering, compiling and cache-reading time from now on."""
        import jax.monitoring

        def listen(event: str, seconds: float, **_: object) -> None:
            if event.startswith("/jax/core/compile/"):
                self.compiled(time.perf_counter(), seconds)

        jax.monitoring.register_event_duration_secs_listener(listen)

    def compiled(self, end: float, seconds: float) -> None:
        """Add a stretch of compilation that ended just now. Tracing one function traces those it
        calls, which JAX reports first and by themselves: a stretch swallows what lies in it."""
        start = end - seconds
        while self._compiling and self._compiling[-1][0] >= start:
            self._compiling.pop()
        self._compiling.append((start, end))

    @property
    def compile(self) -> float:
        """Seconds spent on compilation so far, by the clock on the wall."""
        return sum(end - start for start, end in self._compiling)

    @property
    def _compile_cpu(self) -> float:
        """Compilation as a part of the CPU time: where other work slows the machine down, the clock
        on the wall says more than that."""
        return min(self.compile, max(self.cpu - self.startup_cpu, 0.0))

    def seconds(self) -> dict[str, float]:
        """The whole job: ``wall_seconds`` and ``cpu_seconds``, and of these start-up and
        compilation."""
        return {
            "wall_seconds": self.wall,
            "cpu_seconds": self.cpu,
            "startup_cpu_seconds": self.startup_cpu,
            "compile_seconds": self._compile_cpu,
        }

    def columns(self) -> dict[str, list[float]]:
        """The columns of the `timing` table: the last stretch of work, without start-up, which
        stands beside it."""
        return _columns(self._stretch)

    def line(self) -> str:
        """One line for the log."""
        return (
            f"done in {self.wall:.1f} s: {self.cpu:.1f} s CPU, of it {self.startup_cpu:.1f} s "
            f"start-up and {self._compile_cpu:.1f} s compilation"
        )


def _columns(seconds: dict[str, float]) -> dict[str, list[float]]:
    return {name: [value] for name, value in seconds.items()}
