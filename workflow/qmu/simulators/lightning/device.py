"""Lightning through PennyLane's device: on accelerators, and where the compiled module is unknown.

Of the device only ``execute`` and ``compute_derivatives`` are used, which take a circuit as it is
and transform nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .gates import Placed


class Device:
    """A `processor.Processor` around one PennyLane device per number of wires."""

    def __init__(self, name: str, dtype: type) -> None:
        # Imported now, so that its seconds count as a job's start-up and not as its first step.
        import pennylane  # noqa: F401

        self.name, self.dtype = name, dtype
        self._devices: dict[int, Any] = {}

    def state(self, wires: int, start: np.ndarray | None, gates: Placed) -> np.ndarray:
        """See `processor.Processor`."""
        import pennylane as qml

        tape = qml.tape.QuantumScript(self._operations(wires, start, gates), [qml.state()])
        (state,) = self._device(wires).execute([tape])
        return np.asarray(state).reshape(-1)

    def derivatives(
        self,
        wires: int,
        start: np.ndarray | None,
        gates: Placed,
        diagonal: np.ndarray,
        trainable: list[int],
    ) -> np.ndarray:
        """See `processor.Processor`."""
        import pennylane as qml

        tape = qml.tape.QuantumScript(
            self._operations(wires, start, gates),
            [qml.expval(_observable(diagonal.reshape(-1), wires))],
            # The state preparation's parameter counts as the tape's first.
            trainable_params=[position + 1 for position in trainable],
        )
        (jacobian,) = self._device(wires).compute_derivatives([tape])
        return np.asarray(jacobian, np.float64).reshape(-1)

    def _device(self, wires: int) -> Any:
        import pennylane as qml

        if wires not in self._devices:
            self._devices[wires] = qml.device(self.name, wires=wires, c_dtype=self.dtype)
        return self._devices[wires]

    def _operations(self, wires: int, start: np.ndarray | None, gates: Placed) -> list[Any]:
        import pennylane as qml

        if start is None:
            prepared = qml.BasisState(np.zeros(wires, int), wires=range(wires))
        else:
            prepared = qml.StatePrep(start, wires=range(wires), validate_norm=False)
        placed = zip(gates.names, gates.wires, gates.angles, strict=True)
        return [prepared, *(getattr(qml, name)(*angles, wires=on) for name, on, angles in placed)]


def _observable(diagonal: np.ndarray, wires: int) -> Any:
    """PennyLane observable with the given real diagonal (2**wires,)."""
    import pennylane as qml
    from scipy.sparse import csr_matrix

    size = diagonal.size
    matrix = csr_matrix((diagonal, np.arange(size), np.arange(size + 1)), shape=(size, size))
    return qml.SparseHamiltonian(matrix, wires=range(wires))
