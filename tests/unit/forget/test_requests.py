"""Requests of single rows: who is asked for, who they are compared with, what is altered."""

import numpy as np
import pytest
from qmu import registry
from qmu.forget.draws import compared, stratified
from qmu.forget.scenario import Marked
from qmu.forget.scenarios import canaries

LABEL = np.repeat([0, 1, 2], [60, 30, 10])
ROWS = len(LABEL)


def test_every_class_has_its_share(rng):
    drawn = stratified(LABEL, 10, rng)
    assert np.bincount(LABEL[drawn]).tolist() == [6, 3, 1]
    assert np.array_equal(drawn, np.unique(drawn))
    # 3.6, 1.8 and 0.6 rows: the largest remainders are rounded up, of equal ones the first.
    assert np.bincount(LABEL[stratified(LABEL, 6, rng)]).tolist() == [4, 2]
    assert len(stratified(LABEL, ROWS, rng)) == ROWS


def test_compared_rows_have_the_same_labels_and_are_others(rng):
    requested = np.zeros(ROWS, bool)
    requested[[0, 1, 2, 60]] = True
    found = compared(LABEL, requested, 25, rng)
    # 100 / 25 - 1 = 3 for each.
    assert np.bincount(LABEL[found]).tolist() == [9, 3]
    assert not np.any(found & requested)
    # Half of what a class has left, and of what is allowed, stays.
    assert np.bincount(LABEL[compared(LABEL, LABEL == 2, 25, rng)], minlength=3).tolist() == [0] * 3
    few = compared(LABEL, requested, 5, rng)
    assert np.bincount(LABEL[few]).tolist() == [28, 14]
    allowed = np.arange(ROWS) < 20
    assert np.flatnonzero(compared(LABEL, requested, 5, rng, allowed)).max() < 20


def marked(kind, rng, **settings):
    module = registry.load("forget", kind)
    pool = {
        "sample_id": np.arange(ROWS) + 5,
        "label": LABEL,
        "memorisation": np.linspace(1, -1, ROWS),
    }
    return module.mark(pool, module.Config(**settings), 25, rng)


def test_a_fraction_of_the_training_rows_by_label(rng):
    found = marked("fraction", rng, percent=40)
    assert np.bincount(LABEL[found.requested]).tolist() == [6, 3, 1]
    assert np.bincount(LABEL[found.rows & ~found.requested]).tolist() == [18, 9, 3]
    assert marked("fraction", rng, percent=0.1).requested.sum() == 1


def test_the_worst_case_is_what_is_memorised_most_and_a_coin_decides(rng):
    draws = [marked("worst_case", rng, rows=5) for _ in range(200)]
    for found in draws:
        assert np.flatnonzero(found.rows).tolist() == list(range(20))
        assert found.requested.sum() == 5
    often = np.mean([found.requested[:20] for found in draws], axis=0)
    assert np.all(np.abs(often - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 200))


def test_poison_flips_the_marked_labels_and_no_other(rng):
    module = registry.load("forget", "poison")
    config = module.Config(percent=40)
    found = marked("poison", rng, percent=40)
    label = module.alter({"label": LABEL}, found, config, 3, rng)["label"]
    assert np.array_equal(label != LABEL, found.rows)
    # With two classes the flip is its own inverse.
    two = {"label": LABEL % 2}
    there = module.alter(two, found, config, 2, rng)
    assert np.array_equal(module.alter(there, found, config, 2, rng)["label"], two["label"])


@pytest.mark.parametrize("distance", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("dtype", [float, complex])
def test_a_canary_has_the_trace_distance_asked_for(distance, dtype, rng):
    rows = rng.normal(size=(20, 8)).astype(dtype)
    if dtype is complex:
        rows = rows + 1j * rng.normal(size=(20, 8))
    found = canaries.turned(rows, distance, rng)
    assert found.dtype == rows.dtype
    assert np.allclose(np.linalg.norm(found, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-12)
    for before, after in zip(rows, found, strict=True):
        # The second route: half the sum of the absolute eigenvalues of the difference.
        states = [v / np.linalg.norm(v) for v in (before, after)]
        difference = np.subtract(*(np.outer(v, v.conj()) for v in states))
        assert np.abs(np.linalg.eigvalsh(difference)).sum() / 2 == pytest.approx(distance, abs=1e-7)


def test_canaries_of_states_and_of_features_are_planted_in_place(rng):
    mask = np.arange(ROWS) % 9 == 0
    config = canaries.Config(rows=3, distance=0.3)
    real, imaginary = rng.normal(size=(2, ROWS, 4))
    pool = {"label": LABEL, "real": real, "imaginary": imaginary}
    found = canaries.alter(pool, Marked(mask, mask & (np.arange(ROWS) < 30)), config, 3, rng)
    assert set(found) == {"label", "real", "imaginary"}
    assert np.array_equal(found["real"][~mask], real[~mask])
    assert np.array_equal(found["label"] != LABEL, mask)
