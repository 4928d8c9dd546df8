"""Circuits whose gates see the data after the first parameter: one run per sample on Lightning.

Data re-uploading (Perez-Salinas et al. 2020, arXiv:1907.02085) puts features inside gates, so the
samples of a batch no longer share their gates. Derivatives with respect to angles come from the
device's adjoint method, those with respect to features from the chain rule.
"""

from __future__ import annotations

import threading

import numpy as np

from qmu.circuits.circuit import Circuit
from qmu.circuits.gates import parities, split_tail

from .gates import BoundGates
from .processor import processor
from .register import Signs


class LightningSamples:
    """Values and gradients of an angle-embedded circuit, sample by sample.

    All methods take and return NumPy arrays and may be called from any thread.
    """

    def __init__(self, circuit: Circuit, device: str, precision: str) -> None:
        core, tail = split_tail(circuit.operations)
        self.circuit = circuit
        self.real = np.float32 if precision == "single" else np.float64
        self._complex = np.complex64 if precision == "single" else np.complex128
        self._processor = processor(device, self._complex)
        self._forward = BoundGates(core, merge=True)
        self._adjoint = BoundGates(core)
        self._signs = Signs(*parities(tail, circuit), 2**circuit.wires, self.real)
        self._lock = threading.Lock()

    def residual(self, batch: int) -> tuple[tuple[int, ...], type]:
        """Shape and dtype of the features, which ``values`` returns second."""
        return (batch, self.circuit.features), self.real

    def values(self, parameters: np.ndarray, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """<Z> (B, K) for parameters (P,) and features (B, F), and the features."""
        wires = self.circuit.wires
        states = np.empty((len(inputs), 2**wires), self._complex)
        with self._lock:
            for sample, features in enumerate(inputs):
                gates = self._forward.bind(parameters, features)(0)
                states[sample] = self._processor.state(wires, None, gates)
        values = self._signs.expectations(states.real**2 + states.imag**2)
        return values, inputs

    def parameter_gradient(
        self, parameters: np.ndarray, inputs: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """Gradient (P,) of ``sum(weights * <Z>)`` with respect to the parameters."""
        rows = self._derivatives(parameters, inputs, weights, self._adjoint.trainable)
        total = np.zeros(len(self._adjoint.trainable))
        for _, row in rows:
            total += row
        return self._adjoint.collect(total, self.circuit.parameters).astype(self.real)

    def input_gradient(
        self, parameters: np.ndarray, inputs: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """Gradient (B, F) of ``sum(weights * <Z>)`` with respect to the features."""
        gradient = np.zeros_like(inputs)
        rows = self._derivatives(parameters, inputs, weights, self._adjoint.data_positions)
        for sample, row in rows:
            gradient[sample] = self._adjoint.collect_features(row, inputs[sample])
        return gradient

    def _derivatives(
        self, parameters: np.ndarray, inputs: np.ndarray, weights: np.ndarray, trainable: list[int]
    ):
        """Yield (sample, derivative per trainable angle) where the weights do not vanish."""
        if not trainable:
            return
        wires = self.circuit.wires
        diagonals = self._signs.diagonal(weights)
        with self._lock:
            for sample in np.flatnonzero(weights.any(axis=1)):
                gates = self._adjoint.bind(parameters, inputs[sample])(0)
                yield (
                    sample,
                    self._processor.derivatives(wires, None, gates, diagonals[sample], trainable),
                )
