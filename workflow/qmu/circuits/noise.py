"""The noise of a circuit as data: which Pauli channel follows which operation.

Two modes. ``readout_only``: depolarising channels after the gates, and one bit flip per wire before
the measurement. ``official``: what the released code of Su et al. 2025 (arXiv:2509.06086) does,
with two differences that look like slips: the bit flips come at the end of every layer, and the
CNOT that closes the ring is followed by depolarising channels on the last two wires instead of on
its own. Channels follow PennyLane's convention (Bergholm et al. 2018, arXiv:1811.04968):
``rho -> (1 - p) rho + (p / 3) (X rho X + Y rho Y + Z rho Z)`` and ``(1 - p) rho + p X rho X``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from qmu.strict import Strict

from .ansatz import u3_cnot_ring
from .circuit import Circuit

STRONGEST = {"depolarizing": 0.75, "bit_flip": 0.5}
"""Probabilities at which a channel has erased all it can; beyond, it would restore signal."""


@dataclass(frozen=True)
class Channel:
    """One Pauli channel on one wire, with its probability in PennyLane's convention."""

    name: Literal["depolarizing", "bit_flip"]
    wire: int
    probability: float

    @property
    def factors(self) -> tuple[float, float, float, float]:
        """What the channel multiplies the Pauli operators I, X, Y, Z by."""
        if self.name == "depolarizing":
            left = 1 - 4 * self.probability / 3
            return 1.0, left, left, left
        left = 1 - 2 * self.probability
        return 1.0, 1.0, left, left


@dataclass(frozen=True)
class Placement:
    """Where the channels of a circuit stand, each group in time order.

    ``after[k]`` follows operation k; ``readout`` comes after everything, before the measurement.
    """

    after: tuple[tuple[Channel, ...], ...]
    readout: tuple[Channel, ...]


class NoiseModel(Strict):
    """Probabilities per gate, and where the bit flips stand.

    ``scale`` multiplies all probabilities, for sweeps of the noise strength. Raises ValueError
    (pydantic's) where a scaled probability exceeds the strength at which its channel is total.
    """

    mode: Literal["official", "readout_only"] = "readout_only"
    depolarizing_single: float = Field(0.0005, ge=0, description="after each one-qubit gate")
    depolarizing_pair: float = Field(
        0.005, ge=0, description="on each of the two wires after a two-qubit gate"
    )
    bit_flip: float = Field(0.01, ge=0, description="on every wire, where the mode says")
    scale: float = Field(1.0, ge=0, description="multiplies every probability")

    @model_validator(mode="after")
    def _within_limits(self) -> NoiseModel:
        for key in ("depolarizing_single", "depolarizing_pair", "bit_flip"):
            limit = STRONGEST["bit_flip" if key == "bit_flip" else "depolarizing"]
            value = self.scale * getattr(self, key)
            if value > limit:
                raise ValueError(
                    f"{key} times scale is {value:g}, more than {limit:g}, where the channel "
                    "already erases all it can"
                )
        return self

    def placement(self, circuit: Circuit) -> Placement:
        """The channels of a circuit, those of probability zero left out.

        Raises ValueError where mode ``official`` meets a circuit that is not the U3 and CNOT ring
        ansatz: it is defined by that code's layers.
        """
        if self.mode == "official":
            return self._official(circuit)
        after = tuple(self._gate_noise(operation.wires) for operation in circuit.operations)
        return Placement(after=after, readout=self._flips(circuit.wires))

    def _official(self, circuit: Circuit) -> Placement:
        wires = circuit.wires
        per_layer = wires if wires == 1 else 2 * wires
        layers = len(circuit.operations) // per_layer
        if circuit.operations != u3_cnot_ring.circuit(wires, layers).operations:
            raise ValueError("noise mode 'official' is defined for the U3 and CNOT ring only")
        after = [self._gate_noise(operation.wires) for operation in circuit.operations]
        for last in range(per_layer - 1, len(after), per_layer):
            if wires > 1:
                after[last] = self._gate_noise((wires - 2, wires - 1))
            after[last] += self._flips(wires)
        return Placement(after=tuple(after), readout=())

    def _gate_noise(self, wires: tuple[int, ...]) -> tuple[Channel, ...]:
        probability = self.depolarizing_single if len(wires) == 1 else self.depolarizing_pair
        return self._channels("depolarizing", wires, probability)

    def _flips(self, wires: int) -> tuple[Channel, ...]:
        return self._channels("bit_flip", tuple(range(wires)), self.bit_flip)

    def _channels(
        self, name: Literal["depolarizing", "bit_flip"], wires: tuple[int, ...], probability: float
    ) -> tuple[Channel, ...]:
        strength = self.scale * probability
        return tuple(Channel(name, wire, strength) for wire in wires) if strength else ()
