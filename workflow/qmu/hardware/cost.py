"""What an evaluation will cost, estimated before anything is submitted."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

MAX_EXECUTIONS = 10_000_000
"""Executions (samples times shots) that IBM admits in one Sampler job."""
REPETITION_DELAY = 250e-6
"""Seconds between executions where the backend does not say."""
JOB_OVERHEAD = 2.0
"""Seconds of QPU time assumed for loading one job: IBM bills it, but does not promise a figure."""


@dataclass(frozen=True)
class Cost:
    """``executions`` of the circuit, ``jobs``, ``qpu_seconds`` (an estimate that includes the
    delay between executions and ``JOB_OVERHEAD``), ``circuit_seconds`` of one execution,
    ``payload_bytes`` of the request before compression."""

    samples: int
    shots: int
    executions: int
    jobs: int
    circuit_seconds: float
    qpu_seconds: float
    payload_bytes: int

    def __str__(self) -> str:
        jobs = "1 job" if self.jobs == 1 else f"{self.jobs} jobs"
        return (
            f"{self.samples} samples x {self.shots} shots = {self.executions} executions in {jobs},"
            f" about {self.qpu_seconds:.0f} s of QPU time ({self.circuit_seconds * 1e6:.1f} us a "
            f"circuit), {self.payload_bytes / 1e3:.0f} kB to send"
        )


def estimate(pub: tuple[Any, ...], samples: int, shots: int, isa: Any, backend: Any) -> Cost:
    """The cost of one PUB on a backend; twirling and mitigation options may add to it."""
    executions = samples * shots
    jobs = math.ceil(samples / samples_per_job(shots))
    seconds = circuit_seconds(isa, backend)
    return Cost(
        samples=samples,
        shots=shots,
        executions=executions,
        jobs=jobs,
        circuit_seconds=seconds,
        qpu_seconds=executions * (seconds + repetition_delay(backend)) + jobs * JOB_OVERHEAD,
        payload_bytes=payload_bytes(pub),
    )


def samples_per_job(shots: int) -> int:
    """How many samples fit into one job."""
    return max(1, MAX_EXECUTIONS // shots)


def parts(samples: int, shots: int) -> list[slice]:
    """The samples of each job, in order: prepare and submit one PUB for each."""
    size = samples_per_job(shots)
    return [slice(first, min(first + size, samples)) for first in range(0, samples, size)]


def circuit_seconds(isa: Any, backend: Any) -> float:
    """Length of one execution from the backend's gate durations; 0 where it gives none."""
    from qiskit.exceptions import QiskitError

    try:
        return float(isa.estimate_duration(backend.target, unit="s"))
    except QiskitError:
        return 0.0


def repetition_delay(backend: Any) -> float:
    """Seconds between two executions."""
    delay = getattr(backend, "default_rep_delay", None)
    return REPETITION_DELAY if delay is None else float(delay)


def payload_bytes(pub: tuple[Any, ...]) -> int:
    """Size of the PUB as the client encodes it."""
    from qiskit_ibm_runtime import RuntimeEncoder

    return len(json.dumps({"pubs": [pub]}, cls=RuntimeEncoder))
