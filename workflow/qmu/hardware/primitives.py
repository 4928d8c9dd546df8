"""From a prepared PUB to IBM's primitives: checks, an estimate of the cost, and the one request.

The estimate follows IBM's guide "Workload usage": an overhead for each job and, for each
execution, the repetition delay and the length of the circuit.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, QmuError
from .job_settings import JobSettings

OVERHEAD_SECONDS = 2.0
MOST_EXECUTIONS = 10_000_000
_ZNE_NOISE_FACTORS = 3
_BASIS = str.maketrans("01+-rl", "ZZXXYY")


@dataclass(frozen=True)
class Cost:
    """Executions of the circuit and the QPU seconds that they are expected to take."""

    executions: int
    seconds: float

    def line(self, backend_name: str, settings: JobSettings) -> str:
        """One line for people."""
        return (
            f"estimated cost on {backend_name}: {self.executions:,} circuit executions, about "
            f"{self.seconds:.1f} s of QPU time (the job is stopped after "
            f"{settings.max_execution_time} s)"
        )


def coerce(pub: Any, settings: JobSettings) -> Any:
    """A SamplerPub or EstimatorPub of what ``circuits`` prepared; QmuError for anything else."""
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


def estimate(pub: Any, backend: Any, settings: JobSettings) -> Cost:
    """What the job will cost; QmuError beyond the number of executions that IBM accepts."""
    sets = math.prod(pub.parameter_values.shape)
    if settings.primitive == "sampler":
        executions = sets * pub.shots
    else:
        executions = sets * _measurement_bases(pub.observables) * math.ceil(pub.precision**-2)
        executions *= _ZNE_NOISE_FACTORS if _extrapolates(settings) else 1
    if executions > MOST_EXECUTIONS:
        raise QmuError(
            f"the job needs {executions:,} circuit executions, IBM accepts {MOST_EXECUTIONS:,}: "
            "use fewer samples or shots"
        )
    seconds = executions * (_repetition_delay(backend, settings) + _duration(pub.circuit, backend))
    return Cost(executions, OVERHEAD_SECONDS + seconds)


def _extrapolates(settings: JobSettings) -> bool:
    options = settings.options
    zne = (options.get("resilience") or {}).get("zne_mitigation")
    return bool(zne) if zne is not None else options.get("resilience_level") == 2


def _measurement_bases(observables: Any) -> int:
    from qiskit.quantum_info import PauliList

    terms = {
        term.translate(_BASIS)
        for observable in observables.ravel().tolist()
        for term in observable
        if set(term) - {"I"}
    }
    return max(len(PauliList(sorted(terms)).group_commuting(qubit_wise=True)) if terms else 1, 1)


def _repetition_delay(backend: Any, settings: JobSettings) -> float:
    chosen = (settings.options.get("execution") or {}).get("rep_delay")
    if chosen is None:
        chosen = getattr(backend.configuration(), "default_rep_delay", None)
    return float(chosen) if chosen is not None else 250e-6


def _duration(circuit: Any, backend: Any) -> float:
    from qiskit.circuit.exceptions import CircuitError
    from qiskit.exceptions import QiskitError

    try:
        return float(circuit.estimate_duration(backend.target, unit="s"))
    except (QiskitError, CircuitError, KeyError, TypeError):
        # Without known durations: a layer takes about as long as a slow two-qubit gate.
        return 0.5e-6 * circuit.depth()


def options_of(settings: JobSettings, tag: str) -> dict[str, Any]:
    """The primitive's options: what was configured, the time limit and the tag."""
    return {
        **settings.options,
        "max_execution_time": settings.max_execution_time,
        "environment": {"job_tags": [tag]},
    }


def check_options(backend: Any, settings: JobSettings, tag: str) -> None:
    """ConfigError, before anything is sent, for options that the client does not accept."""
    try:
        _primitive(settings)(mode=backend, options=options_of(settings, tag))
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ConfigError(f"options of the {settings.primitive}: {reason}") from None


def _primitive(settings: JobSettings) -> Any:
    from qiskit_ibm_runtime import EstimatorV2, SamplerV2

    return SamplerV2 if settings.primitive == "sampler" else EstimatorV2


@dataclass(frozen=True)
class Accepted:
    """A job that IBM accepted, and how to end the batch or session it was sent in."""

    job_id: str
    close: Callable[[], None]


def send(pub: Any, backend: Any, settings: JobSettings, tag: str) -> Accepted:
    """Submit the PUB once. Any exception leaves open whether the job was accepted."""
    from qiskit_ibm_runtime import Batch, Session

    mode = backend
    if settings.mode == "batch":
        mode = Batch(backend=backend)
    elif settings.mode == "session":
        # A session is billed while it is open, so it must not outlive its one job.
        mode = Session(backend=backend, max_time=settings.max_execution_time)
    job = _primitive(settings)(mode=mode, options=options_of(settings, tag)).run([pub])

    def close() -> None:
        # No new jobs; those inside run on. An unclosed batch costs nothing and ends by itself.
        with contextlib.suppress(Exception):
            if settings.mode != "job":
                mode.close()

    return Accepted(job.job_id(), close)
