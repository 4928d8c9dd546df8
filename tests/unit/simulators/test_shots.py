"""Finite shots: the estimator's mean, variance and covariance, and its determinism."""

import numpy as np
import pytest
from qmu import seeds
from qmu.simulators import shots
from qmu.simulators.shots import marginals, sample_expectations


@pytest.fixture
def probabilities(rng) -> np.ndarray:
    return rng.dirichlet(np.full(16, 0.4), size=5)


def z(wires, wire):
    return 1 - 2 * (np.arange(2**wires) >> (wires - 1 - wire) & 1)


def test_marginals_keep_the_means_of_z(probabilities):
    kept = marginals(probabilities, (3, 0))
    for place, wire in enumerate((3, 0)):
        np.testing.assert_allclose(kept @ z(2, place), probabilities @ z(4, wire), atol=1e-15)


@pytest.mark.parametrize("measured", [(0, 1, 2, 3), (2, 0, 3), (1,)])
def test_mean_variance_and_covariance(probabilities, measured):
    count, repeats = 32, 20_000
    found = sample_expectations(
        probabilities, measured, count, seeds.generator("moments"), repeats=repeats
    )
    assert found.shape == (repeats, 5, len(measured))
    outcomes = np.stack([z(4, wire) for wire in measured], axis=1)
    for image, chances in enumerate(probabilities):
        mean = chances @ outcomes
        covariance = (outcomes.T * chances @ outcomes - np.outer(mean, mean)) / count
        np.testing.assert_allclose(np.diag(covariance), (1 - mean**2) / count, atol=1e-15)
        spread = np.sqrt(np.diag(covariance))
        drawn = found[:, image]
        assert (np.abs(drawn.mean(axis=0) - mean) < 5 * spread / np.sqrt(repeats)).all()
        error = np.cov(drawn.T).reshape(covariance.shape) - covariance
        # A sample covariance scatters by at most sqrt(2 / repeats) of the two spreads' product.
        assert (np.abs(error) < 0.05 * np.outer(spread, spread)).all()


def test_wires_of_one_state_share_their_shots():
    bell = np.array([[0.5, 0.0, 0.0, 0.5]])
    found = sample_expectations(bell, (0, 1), 7, seeds.generator("bell"), repeats=50)
    np.testing.assert_array_equal(found[..., 0], found[..., 1])
    assert found.std() > 0


def test_many_shots_converge_to_the_exact_values(probabilities):
    exact = probabilities @ np.stack([z(4, wire) for wire in range(4)], axis=1)
    errors = [
        np.abs(sample_expectations(probabilities, range(4), count, seeds.generator(1)) - exact)
        for count in (10**2, 10**4, 10**6, 10**8)
    ]
    for count, error in zip((10**2, 10**4, 10**6, 10**8), errors, strict=True):
        assert error.max() < 5 / np.sqrt(count)


def test_estimates_are_multiples_of_two_over_shots(probabilities):
    found = sample_expectations(probabilities, range(4), 5, seeds.generator(2), repeats=10)
    steps = (1 - found) * 5 / 2
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-12)
    assert steps.min() >= 0
    assert steps.max() <= 5


def test_a_certain_outcome_has_no_spread():
    sure = np.eye(8)[[5]]
    found = sample_expectations(sure, (0, 1, 2), 3, seeds.generator(3), repeats=4)
    np.testing.assert_array_equal(found, np.broadcast_to([-1.0, 1.0, -1.0], (4, 1, 3)))


@pytest.mark.parametrize("repeats", [1, 3])
def test_draws_do_not_depend_on_blocks_or_calls(probabilities, monkeypatch, repeats):
    def draw(rows, rng):
        return sample_expectations(rows, (0, 2), 64, rng, repeats=repeats)

    whole = draw(probabilities, seeds.generator("test", 0))
    np.testing.assert_array_equal(draw(probabilities, seeds.generator("test", 0)), whole)
    rng = seeds.generator("test", 0)
    halves = [draw(probabilities[:2], rng), draw(probabilities[2:], rng)]
    np.testing.assert_array_equal(np.concatenate(halves, axis=1), whole)
    monkeypatch.setattr(shots, "BLOCK_BYTES", 1)
    np.testing.assert_array_equal(draw(probabilities, seeds.generator("test", 0)), whole)
    assert (draw(probabilities, seeds.generator("test", 1)) != whole).any()


def test_repeats_are_independent_executions(probabilities):
    found = sample_expectations(probabilities, (0,), 256, seeds.generator(4), repeats=4000)
    centred = found[:, 1, 0] - found[:, 1, 0].mean()
    assert abs(np.mean(centred[1:] * centred[:-1]) / np.var(centred)) < 0.08


def test_marginals_follow_the_order_of_the_wires(rng):
    table = rng.dirichlet(np.ones(8), size=2)
    tensor = table.reshape(2, 2, 2, 2)
    np.testing.assert_allclose(
        marginals(table, (2, 0)).reshape(2, 2, 2), tensor.sum(axis=2).transpose(0, 2, 1)
    )
    np.testing.assert_allclose(marginals(table, (0, 1, 2)), table, rtol=1e-14)


def test_rounding_below_zero_is_no_error():
    tiny = np.array([[1.0 + 1e-7, -1e-7]], dtype=np.float32)
    np.testing.assert_array_equal(marginals(tiny, (0,)), [[1.0, 0.0]])
    assert sample_expectations(tiny, (0,), 4, seeds.generator(5)).tolist() == [[[1.0]]]


@pytest.mark.parametrize(
    ("probabilities", "measured", "message"),
    [
        ([[0.5, 0.6]], (0,), "sum to one"),
        ([[1.1, -0.1]], (0,), "non-negative"),
        ([[np.nan, 1.0]], (0,), "non-negative"),
        ([[0.2, 0.3, 0.5]], (0,), "2\\*\\*wires"),
        ([1.0, 0.0], (0,), "2\\*\\*wires"),
        ([[0.5, 0.5]], (1,), "different wires of 1"),
        ([[0.25] * 4], (1, 1), "different wires of 2"),
    ],
)
def test_what_is_no_distribution_is_refused(probabilities, measured, message):
    with pytest.raises(ValueError, match=message):
        sample_expectations(np.array(probabilities), measured, 8, seeds.generator(6))


@pytest.mark.parametrize(("count", "repeats"), [(0, 1), (8, 0)])
def test_at_least_one_shot_and_one_repeat(count, repeats):
    with pytest.raises(ValueError, match="at least 1"):
        sample_expectations(np.array([[0.5, 0.5]]), (0,), count, seeds.generator(7), repeats)
