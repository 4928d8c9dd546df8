"""What a trained model answers on a simulated device with noise and finite shots.

Noise does not touch the classical parts: inputs are embedded as in training, the circuit runs on
the device, the head reads the expectation values that the device gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qmu.circuits.circuit import Circuit
from qmu.circuits.noise import NoiseModel
from qmu.lazy import jax, jnp
from qmu.models.chunks import CHUNK, in_chunks
from qmu.models.model import Model, Parameters
from qmu.models.states import embedding
from qmu.simulators.pauli.engine import NoisyCircuit
from qmu.simulators.shots import sample_expectations

# Probabilities of all bit strings are held at once, for this many amplitudes of images together.
CHUNK_AMPLITUDES = 2**22


def images_at_once(wires: int) -> int:
    """Images whose outcome distributions are held together on ``wires`` qubits."""
    return max(1, CHUNK_AMPLITUDES >> wires)


@dataclass(frozen=True)
class Execution:
    """A model's circuit on a simulated device; ``noise`` None: pure states.

    Values are exact up to rounding in the model's precision (``double`` where its dtype is
    float64).
    """

    model: Model
    noise: NoiseModel | None

    def expectations(self, parameters: Parameters, rows: np.ndarray) -> np.ndarray:
        """Exact <Z> (n, wires) float64 of inputs ``rows`` (n, d)."""
        circuit, precision = self._circuit()
        if self.noise is None:
            from qmu.simulators.choose import expectation_function

            function = expectation_function(circuit, device="default.qubit", precision=precision)
            run = jax.jit(function)
        else:
            run = _noisy(circuit, self.noise, precision).expectations
        return self._each(run, parameters, rows)

    def probabilities(self, parameters: Parameters, rows: np.ndarray) -> np.ndarray:
        """Probabilities (n, 2**wires) float64 of all bit strings, wire 0 the most significant."""
        circuit, precision = self._circuit()
        if self.noise is None:
            run = _pure_probabilities(circuit, precision)
        else:
            run = _noisy(circuit, self.noise, precision).probabilities
        return self._each(run, parameters, rows)

    def sampled(
        self, parameters: Parameters, rows: np.ndarray, shots: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Estimates of <Z> (n, wires) from ``shots`` executions per image."""
        circuit, _ = self._circuit()
        size = images_at_once(circuit.wires)
        parts = [
            sample_expectations(
                self.probabilities(parameters, rows[start : start + size]),
                circuit.measured,
                shots,
                rng,
            )[0]
            for start in range(0, len(rows), size)
        ]
        return np.concatenate(parts)

    def _circuit(self) -> tuple[Circuit, str]:
        precision = "double" if self.model.dtype == jnp.float64 else "single"
        return self.model.circuit, precision

    def _each(self, run: Callable, parameters: Parameters, rows: np.ndarray) -> np.ndarray:
        angles = np.asarray(parameters["circuit"]).reshape(-1)
        size = images_at_once(self._circuit()[0].wires)
        parts = [
            np.asarray(run(angles, embedded(self.model, parameters, rows[start : start + size])))
            for start in range(0, len(rows), size)
        ]
        return np.concatenate(parts).astype(np.float64)


def embedded(model: Model, parameters: Parameters, rows: np.ndarray) -> np.ndarray:
    """The amplitude vectors (n, 2**wires) of inputs (n, d), in chunks of one compiled size."""
    embed = embedding(model)
    return in_chunks(lambda chunk: embed(parameters, chunk), rows, CHUNK)


@lru_cache(maxsize=16)
def _noisy(circuit: Circuit, noise: NoiseModel, precision: str) -> NoisyCircuit:
    return NoisyCircuit(circuit, noise, precision)


@lru_cache(maxsize=8)
def _pure_probabilities(circuit: Circuit, precision: str) -> Callable:
    from qmu.simulators.statevector.engine import states_function

    states = states_function(circuit, precision)
    return jax.jit(lambda angles, inputs: jnp.square(jnp.abs(states(angles, inputs))))
