"""Which channels follow which operation, in both modes, and what each channel does."""

import numpy as np
import pennylane as qml
import pytest
from pydantic import ValidationError
from qmu.circuits.ansatz import angle_hybrid, qcnn, u3_cnot_ring
from qmu.circuits.noise import Channel, NoiseModel

PAULIS = [qml.Identity, qml.PauliX, qml.PauliY, qml.PauliZ]


@pytest.mark.parametrize("probability", [0.0, 0.003, 0.4])
@pytest.mark.parametrize(
    ("name", "channel"), [("depolarizing", qml.DepolarizingChannel), ("bit_flip", qml.BitFlip)]
)
def test_factors_are_those_of_pennylanes_channels(name, channel, probability):
    kraus = channel(probability, wires=0).kraus_matrices()
    for pauli, factor in zip(PAULIS, Channel(name, 0, probability).factors, strict=True):
        matrix = pauli(0).matrix()
        moved = sum(np.conj(k).T @ matrix @ k for k in kraus)
        np.testing.assert_allclose(moved, factor * matrix, atol=1e-15)


def test_z_shrinks_as_published():
    assert Channel("depolarizing", 0, 0.03).factors[3] == pytest.approx(1 - 0.04)
    assert Channel("bit_flip", 0, 0.01).factors[3] == pytest.approx(0.98)


def test_readout_only_places_gate_noise_on_the_gates_own_wires():
    circuit = u3_cnot_ring.circuit(8, 2)
    placement = NoiseModel().placement(circuit)
    for operation, channels in zip(circuit.operations, placement.after, strict=True):
        strength = 0.0005 if operation.name == "U3" else 0.005
        assert channels == tuple(Channel("depolarizing", w, strength) for w in operation.wires)
    assert [channel.wire for channel in placement.after[-1]] == [7, 0]
    assert placement.readout == tuple(Channel("bit_flip", wire, 0.01) for wire in range(8))


def test_official_mode_has_both_slips_of_the_released_code():
    circuit = u3_cnot_ring.circuit(8, 3)
    official = NoiseModel(mode="official").placement(circuit)
    plain = NoiseModel().placement(circuit)
    assert official.readout == ()
    flips = tuple(Channel("bit_flip", wire, 0.01) for wire in range(8))
    stale = tuple(Channel("depolarizing", wire, 0.005) for wire in (6, 7))
    for place, (found, expected) in enumerate(zip(official.after, plain.after, strict=True)):
        closing = place % 16 == 15
        assert found == (stale + flips if closing else expected)


def test_official_mode_on_one_wire_flips_after_each_layer():
    placement = NoiseModel(mode="official").placement(u3_cnot_ring.circuit(1, 3))
    expected = (Channel("depolarizing", 0, 0.0005), Channel("bit_flip", 0, 0.01))
    assert placement.after == (expected,) * 3


@pytest.mark.parametrize("circuit", [angle_hybrid.circuit(4), qcnn.circuit("U6")])
def test_official_mode_knows_only_its_own_ansatz(circuit):
    with pytest.raises(ValueError, match="'official' is defined for the U3 and CNOT ring only"):
        NoiseModel(mode="official").placement(circuit)
    assert len(NoiseModel().placement(circuit).after) == len(circuit.operations)


def test_channels_of_probability_zero_are_left_out():
    circuit = u3_cnot_ring.circuit(3, 2)
    for mode in ("official", "readout_only"):
        placement = NoiseModel(mode=mode, scale=0.0).placement(circuit)
        assert placement.after == ((),) * len(circuit.operations)
        assert placement.readout == ()


def test_scale_multiplies_every_probability():
    circuit = u3_cnot_ring.circuit(3, 1)
    scaled = NoiseModel(scale=3.0).placement(circuit)
    by_hand = NoiseModel(depolarizing_single=0.0015, depolarizing_pair=0.015, bit_flip=0.03)
    for found, expected in zip(
        [*scaled.after, scaled.readout],
        [*by_hand.placement(circuit).after, by_hand.placement(circuit).readout],
        strict=True,
    ):
        assert [channel.wire for channel in found] == [channel.wire for channel in expected]
        strengths = [[channel.probability for channel in group] for group in (found, expected)]
        np.testing.assert_allclose(*strengths, rtol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bit_flip": 0.6}, "bit_flip times scale is 0.6, more than 0.5"),
        ({"scale": 51.0}, "bit_flip times scale is 0.51"),
        ({"bit_flip": 0.0, "scale": 200.0}, "depolarizing_pair times scale is 1, more than 0.75"),
        ({"depolarizing_single": 0.76}, "depolarizing_single times scale"),
        ({"depolarizing_pair": -0.1}, "greater than or equal to 0"),
        ({"scale": -1.0}, "greater than or equal to 0"),
        ({"mode": "both"}, "official"),
        ({"phase_flip": 0.1}, "Extra inputs"),
    ],
)
def test_invalid_settings_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        NoiseModel(**settings)
