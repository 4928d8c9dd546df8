"""Distances between pure states, and the measure that takes them from models."""

from dataclasses import replace

import circuit_reference
import fixtures
import numpy as np
import pennylane as qml
import pytest
import quality_example
from qmu.circuits.qnode import operations
from qmu.metrics.distances import between_states
from qmu.models import states as _states
from qmu.models.outputs import evaluate
from qmu.quality.measures import parameter_distance, quantum_distance
from qmu.seeds import generator


def _random_states(name, count=50, size=8):
    rng = generator("tests", "states", name)
    found = rng.normal(size=(count, size)) + 1j * rng.normal(size=(count, size))
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def _nearby(states, scale):
    moved = states + scale * _random_states("direction", *states.shape)
    return moved / np.linalg.norm(moved, axis=-1, keepdims=True)


def _mixed(states):
    return states[:, :, None] * states[:, None, :].conj()


def _trace_distance(first, second):
    """Half the trace norm of the difference of density matrices: the definition."""
    return 0.5 * np.abs(np.linalg.eigvalsh(first - second)).sum(axis=-1)


def test_two_qubits_by_hand():
    """|00> against cos t |00> + sin t |11>: F = cos^2 t."""
    t = np.pi / 3
    first = np.array([[1, 0, 0, 0]], complex)
    second = np.array([[np.cos(t), 0, 0, np.sin(t)]], complex)
    found = between_states(first, second)
    assert found["fidelity"] == pytest.approx(0.25)
    assert found["trace_distance"] == pytest.approx(np.sqrt(0.75))
    assert found["helstrom"] == pytest.approx((1 + np.sqrt(0.75)) / 2)
    assert found["bures"] == pytest.approx(1.0)
    # <Z_0> = <Z_1> = cos^2 - sin^2; |01> tells the wires apart.
    np.testing.assert_allclose(_states.expectations(second, (0, 1)), [[-0.5, -0.5]])
    np.testing.assert_array_equal(_states.expectations(np.eye(4)[1:2], (0, 1)), [[1, -1]])
    np.testing.assert_array_equal(_states.expectations(np.eye(4)[1:2], (1,)), [[-1]])


def test_extremes():
    states = _random_states("extremes")
    same = between_states(states, states)
    for name, value in (("fidelity", 1), ("trace_distance", 0), ("helstrom", 0.5), ("bures", 0)):
        np.testing.assert_allclose(same[name], value, atol=1e-15)
    orthogonal = between_states(np.eye(4)[:1] + 0j, np.eye(4)[1:2] + 0j)
    assert orthogonal["fidelity"] == pytest.approx(0, abs=1e-15)
    assert orthogonal["trace_distance"] == pytest.approx(1)
    assert orthogonal["bures"] == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0])
def test_agrees_with_the_definition_and_is_bounded_by_fidelity(scale):
    first = _random_states("first")
    second = _nearby(first, scale)
    found = between_states(first, second)
    overlap = np.abs(np.sum(first.conj() * second, axis=-1)) ** 2
    np.testing.assert_allclose(found["fidelity"], overlap, atol=1e-14)
    direct = _trace_distance(_mixed(first), _mixed(second))
    np.testing.assert_allclose(found["trace_distance"], direct, rtol=1e-5, atol=1e-15)
    low, high = 1 - np.sqrt(found["fidelity"]), np.sqrt(1 - found["fidelity"])
    assert np.all(low <= found["trace_distance"] + 1e-12)
    np.testing.assert_allclose(found["trace_distance"], high, atol=2e-8)


def test_small_distances_keep_their_digits():
    """1 - F of states 1e-10 apart is lost in double precision; the distance is not."""
    first = np.array([[1, 0]], complex)
    second = np.array([[1, 1e-10]], complex)
    assert between_states(first, second)["trace_distance"] == pytest.approx(1e-10, rel=1e-6)


def test_phases_do_not_matter():
    first, second = _random_states("first"), _random_states("second")
    turned = second * np.exp(1j * np.linspace(0, 6, len(second)))[:, None]
    plain, rotated = (between_states(first, other) for other in (second, turned))
    for name in plain:
        np.testing.assert_allclose(plain[name], rotated[name], atol=1e-12)


def test_a_channel_brings_states_together():
    """Depolarising contracts the trace distance, here by exactly 1 - p."""
    first, second, p = _random_states("first"), _random_states("second"), 0.3
    noise = p * np.eye(8) / 8
    depolarised = [(1 - p) * _mixed(states) + noise for states in (first, second)]
    pure = between_states(first, second)["trace_distance"]
    mixed = _trace_distance(*depolarised)
    assert np.all(mixed < pure)
    np.testing.assert_allclose(mixed, (1 - p) * pure, rtol=1e-10)


def test_expectation_values_differ_by_at_most_twice_the_trace_distance():
    first = _random_states("first")
    for scale in (0.01, 0.3, 3.0):
        second = _nearby(first, scale)
        gap = [_states.expectations(states, (0, 1, 2)) for states in (first, second)]
        bound = 2 * between_states(first, second)["trace_distance"]
        assert np.all(np.abs(gap[0] - gap[1]) <= bound[:, None] + 1e-12)


def test_states_agree_with_pennylane():
    """Two routes to the final state of a random circuit with every kind of gate."""
    import jax.numpy as jnp
    from qmu.simulators.statevector.engine import states_function

    fixtures.small_model()  # double precision
    rng = generator("tests", "states", "circuit")
    circuit = circuit_reference.random_circuit(rng, 3, 40, "amplitude")
    angles = rng.normal(size=circuit.parameters)
    inputs = _random_states("inputs", 4)
    mine = np.asarray(states_function(circuit, "double")(jnp.asarray(angles), jnp.asarray(inputs)))

    @qml.qnode(qml.device("default.qubit", wires=3))
    def reference(row):
        operations(circuit, angles, row)
        return qml.state()

    other = np.stack([reference(row) for row in inputs])
    assert np.all(between_states(mine, other)["trace_distance"] < 1e-7)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_a_models_states_give_its_expectation_values(precision):
    model = fixtures.small_model(precision=precision)
    inputs, _ = fixtures.small_data(600)
    inputs = inputs.astype(model.dtype)
    parameters = model.initial_parameters(generator("tests", "parameters"))
    states = _states.final_states(model, parameters, inputs)
    assert states.shape == (600, 16)
    np.testing.assert_allclose(np.linalg.norm(states, axis=-1), 1.0, atol=1e-12)
    mine = _states.expectations(states, model.circuit.measured)
    expected = evaluate(model, parameters, inputs)["expectation_values"]
    np.testing.assert_allclose(mine, expected, atol=1e-5 if precision == "single" else 1e-10)
    embedded = _states.embedded(model, parameters, inputs)
    norm = np.linalg.norm(inputs.astype(np.float64), axis=-1, keepdims=True)
    np.testing.assert_allclose(embedded, inputs / norm, atol=1e-6)


def _values(figures):
    return {(f.metric, f.split, f.subject.seed): f.estimate.value for f in figures}


def test_a_model_that_is_its_references_has_no_distance():
    exam = quality_example.exam(fleets=False)
    seeds = [replace(one, parameters=one.retrain, ensemble=(one.retrain,)) for one in exam.seeds]
    found = _values(
        quantum_distance.measure(replace(exam, seeds=tuple(seeds)), quantum_distance.Config())
    )
    wanted = {"fidelity": 1, "trace_distance": 0, "helstrom": 0.5, "bures": 0}
    for split in quantum_distance.SPLITS:
        for name, value in (wanted | {"expectation_distance": 0}).items():
            assert found[f"{name}_to_retrain", split, 0] == pytest.approx(value, abs=1e-14)


def test_figures_are_means_over_images_and_references():
    exam = quality_example.exam(fleets=False, seeds=1)
    (one,) = exam.seeds
    found = _values(quantum_distance.measure(exam, quantum_distance.Config()))
    inputs = one.inputs[one.rows("retain_test")]
    audited = _states.final_states(exam.model, one.parameters, inputs)
    means = []
    for other in (one.retrain, *one.ensemble):
        states = _states.final_states(exam.model, other, inputs)
        means.append(np.mean(np.abs(np.sum(audited.conj() * states, axis=-1)) ** 2))
    assert found["fidelity_to_retrain", "retain_test", 0] == pytest.approx(np.mean(means))


def test_retrain_is_never_compared_with_itself():
    exam = quality_example.exam("retrain", fleets=False, seeds=1)
    found = _values(quantum_distance.measure(exam, quantum_distance.Config()))
    assert 0 < found["fidelity_to_retrain_floor", "forget_test", 0] < 0.99
    alone = replace(exam, seeds=(replace(exam.seeds[0], ensemble=()),))
    assert np.isnan([*_values(quantum_distance.measure(alone, None)).values()]).all()
    far = _values(parameter_distance.measure(alone, None))
    assert np.isnan(far["distance_to_retrain_floor", None, 0])


def test_parameter_distance_by_hand():
    first = {"a": np.array([3.0, 0.0]), "b": np.array([[-np.inf, 4.0]])}
    second = {"a": np.zeros(2), "b": np.zeros((1, 2))}
    assert parameter_distance.distance(first, second) == pytest.approx(5.0)
    assert parameter_distance.distance(first, first) == 0.0


def test_a_full_turn_of_an_angle_is_no_distance():
    exam = quality_example.exam(fleets=False, seeds=1)
    (one,) = exam.seeds
    turned = {**one.retrain, "circuit": one.retrain["circuit"] + 2 * np.pi}
    circuit = exam.model.circuit
    assert parameter_distance.distance(turned, one.retrain, circuit) == pytest.approx(0, abs=1e-9)
    # The shorter way round: 2 pi - 0.5 is half a radian away.
    angles = np.zeros(circuit.parameters)
    near = {"circuit": angles + (2 * np.pi - 0.5) * (np.arange(len(angles)) == 3)}
    assert parameter_distance.distance(near, {"circuit": angles}, circuit) == pytest.approx(0.5)
    other = {**one.parameters, "circuit": one.parameters["circuit"] - 4 * np.pi}
    moved = replace(exam, seeds=(replace(one, parameters=other),))
    found, again = (_values(parameter_distance.measure(e, None)) for e in (exam, moved))
    for key, value in found.items():
        assert again[key] == pytest.approx(value, abs=1e-9)
