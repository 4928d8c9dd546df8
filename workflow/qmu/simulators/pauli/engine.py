"""Exact expectation values and outcome distributions of noisy circuits, for many states at once.

Noise does not depend on the data, so the observables are carried backwards through the adjoint
channels once per model (the Heisenberg picture), in the Pauli basis, where they are real and Pauli
channels are diagonal. Each state then costs one quadratic form. The distribution over bit strings
is the Walsh-Hadamard transform of the expectation values of all products of Pauli-Z.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from qmu.circuits.angles import depends_on_inputs
from qmu.circuits.circuit import Circuit
from qmu.circuits.gates import check_supported
from qmu.circuits.noise import NoiseModel
from qmu.simulators.memory import DEFAULT_MEMORY

from .contraction import IMAGES, PAIRS, Contraction
from .program import Pair, compile_stages
from .propagation import Propagation

NORM_TOLERANCE = 1e-3
"""How far a state's squared norm may be from one; single precision stays well below."""
LARGEST_BLOCK = 128
"""Observables carried together; more bring no speed."""

_BYTES = {"single": 4, "double": 8}


def predicted_bytes(
    wires: int,
    images: int,
    observables: int,
    *,
    precision: Literal["single", "double"] = "double",
    block: int = LARGEST_BLOCK,
    complex_states: bool = False,
    pair_gates: bool = False,
) -> int:
    """Bytes of one call: ``block`` of the ``observables`` at a time, contracted with all images.

    ``pair_gates``: the circuit has two-qubit gates that are no Clifford gates, which need copies.
    The caller's own states are not counted; the tables that ``NoisyCircuit`` keeps per layer (16
    bytes per Pauli string) neither.
    """
    size, together = 2**wires, min(block, observables)
    parts = 2 if complex_states else 1
    coefficients = (5 if pair_gates else 2.25) * 4**wires * together
    states = images * (parts * size + 2 * observables)
    contraction = 2 * PAIRS * min(images, IMAGES) + (parts * size + together) * IMAGES
    tables = 3 * 8 * 4**wires
    return int(_BYTES[precision] * (coefficients + states + contraction) + tables)


class NoisyCircuit:
    """A circuit with amplitude embedding under a noise model.

    ``memory`` (bytes) bounds a call by splitting the observables into blocks. Values are exact up
    to rounding: about 1e-14 in double, 1e-6 in single precision. The same call gives the same bits;
    the same state in another batch, or under another ``memory``, may differ by rounding.

    Raises ValueError for another embedding, a gate that depends on the data or is unknown, or a
    noise mode that does not fit the circuit.
    """

    def __init__(
        self,
        circuit: Circuit,
        noise: NoiseModel,
        precision: Literal["single", "double"] = "double",
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        if precision not in _BYTES:
            raise ValueError(f"precision must be 'single' or 'double', got {precision!r}")
        if circuit.embedding != "amplitude" or any(map(depends_on_inputs, circuit.operations)):
            raise ValueError("noise is simulated for circuits whose data enter as amplitudes only")
        check_supported(circuit)
        stages = compile_stages(circuit, noise.placement(circuit))
        real = np.float32 if precision == "single" else np.float64
        self.circuit = circuit
        self.precision = precision
        self.memory = memory
        self._real = real
        self._pair_gates = any(isinstance(stage, Pair) for stage in stages)
        self._propagation = Propagation(stages, circuit.wires, real)
        self._contraction = Contraction(circuit.wires)

    def expectations(self, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        """<Z> of the measured wires, (n, K), for parameters (P,) in radians.

        ``states`` (n, 2**wires) are unit vectors of real or complex amplitudes. Raises ValueError
        for wrong shapes, states that are not normalised, or too little memory.
        """
        masks = [1 << (self.circuit.wires - 1 - wire) for wire in self.circuit.measured]
        return self._values(parameters, states, np.array(masks, int))

    def probabilities(self, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Probabilities of all bit strings, (n, 2**wires), wire 0 the most significant bit.

        They may be negative by rounding. Arguments and errors as for ``expectations``.
        """
        masks = np.arange(2**self.circuit.wires)
        values = self._values(parameters, states, masks)
        signs = 1 - 2 * (self._contraction.overlap & 1)
        return values @ (signs / len(masks)).astype(self._real)

    def _values(self, parameters: np.ndarray, states: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Expectation values (n, len(masks)) of the products of Z on the wires of each mask."""
        parameters, columns = self._checked(np.asarray(parameters), np.asarray(states))
        images = columns.shape[1]
        bound = self._propagation.bind(parameters)
        strings = self._contraction.strings[0, masks]
        block = self._block(images, len(masks), np.iscomplexobj(columns))
        values = np.zeros((images, len(masks)), self._real)
        for first in range(0, len(masks), block):
            part = slice(first, first + block)
            # Without a name, so that a block's coefficients are gone before the next one's come.
            self._contraction.add(
                self._propagation.run(bound, strings[part]), columns, values[:, part]
            )
        return values

    def _checked(self, parameters: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Parameters in double precision, and the states as columns (2**wires, n)."""
        circuit = self.circuit
        if parameters.shape != (circuit.parameters,):
            raise ValueError(f"parameters have shape {parameters.shape}, not {circuit.parameters}")
        if states.ndim != 2 or states.shape[1] != 2**circuit.wires:
            raise ValueError(f"states have shape {states.shape}, not (n, {2**circuit.wires})")
        norms = np.linalg.norm(states, axis=1) ** 2
        if not (np.abs(norms - 1) < NORM_TOLERANCE).all():
            raise ValueError("states must be finite and have norm 1")
        if np.iscomplexobj(states) and not states.imag.any():
            states = states.real
        kind = np.result_type(self._real, np.complex64 if np.iscomplexobj(states) else self._real)
        return parameters.astype(float), np.ascontiguousarray(states.T.astype(kind))

    def _block(self, images: int, observables: int, complex_states: bool) -> int:
        """The most observables at a time, a power of two, that ``memory`` holds."""
        block = LARGEST_BLOCK
        while block:
            needed = predicted_bytes(
                self.circuit.wires,
                images,
                observables,
                precision=self.precision,
                block=block,
                complex_states=complex_states,
                pair_gates=self._pair_gates,
            )
            if needed <= self.memory:
                return block
            block //= 2
        raise ValueError(
            f"noise on {self.circuit.wires} qubits for {images} images needs "
            f"{needed / 2**20:.0f} MiB at least, more than the {self.memory / 2**20:.0f} MiB "
            "allowed; pass fewer images at a time"
        )
