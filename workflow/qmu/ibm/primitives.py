"""From a prepared PUB to IBM's primitives: checks, options, and the one request."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qmu.errors import ConfigError, QmuError

from .settings import Settings, Submission


def coerce(pub: Any, settings: Settings) -> Any:
    """A SamplerPub or EstimatorPub of what ``prepare`` made; QmuError for anything else."""
    from qiskit.primitives.containers.estimator_pub import EstimatorPub
    from qiskit.primitives.containers.sampler_pub import SamplerPub

    try:
        if settings.primitive == "sampler":
            return SamplerPub.coerce(pub, shots=settings.shots)
        return EstimatorPub.coerce(pub, precision=1 / math.sqrt(settings.shots))
    except (ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise QmuError(f"not a PUB for the {settings.primitive}: {reason}") from None


def used_qubits(pub: Any) -> tuple[list[int], list[list[int]]]:
    """Physical qubits and pairs of them that the circuit's instructions use, in order."""
    qubits, pairs = set(), set()
    for instruction in pub.circuit.data:
        if instruction.operation.name in ("barrier", "delay"):
            continue
        places = tuple(pub.circuit.find_bit(qubit).index for qubit in instruction.qubits)
        qubits.update(places)
        if len(places) == 2:
            pairs.add(places)
    return sorted(qubits), [list(pair) for pair in sorted(pairs)]


def options_of(chosen: Submission, tag: str) -> dict[str, Any]:
    """The primitive's options: what was configured, the time limit and the tag."""
    return {
        **chosen.circuit.options,
        "max_execution_time": chosen.job.max_execution_time,
        "environment": {"job_tags": [tag]},
    }


def check_options(backend: Any, chosen: Submission, tag: str) -> None:
    """ConfigError, before anything is sent, for options that the client does not accept."""
    try:
        _primitive(chosen.circuit)(mode=backend, options=options_of(chosen, tag))
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ConfigError(f"options of the {chosen.circuit.primitive}: {reason}") from None


def _primitive(settings: Settings) -> Any:
    from qiskit_ibm_runtime import EstimatorV2, SamplerV2

    return SamplerV2 if settings.primitive == "sampler" else EstimatorV2


@dataclass(frozen=True)
class Accepted:
    """A job that IBM accepted, and how to end the batch or session it was sent in."""

    job_id: str
    close: Callable[[], None]


def send(pub: Any, backend: Any, chosen: Submission, tag: str) -> Accepted:
    """Submit the PUB once. Any exception leaves open whether the job was accepted."""
    from qiskit_ibm_runtime import Batch, Session

    mode = backend
    if chosen.job.mode == "batch":
        mode = Batch(backend=backend)
    elif chosen.job.mode == "session":
        # A session is billed while it is open, so it must not outlive its one job.
        mode = Session(backend=backend, max_time=chosen.job.max_execution_time)
    job = _primitive(chosen.circuit)(mode=mode, options=options_of(chosen, tag)).run([pub])

    def close() -> None:
        # No new jobs; those inside run on. An unclosed batch costs nothing and ends by itself.
        with contextlib.suppress(Exception):
            if chosen.job.mode != "job":
                mode.close()

    return Accepted(job.job_id(), close)
