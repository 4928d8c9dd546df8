"""Answers on transformed copies: the copies themselves, the count, leakage present and absent."""

from dataclasses import replace

import numpy as np
import pytest
from attack_example import FORGET, evidence, relabelled
from pydantic import ValidationError
from qmu.attacks.methods import label_only
from qmu.data import features
from qmu.data.images import scaled
from qmu.errors import QmuError
from qmu.metrics.roc import Roc, auc
from scipy.special import ndtri

NAMES = ("test", "label_only")
CONFIG = label_only.Config()
COMPONENTS = 12


def _tables(n=60, side=8):
    """A pool table of random images, and its rows of role "pool"."""
    rng = np.random.default_rng(0)
    image = rng.integers(256, size=(n, side * side)).astype(np.uint8)
    role = np.where(np.arange(n) % 3 == 0, "public", "pool").astype(object)
    everything = {
        "sample_id": np.arange(n),
        "role": role,
        "image": image,
        "features": features.principal_components(scaled(image), role == "public", COMPONENTS),
    }
    return everything, {name: column[role == "pool"] for name, column in everything.items()}


def _copies(inputs, config=CONFIG, names=NAMES, tables=None):
    everything, pool = tables or _tables()
    return list(label_only.copies(everything, pool, inputs, config, names)), pool


def _score(whole):
    return label_only.score({}, whole, CONFIG, NAMES)


def test_shift_moves_pixels_and_loses_what_leaves_the_frame():
    image = np.arange(1, 10, dtype=np.uint8).reshape(1, 9)
    moved = {
        way: label_only.shift(image, *way).reshape(3, 3).tolist()
        for way in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (0, 0)]
    }
    assert moved[1, 0] == [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert moved[-1, 0] == [[4, 5, 6], [7, 8, 9], [0, 0, 0]]
    assert moved[0, 1] == [[0, 1, 2], [0, 4, 5], [0, 7, 8]]
    assert moved[0, -1] == [[2, 3, 0], [5, 6, 0], [8, 9, 0]]
    assert moved[1, 1] == [[0, 0, 0], [0, 1, 2], [0, 4, 5]]
    assert moved[0, 0] == image.reshape(3, 3).tolist()


def test_directions():
    assert set(label_only.directions(CONFIG)) == {(-1, 0), (1, 0), (0, -1), (0, 1)}
    far = label_only.directions(label_only.Config(shift=2, diagonals=True))
    assert len(set(far)) == len(far) == 16
    assert max(max(map(abs, way)) for way in far) == 2
    with pytest.raises(ValidationError):
        label_only.Config(shift=3)


@pytest.mark.parametrize("inputs", ["image", "features"])
def test_one_copy_per_shift_and_noise_with_every_column(inputs):
    config = label_only.Config(noise=(0.1, 0.5), noise_copies=3)
    found, pool = _copies(inputs, config)
    assert len(found) == 4 + 2 * 3
    for copy in found:
        assert copy.keys() == pool.keys()
        assert copy[inputs].shape == pool[inputs].shape
        assert not np.array_equal(copy[inputs], pool[inputs])
        np.testing.assert_array_equal(copy["sample_id"], pool["sample_id"])


def test_shifted_images_land_on_the_public_components():
    """As if the shifted images had stood in the pool when it was projected."""
    everything, pool = _tables()
    found, _ = _copies("features")
    public = everything["role"] == "public"
    for copy, way in zip(found, label_only.directions(CONFIG), strict=False):
        images = everything["image"].copy()
        images[~public] = label_only.shift(pool["image"], *way)
        expected = features.principal_components(scaled(images), public, COMPONENTS)[~public]
        np.testing.assert_allclose(copy["features"], expected, atol=1e-9)


@pytest.mark.parametrize("inputs", ["image", "features"])
def test_noise_has_the_asked_size_on_the_model_s_input(inputs):
    found, pool = _copies(
        inputs, label_only.Config(noise=(0.2, 0.4), noise_copies=1), (1,), _tables(3000)
    )

    def read(copy):
        return copy["image"] / 127.5 - 1 if inputs == "image" else copy["features"]

    size = np.sqrt(np.mean(read(pool) ** 2))
    for copy, deviation in zip(found[4:], (0.2, 0.4), strict=True):
        assert np.std(read(copy) - read(pool)) == pytest.approx(deviation * size, rel=0.02)


def test_noise_comes_from_names():
    first, second, other = (_copies("image", names=(name,))[0][-1]["image"] for name in "aab")
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_copies_leave_the_pool_untouched():
    everything, pool = _tables()
    before = {name: column.copy() for name, column in pool.items()}
    _copies("features", tables=(everything, pool))
    for name, column in pool.items():
        np.testing.assert_array_equal(column, before[name])


def test_what_is_no_image_meets_noise_alone(rng):
    table = {"role": np.array(["pool"] * 6), "features": rng.normal(size=(6, 3))}
    found = list(label_only.copies(table, table, "features", CONFIG, ("tests",)))
    assert len(found) == len(CONFIG.noise) * CONFIG.noise_copies
    assert all(copy["features"].shape == (6, 3) for copy in found)


def test_noisy_amplitudes_are_amplitudes(rng):
    values = rng.normal(size=(2, 6, 4))
    real, imaginary = values / np.linalg.norm(values, axis=(0, 2), keepdims=True)
    table = {"real": real, "imaginary": imaginary}
    for copy in label_only.copies(table, table, "states", CONFIG, ("tests",)):
        norm = np.sum(copy["real"] ** 2 + copy["imaginary"] ** 2, axis=1)
        np.testing.assert_allclose(norm, 1.0)
        assert not np.allclose(copy["real"], real)


def test_components_fitted_on_other_images_are_refused():
    everything, pool = _tables()
    other = features.principal_components(
        scaled(everything["image"]), everything["role"] == "pool", COMPONENTS
    )
    pool["features"] = other[everything["role"] == "pool"]
    with pytest.raises(QmuError, match="fit_on to 'public'"):
        _copies("features", tables=(everything, pool))
    with pytest.raises(QmuError, match="0 public images"):
        _copies("features", tables=(pool, pool))


def test_features_without_images_are_only_made_noisy():
    tables = [{n: c for n, c in table.items() if n != "image"} for table in _tables()]
    found, pool = _copies("features", tables=tables)
    assert len(found) == len(CONFIG.noise) * CONFIG.noise_copies
    for copy in found:
        assert copy.keys() == pool.keys()
        assert not np.array_equal(copy["features"], pool["features"])


def test_score_counts_the_image_and_its_copies():
    whole = evidence(n=400)
    logits = np.zeros((400, 10))
    logits[np.arange(400), whole.audited.label] = 1.0
    right = np.zeros((400, 5), bool)
    right[1, :3] = True
    given = replace(whole.audited, logits=logits, right=right)
    found = _score(replace(whole, audited=given)).score
    assert found[:2].tolist() == [1.0, 4.0]


def test_threshold_is_the_calibrating_model_s_best():
    whole = evidence(n=400)
    member, label = whole.calibration.member, whole.calibration.label
    right = np.repeat(member[:, None], 9, axis=1)
    right[:, :3] = True
    logits = np.eye(10)[label]
    calibration = replace(whole.calibration, right=right, logits=logits)
    # Members have 10 right answers, others 4: the best cut is halfway.
    scored = _score(replace(whole, calibration=calibration))
    np.testing.assert_array_equal(scored.decision, scored.score >= 7)


def test_planted_memory_is_caught():
    whole = evidence(n=2000)
    scored, given = _score(whole), whole.audited
    for group in (given.forget, ~given.forget):
        assert auc(scored.score[group & given.member], scored.score[group & ~given.member]) > 0.65
    assert scored.decision[given.member].mean() - scored.decision[~given.member].mean() > 0.2


def test_shuffled_membership_gives_no_advantage():
    whole = evidence(n=4000)
    dealt = relabelled(whole.audited, seed=3)
    scored = _score(replace(whole, audited=dealt))
    assert abs(scored.decision[dealt.member].mean() - scored.decision[~dealt.member].mean()) < 0.06


def test_interval_holds_chance_where_the_model_saw_other_data():
    whole, outside = evidence(n=600), 0
    blind = evidence(n=600, seed=9, memory=0.0).audited
    for seed in range(60):
        dealt = relabelled(blind, seed)
        scored = _score(replace(whole, audited=dealt))
        roc = Roc(scored.score[dealt.member], scored.score[~dealt.member])
        spread = roc.replicates(np.random.default_rng(seed), 200)[0].std()
        outside += abs(roc.auc - 0.5) > ndtri(0.975) * spread
    # 60 draws at 5%: more than 9 has probability 0.001.
    assert outside <= 9


def test_a_mask_leaves_nothing_to_count():
    whole = evidence(n=1000, masked=True)
    scored = _score(whole)
    here = whole.audited.label == FORGET
    assert np.all(scored.score[here] == 0)
    assert not scored.decision[here].any()


def test_missing_answers_are_refused():
    whole = evidence(n=400)
    with pytest.raises(ValueError, match="transformed copies"):
        _score(replace(whole, audited=replace(whole.audited, right=None)))
    with pytest.raises(ValueError, match="shadow model"):
        _score(replace(whole, calibration=None))
