"""Whole batches on PennyLane's Lightning state-vector devices through an index register.

The batch becomes one state ``sum_b |b>|x_b>`` and the ansatz acts on the data qubits alone, so
one execution serves all samples. The gradient of ``sum_bk G_bk <Z_k>_b`` is the adjoint
derivative (Jones and Gacon 2020, arXiv:2009.02823) of one diagonal observable
``sum_b sum_k G_bk |b><b| Z_k``. The gradient with respect to the amplitudes applies the inverse
ansatz to ``O U x``: one more execution.

The register holds the batch unnormalised: everything here is a quadratic form, so no factor
1/sqrt(batch) has to be put in and taken out.
"""

from __future__ import annotations

import threading

import numpy as np

from qmu.circuits.circuit import Circuit
from qmu.circuits.gates import parities, split_tail
from qmu.simulators.memory import largest_batch

from .gates import BoundGates
from .processor import processor

CALL_AMPLITUDES = 2**12
"""Fixed cost of one derivative call, in amplitudes that would take as long (measured)."""
CACHED_AMPLITUDES = 2**14
"""Largest register of one derivative call: beyond it every amplitude costs 1.5 to 7 times more."""


class LightningRegister:
    """Values and gradients of an amplitude-embedded circuit whose gates see no data.

    All methods take and return NumPy arrays and may be called from any thread.
    """

    def __init__(self, circuit: Circuit, device: str, precision: str, memory: int) -> None:
        core, tail = split_tail(circuit.operations)
        self.circuit = circuit
        self.size = 2**circuit.wires
        self.complex = np.complex64 if precision == "single" else np.complex128
        self.real = np.float32 if precision == "single" else np.float64
        self._processor = processor(device, self.complex)
        self._forward = BoundGates(core, merge=True)
        self._backward = BoundGates(core, merge=True, inverse=True)
        self._adjoint = BoundGates(core)
        self._signs = Signs(*parities(tail, circuit), self.size, self.real)
        self._largest = largest_batch(circuit.wires, memory, precision=precision, device=device)
        self._derived = min(self._largest, max(1, CACHED_AMPLITUDES // self.size))
        self._lock = threading.Lock()

    def residual(self, batch: int) -> tuple[tuple[int, ...], type]:
        """Shape and dtype of the final states that ``values`` returns second."""
        return (batch, self.size), self.complex

    def values(self, parameters: np.ndarray, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``(<Z> (B, K), final states (B, 2**wires))`` for parameters (P,) and inputs (B, ...)."""
        states = self._evolve(self._forward, parameters, inputs)
        probabilities = states.real**2 + states.imag**2
        return self._signs.expectations(probabilities), states

    def parameter_gradient(
        self, parameters: np.ndarray, inputs: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """Gradient (P,) of ``sum(weights * <Z>)`` with respect to the parameters."""
        gradient = np.zeros(self.circuit.parameters, self.real)
        if not weights.any() or not self._adjoint.trainable:
            return gradient
        diagonal = self._signs.diagonal(weights)
        start = 0
        with self._lock:
            for count, register in self._pieces(len(inputs)):
                piece = slice(start, start + count)
                derivative = self._derivative(parameters, inputs[piece], diagonal[piece], register)
                gradient += self._adjoint.collect(derivative, self.circuit.parameters)
                start += count
        return gradient

    def input_gradient(
        self, parameters: np.ndarray, states: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """``2 U^+ O U x`` (B, 2**wires), complex, from the final states of ``values``.

        It is the direction of steepest ascent of ``sum(weights * <Z>)`` as a quadratic form of the
        amplitudes; for real amplitudes the gradient is its real part.
        """
        if not weights.any():
            return np.zeros_like(states)
        bras = states * self._signs.diagonal(2 * weights)
        return self._evolve(self._backward, parameters, bras)

    def _evolve(self, gates: BoundGates, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        """The gates applied to each row; more rows than dimensions go through the unitary."""
        with self._lock:
            if len(states) <= self.size:
                return self._run(gates, parameters, states)
            rows = self._run(gates, parameters, np.eye(self.size, dtype=self.complex))
        if np.iscomplexobj(states):
            return states @ rows
        return states @ rows.real + 1j * (states @ rows.imag)

    def _run(self, gates: BoundGates, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        result = np.empty((len(states), self.size), self.complex)
        bound = gates.bind(parameters)
        for start in range(0, len(states), self._largest):
            rows = states[start : start + self._largest]
            register = _bits(len(rows))
            wires = register + self.circuit.wires
            state = self._processor.state(wires, self._joint(rows, register), bound(register))
            result[start : start + len(rows)] = state.reshape(-1, self.size)[: len(rows)]
        return result

    def _derivative(
        self, parameters: np.ndarray, inputs: np.ndarray, diagonal: np.ndarray, register: int
    ) -> np.ndarray:
        derivatives = self._processor.derivatives(
            register + self.circuit.wires,
            self._joint(inputs, register),
            self._adjoint.bind(parameters)(register),
            _padded(diagonal, register),
            self._adjoint.trainable,
        )
        return derivatives.astype(self.real)

    def _joint(self, states: np.ndarray, register: int) -> np.ndarray:
        """One state of the index register and the circuit's qubits that holds all rows."""
        return _padded(states, register).astype(self.complex, copy=False).reshape(-1)

    def _pieces(self, batch: int) -> list[tuple[int, int]]:
        whole, rest = divmod(batch, self._derived)
        pieces = [(self._derived, _bits(self._derived))] * whole
        return pieces + cheapest_pieces(rest, CALL_AMPLITUDES / self.size)


class Signs:
    """The measured Pauli-Z as diagonals over basis states (see ``gates.parities``)."""

    def __init__(self, masks: np.ndarray, signs: np.ndarray, size: int, real: type) -> None:
        odd = np.bitwise_count(np.arange(size)[:, None] & masks) & 1
        self._signs = np.where(odd, -signs, signs).astype(real)

    def expectations(self, probabilities: np.ndarray) -> np.ndarray:
        """<Z> (B, K) from probabilities (B, 2**wires)."""
        return probabilities @ self._signs

    def diagonal(self, weights: np.ndarray) -> np.ndarray:
        """Diagonal (B, 2**wires) of ``sum_k weights[b, k] Z_k``."""
        return weights.astype(self._signs.dtype, copy=False) @ self._signs.T


def cheapest_pieces(batch: int, overhead: float) -> list[tuple[int, int]]:
    """``(samples, register qubits)`` of the calls that do a batch at the lowest cost.

    A call costs ``overhead + 2**qubits`` samples: pad to a power of two, or split off the largest
    power of two that is full, whichever is cheaper.
    """
    if batch == 0:
        return []
    bits = _bits(batch)
    full = 2 ** (bits - 1) if bits else 1
    if batch in (full, 2**bits):
        return [(batch, bits)]
    split = [(full, bits - 1), *cheapest_pieces(batch - full, overhead)]
    cost = sum(overhead + 2**register for _, register in split)
    return split if cost < overhead + 2**bits else [(batch, bits)]


def _bits(batch: int) -> int:
    return max(batch - 1, 0).bit_length()


def _padded(rows: np.ndarray, register: int) -> np.ndarray:
    missing = 2**register - len(rows)
    return np.pad(rows, ((0, missing), (0, 0))) if missing else rows
