"""QMIA: coverage of its quantile, its invariances, leakage present and absent, masked classes."""

from dataclasses import replace

import numpy as np
import pytest
from attack_example import FORGET, relabelled, suppressed, view
from qmu.attacks.game import Evidence
from qmu.attacks.methods import qmia
from qmu.metrics.roc import auc

NAMES = ("test",)


def _run(given, **settings):
    return qmia.score({}, Evidence(given, given), qmia.Config(**settings), NAMES)


def _area(scored, given, group=None):
    free = ~scored.fitted if group is None else ~scored.fitted & group
    return auc(scored.score[free & given.member], scored.score[free & ~given.member])


def test_hinge_is_the_margin_over_the_best_other_class():
    given = view(n=60)
    p = np.exp(given.logits) / np.exp(given.logits).sum(axis=1, keepdims=True)
    rows = np.arange(60)
    own = p[rows, given.label]
    p[rows, given.label] = 0
    np.testing.assert_allclose(qmia.hinge(given), np.log(own) - np.log(p.max(axis=1)))


def test_covariates_ignore_the_labels_own_logit_and_a_common_shift():
    given = view(n=60)
    logits = given.logits + 3.0
    logits[np.arange(60), given.label] += 9.0
    found, moved = qmia.covariates(given), qmia.covariates(replace(given, logits=logits))
    np.testing.assert_allclose(found, moved, atol=1e-9)
    assert found.shape == (60, 19)
    np.testing.assert_array_equal(found[:, :10].argmax(axis=1), given.label)
    np.testing.assert_allclose(np.exp(found[:, 10:]).sum(axis=1), 1.0)
    assert (np.diff(found[:, 10:], axis=1) <= 0).all()


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_a_quantile_holds_on_exchangeable_non_members(level):
    """Unfitted non-members exceed their quantile at the rate asked for, members alike where
    nothing was memorised."""
    rates = {True: [], False: []}
    for seed in range(8):
        given = relabelled(view(seed, n=2000), seed)
        scored = _run(given, level=level)
        for member, found in rates.items():
            found.append(scored.decision[~scored.fitted & (given.member == member)].mean())
    # Eight fits of 19 coefficients on about 360 images: some 5% more exceed than were to.
    for found in rates.values():
        assert np.mean(found) == pytest.approx(level, abs=0.06)


def test_a_quantile_depends_on_what_is_comparable():
    """Where the scale of the other classes tells how sure the model is, errors follow: a constant
    quantile would exclude the unsure half for ever."""
    rng = np.random.default_rng(0)
    given = view(n=4000)
    sure = rng.random(4000) < 0.5
    logits = given.logits * np.where(sure, 1.0, 0.2)[:, None]
    found = _run(replace(given, logits=logits), level=0.1)
    free = ~found.fitted
    for half in (sure, ~sure):
        assert 0.03 < found.decision[free & half].mean() < 0.25


def test_null_scores_rank_by_chance_and_memories_do_not():
    areas = [_area(_run(v), v) for v in (relabelled(view(s), s) for s in range(6))]
    assert abs(np.mean(areas) - 0.5) < 0.03
    given = view(memory=6.0)
    for group in (given.forget, ~given.forget):
        assert _area(_run(given), given, group) > 0.8


def test_row_order_does_not_matter():
    given = view(n=800)
    rows = np.random.default_rng(1).permutation(800)
    names = ("sample_id", "label", "split", "forget", "member", "logits")
    moved = replace(given, **{name: getattr(given, name)[rows] for name in names})
    first, second = _run(given), _run(moved)
    np.testing.assert_array_equal(first.fitted[rows], second.fitted)
    np.testing.assert_allclose(first.score[rows], second.score, atol=1e-6)


def test_population_is_what_is_not_judged():
    given = view(n=800)
    scored = _run(given)
    part = np.array([name.rpartition("_")[2] for name in given.split])
    assert scored.fitted[part == "validation"].all()
    assert not scored.fitted[(part == "test") | (part == "train")].any()


@pytest.mark.parametrize("amount", [np.inf, 50.0])
def test_a_denied_class_is_judged_among_its_own(amount):
    given = suppressed(view(memory=6.0), amount)
    scored = _run(given)
    assert np.isfinite(scored.score).all()
    if np.isfinite(amount):
        assert _area(scored, given, given.label == FORGET) > 0.8


def test_a_model_that_names_one_class_only_is_no_nan():
    given = view(n=400)
    logits = np.full_like(given.logits, -np.inf)
    logits[:, 0] = 0.0
    assert np.isfinite(_run(replace(given, logits=logits)).score).all()


def test_without_a_population_it_refuses():
    given = view(n=100)
    split = np.full(100, "retain_train", dtype=object)
    with pytest.raises(ValueError, match="population"):
        _run(replace(given, split=split))
