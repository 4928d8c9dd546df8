"""What a job will cost, estimated before anything is submitted.

The estimate follows IBM's guide "Workload usage": an overhead for each job and, for each execution,
the repetition delay and the length of the circuit. Importing this module imports no qiskit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qmu.errors import QmuError

if TYPE_CHECKING:
    from .settings import Settings

MAX_EXECUTIONS = 10_000_000
"""Executions of a circuit that IBM admits in one job."""
REPETITION_DELAY = 250e-6
"""Seconds between executions where the backend does not say."""
JOB_OVERHEAD = 2.0
"""Seconds of QPU time assumed for loading one job: IBM bills it, but does not promise a figure."""
LAYER_SECONDS = 0.5e-6
"""Assumed for a layer of gates where durations are unknown: that of a slow two-qubit gate."""
_ZNE_NOISE_FACTORS = 3
_BASIS = str.maketrans("01+-rl", "ZZXXYY")


@dataclass(frozen=True)
class Cost:
    """One job: ``executions`` of the circuit (samples times shots, times an estimator's measurement
    bases and noise factors), ``circuit_seconds`` of one, ``qpu_seconds`` of all with the delays
    between them and ``JOB_OVERHEAD``, ``payload_bytes`` of the request before compression."""

    samples: int
    shots: int
    executions: int
    circuit_seconds: float
    qpu_seconds: float
    payload_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.samples:,} samples x {self.shots:,} shots, {self.executions:,} circuit "
            f"executions, about {self.qpu_seconds:.1f} s of QPU time "
            f"({self.circuit_seconds * 1e6:.1f} us a circuit), {self.payload_bytes / 1e3:,.0f} kB "
            "to send"
        )

    def check(self) -> None:
        """QmuError beyond the number of executions that IBM accepts in a job."""
        if self.executions > MAX_EXECUTIONS:
            raise QmuError(
                f"the job needs {self.executions:,} circuit executions, IBM accepts "
                f"{MAX_EXECUTIONS:,}: use fewer samples or shots"
            )


def estimate(pub: Any, backend: Any, settings: Settings) -> Cost:
    """The cost of one job on a backend.

    ``pub`` is a SamplerPub or EstimatorPub (see ``primitives.coerce``); of ``settings`` it reads
    ``primitive``, ``shots`` and ``options``. Options for readout mitigation and twirling may add to
    what is estimated.
    """
    samples = math.prod(pub.parameter_values.shape)
    executions = samples * settings.shots * repeats(settings.options)
    if settings.primitive == "estimator":
        executions *= _measurement_bases(pub.observables)
    one = circuit_seconds(pub.circuit, backend)
    delay = repetition_delay(backend, settings.options)
    return Cost(
        samples=samples,
        shots=settings.shots,
        executions=executions,
        circuit_seconds=one,
        qpu_seconds=executions * (one + delay) + JOB_OVERHEAD,
        payload_bytes=payload_bytes(pub),
    )


def repeats(options: Mapping[str, Any]) -> int:
    """How often an option has every circuit executed anew: zero-noise extrapolation does."""
    zne = (options.get("resilience") or {}).get("zne_mitigation")
    on = bool(zne) if zne is not None else options.get("resilience_level") == 2
    return _ZNE_NOISE_FACTORS if on else 1


def samples_per_job(shots: int, options: Mapping[str, Any] | None = None) -> int:
    """How many samples fit into one job, all outcomes being measured in one basis."""
    return max(1, MAX_EXECUTIONS // (shots * repeats(options or {})))


def parts(samples: int, shots: int, options: Mapping[str, Any] | None = None) -> list[slice]:
    """The samples of each job, in order: prepare and submit one PUB for each."""
    size = samples_per_job(shots, options)
    return [slice(first, min(first + size, samples)) for first in range(0, samples, size)]


def circuit_seconds(isa: Any, backend: Any) -> float:
    """Length of one execution by the backend's gate durations, by the depth where it has none."""
    from qiskit.circuit.exceptions import CircuitError
    from qiskit.exceptions import QiskitError

    try:
        return float(isa.estimate_duration(backend.target, unit="s"))
    except (QiskitError, CircuitError, KeyError, TypeError):
        return LAYER_SECONDS * isa.depth()


def repetition_delay(backend: Any, options: Mapping[str, Any]) -> float:
    """Seconds between two executions: the options', else the backend's."""
    chosen = (options.get("execution") or {}).get("rep_delay")
    if chosen is None:
        chosen = getattr(backend, "default_rep_delay", None)
    return REPETITION_DELAY if chosen is None else float(chosen)


def payload_bytes(pub: Any) -> int:
    """Size of the PUB as the client encodes it."""
    from qiskit_ibm_runtime import RuntimeEncoder

    return len(json.dumps({"pubs": [pub]}, cls=RuntimeEncoder))


def _measurement_bases(observables: Any) -> int:
    from qiskit.quantum_info import PauliList

    terms = {
        term.translate(_BASIS)
        for observable in observables.ravel().tolist()
        for term in observable
        if set(term) - {"I"}
    }
    return len(PauliList(sorted(terms)).group_commuting(qubit_wise=True)) if terms else 1
