"""The published attack and its repaired form: populations, folds, leakage present and absent."""

from dataclasses import replace

import numpy as np
import pytest
from attack_example import for_fitting, relabelled, suppressed, view
from qmu.attacks.methods import loss_thr, su_graybox, su_graybox_fixed
from qmu.metrics.roc import Roc, auc
from scipy.special import ndtri

NAMES = ("test", "graybox")


def _gap(scored, given, rows):
    """AUC and advantage of members against non-members among ``rows``."""
    member = given.member
    inside, outside = rows & member, rows & ~member
    advantage = scored.decision[inside].mean() - scored.decision[outside].mean()
    return auc(scored.score[inside], scored.score[outside]), advantage


def _published(given, **changes):
    config = su_graybox.Config(**changes)
    return su_graybox.fit(for_fitting(given), config, NAMES), config


def test_published_population_is_the_first_of_each_side_in_all_classes():
    given = view(n=8000)
    fitted, _ = _published(given, steps=1)
    ids = fitted["population_sample_id"]
    rows = np.searchsorted(given.sample_id, ids)
    assert given.member[rows].sum() == 500
    assert {str(s).rpartition("_")[2] for s in given.split[rows]} == {"train", "test"}
    assert np.bincount(given.label[rows], minlength=10).min() > 60
    assert len(fitted["fitted_sample_id"]) == 800
    assert set(fitted["fitted_sample_id"]) < set(ids)


def test_population_is_capped_by_what_exists():
    given = view(n=400)
    rows = su_graybox.population(given, su_graybox.Config())
    part = np.array([str(s).rpartition("_")[2] for s in given.split])
    assert given.member[rows].sum() == given.member.sum() == 100
    assert len(rows) == 100 + np.sum(part == "test")


def test_published_attack_memorises_the_points_it_is_judged_on():
    """The trap of the published figure: without any leakage the points fitted on look leaked."""
    given = view(memory=0.0)
    fitted, config = _published(given)
    scored = su_graybox.score(fitted, for_fitting(given), config, NAMES)
    seen, _ = _gap(scored, given, scored.fitted)
    fresh, _ = _gap(scored, given, ~scored.fitted)
    assert seen > 0.8
    assert abs(fresh - 0.5) < 0.06


def test_frozen_attack_reports_nothing_on_a_mask_although_nothing_was_forgotten():
    target = view(memory=4.0)
    fitted, config = _published(target)
    forget_members = target.forget & target.member
    before = (
        su_graybox.score(fitted, for_fitting(target), config, NAMES).decision[forget_members].mean()
    )
    assert before > 0.9
    for amount in (60.0, np.inf):
        masked = suppressed(target, amount)
        after = (
            su_graybox.score(fitted, for_fitting(masked), config, NAMES)
            .decision[forget_members]
            .mean()
        )
        assert after < 0.02
    # A large finite suppression keeps the order of the losses: the members stand out as before.
    others = target.forget & ~target.member
    losses = [
        loss_thr.score({"threshold": np.zeros(1)}, for_fitting(v), loss_thr.Config(), NAMES).score
        for v in (target, suppressed(target, 60.0), suppressed(target, np.inf))
    ]
    areas = [auc(score[forget_members], score[others]) for score in losses]
    assert areas[0] > 0.75
    assert areas[1] == pytest.approx(areas[0], abs=0.01)
    # With -inf the label's logit is gone, all losses are infinite, and the attack is blind.
    assert areas[2] == 0.5


def test_pool_is_balanced_within_each_class():
    given = view()
    pool = su_graybox_fixed.balanced_pool(given, NAMES)
    assert len(np.unique(pool)) == len(pool)
    part = np.array([str(s).rpartition("_")[2] for s in given.split])
    for label in range(10):
        here = pool[given.label[pool] == label]
        assert given.member[here].sum() == len(here) / 2
        available = np.sum((given.label == label) & (part == "test"))
        assert np.sum(part[here] == "test") == min(available, len(here) // 2)
    assert "validation" not in set(part[pool])


def test_the_larger_side_is_thinned():
    given = view()
    few = np.flatnonzero(~given.member & (given.label == 3))[5:]
    keep = np.setdiff1d(np.arange(len(given.label)), few)
    columns = ("sample_id", "label", "split", "forget", "member", "logits")
    thin = replace(given, **{name: getattr(given, name)[keep] for name in columns})
    pool = su_graybox_fixed.balanced_pool(thin, NAMES)
    here = pool[thin.label[pool] == 3]
    assert thin.member[here].sum() == len(here) / 2 <= 5


def test_folds_are_even_within_class_and_membership():
    given = view()
    pool = su_graybox_fixed.balanced_pool(given, NAMES)
    fold = su_graybox_fixed.deal_folds(given, pool, 5, NAMES)
    for label in range(10):
        for member in (False, True):
            rows = pool[(given.label[pool] == label) & (given.member[pool] == member)]
            counts = np.bincount(fold[rows], minlength=5)
            assert np.ptp(counts) <= 1


def test_features_are_standardised_by_the_rows_fitted_on():
    inputs = np.array([[1.0, 5.0], [3.0, 5.0], [9.0, 7.0]])
    found = su_graybox_fixed._standardised(inputs, np.array([0, 1]))
    assert found.tolist() == [[-1.0, 0.0], [1.0, 0.0], [7.0, 0.0]]


def test_no_sample_reaches_the_network_that_scores_it():
    """Changing one sample changes the networks of the other folds and no score in its own."""
    given = view(n=800, memory=1.0)
    config = su_graybox_fixed.Config(steps=10)
    pool = su_graybox_fixed.balanced_pool(given, NAMES)
    fold = su_graybox_fixed.deal_folds(given, pool, config.folds, NAMES)
    changed = pool[3]
    logits = given.logits.copy()
    logits[changed] = -logits[changed]
    before = su_graybox_fixed.score({}, for_fitting(given), config, NAMES).score
    after = su_graybox_fixed.score(
        {}, for_fitting(replace(given, logits=logits)), config, NAMES
    ).score
    same = (fold == fold[changed]) & (np.arange(len(fold)) != changed)
    np.testing.assert_array_equal(before[same], after[same])
    assert np.all(before[fold != fold[changed]] != after[fold != fold[changed]])


def test_cross_fitted_attack_catches_a_memorising_model():
    given = view(memory=4.0)
    scored = su_graybox_fixed.score({}, for_fitting(given), su_graybox_fixed.Config(), NAMES)
    for group in (given.forget, ~given.forget):
        area, advantage = _gap(scored, given, group)
        assert area > 0.75
        assert advantage > 0.4


def test_cross_fitted_attack_finds_nothing_in_shuffled_membership():
    given = relabelled(view(memory=4.0), seed=5)
    scored = su_graybox_fixed.score({}, for_fitting(given), su_graybox_fixed.Config(), NAMES)
    area, advantage = _gap(scored, given, np.ones(len(given.label), bool))
    assert abs(area - 0.5) < 0.05
    assert abs(advantage) < 0.08


def test_cross_fitted_attack_rarely_excludes_chance_where_members_are_exchangeable():
    config = su_graybox_fixed.Config(steps=20)
    given, outside = view(n=800), 0
    for seed in range(30):
        dealt = relabelled(given, seed)
        scored = su_graybox_fixed.score({}, for_fitting(dealt), config, (*NAMES, seed))
        roc = Roc(scored.score[dealt.member], scored.score[~dealt.member])
        spread = roc.replicates(np.random.default_rng(seed), 200)[0].std()
        outside += abs(roc.auc - 0.5) > ndtri(0.975) * spread
    # 30 draws at 5%: more than 6 has probability 0.001.
    assert outside <= 6


def test_too_few_samples_are_refused():
    given = view()
    alone = replace(given, member=np.zeros(len(given.label), bool))
    with pytest.raises(ValueError, match="too few"):
        su_graybox_fixed.score({}, for_fitting(alone), su_graybox_fixed.Config(), NAMES)
    with pytest.raises(ValueError, match="at least two"):
        su_graybox.fit(for_fitting(alone), su_graybox.Config(), NAMES)
