"""What executes gates and differentiates them: Lightning's compiled operations, or its device.

PennyLane takes over two seconds to import, more than many jobs compute. Of `lightning.qubit`
(Asadi et al. 2024, arXiv:2403.02512) only the compiled module does the work: a state vector with
one method per gate, and the adjoint derivative (Jones and Gacon 2020, arXiv:2009.02823). It needs
no PennyLane, so it is called directly, in the order in which the device would call it: the bits
are the device's. The module's interface is not documented; a small circuit with known answers is
therefore asked first, and where the module answers otherwise PennyLane's device takes its place,
as it does for Lightning on accelerators.
"""

from __future__ import annotations

import importlib
import math
import warnings
from functools import cache
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from .gates import Placed

COMPILED = "pennylane_lightning.lightning_qubit_ops"


class Processor(Protocol):
    """Executes gates on ``wires`` qubits, wire 0 the most significant bit; not thread-safe.

    ``start`` is a state (2**wires,) of the processor's complex dtype, of any norm, or None for
    |0...0>.
    """

    def state(self, wires: int, start: np.ndarray | None, gates: Placed) -> np.ndarray:
        """The state (2**wires,) after the gates."""

    def derivatives(
        self,
        wires: int,
        start: np.ndarray | None,
        gates: Placed,
        diagonal: np.ndarray,
        trainable: list[int],
    ) -> np.ndarray:
        """Derivatives (T,) of ``<state|D|state>`` by the angles at the positions ``trainable``.

        ``diagonal`` holds the real D, in any shape of 2**wires entries. Every gate has at most one
        angle.
        """


def processor(device: str, dtype: type) -> Processor:
    """The processor of a Lightning device in complex64 or complex128."""
    if device == "lightning.qubit" and compiled_is_known():
        return Compiled(dtype)
    from .device import Device

    return Device(device, dtype)


@cache
def compiled_is_known() -> bool:
    """Whether the compiled module answers as expected; warns in one line where it does not."""
    try:
        fault = _fault(Compiled(np.complex128)) or _fault(Compiled(np.complex64))
    except Exception as error:
        fault = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if fault:
        warnings.warn(
            f"{COMPILED} is not as this version of qmu knows it ({fault}); lightning.qubit runs "
            "through PennyLane instead, which takes seconds longer to start",
            stacklevel=2,
        )
    return not fault


def _fault(tried: Compiled) -> str | None:
    """What is wrong with the answers to RX(0.3) on wire 0 and a CNOT to wire 1, if anything."""
    angle, half = 0.3, 0.15
    gates = Placed(["RX", "CNOT"], [[0], [0, 1]], [[angle], []])
    expected = np.array([math.cos(half), 0, 0, -1j * math.sin(half)])
    start = np.array([1, 0, 0, 0], tried.dtype)
    for state in (tried.state(2, start, gates), tried.state(2, None, gates)):
        if state.dtype != tried.dtype or not np.allclose(state, expected, atol=1e-6):
            return "another state"
    diagonal = np.array([1.0, 0.0, 0.0, -1.0])
    slope = tried.derivatives(2, start, gates, diagonal, [0])
    if slope.shape != (1,) or not np.allclose(slope, -math.sin(angle), atol=1e-6):
        return "another derivative"
    return None


class Compiled:
    """`lightning.qubit` through its compiled module alone."""

    def __init__(self, dtype: type) -> None:
        self.dtype = dtype
        self._module: ModuleType = importlib.import_module(COMPILED)
        bits = "C64" if dtype == np.complex64 else "C128"
        self._new_state = getattr(self._module, f"StateVector{bits}")
        self._sparse = getattr(self._module.observables, f"SparseHamiltonian{bits}")
        self._gates_of = getattr(self._module.algorithms, f"create_ops_list{bits}")
        self._jacobian = getattr(self._module.algorithms, f"AdjointJacobian{bits}")()
        self._states: dict[int, Any] = {}

    def state(self, wires: int, start: np.ndarray | None, gates: Placed) -> np.ndarray:
        """See `Processor`."""
        result = np.empty(2**wires, self.dtype)
        self._final(wires, start, gates).getState(result)
        return result

    def derivatives(
        self,
        wires: int,
        start: np.ndarray | None,
        gates: Placed,
        diagonal: np.ndarray,
        trainable: list[int],
    ) -> np.ndarray:
        """See `Processor`."""
        final = self._final(wires, start, gates)
        rows = np.arange(diagonal.size + 1)
        values = diagonal.reshape(-1).astype(self.dtype)
        observable = self._sparse(values, rows[:-1], rows, list(range(wires)))
        count, none = len(gates.names), [[]] * len(gates.names)
        # After name, angles and wires: not inverted, no matrix of its own, no controls.
        matrices = [np.zeros(0, self.dtype)] * count
        listed = self._gates_of(
            gates.names, gates.angles, gates.wires, [False] * count, matrices, none, none
        )
        jacobian = self._jacobian(final, [observable], listed, trainable)
        return np.array(jacobian, np.float64).reshape(-1)

    def _final(self, wires: int, start: np.ndarray | None, gates: Placed) -> Any:
        """Lightning's state vector after the gates; one per size, used again by the next call."""
        if wires not in self._states:
            self._states[wires] = self._new_state(wires)
        state = self._states[wires]
        if start is None:
            state.resetStateVector()
        else:
            state.updateData(start)
        for name, on, angles in zip(gates.names, gates.wires, gates.angles, strict=True):
            getattr(state, name)(on, False, angles)
        return state
