"""One classifier per class: scikit-learn's own answers, balance, leakage present and absent."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from attack_example import FORGET, evidence, for_fitting, relabelled, shadows, view
from qmu.attacks.methods import shokri
from qmu.metrics.roc import Roc, auc
from scipy.special import ndtri

NAMES = ("test", "shokri")
CONFIG = shokri.Config()


def _fit(whole, config=CONFIG):
    return shokri.fit(for_fitting(whole.original, whole.shadows), config, NAMES)


@cache
def _caught():
    whole = evidence(n=2000)
    fitted = _fit(whole)
    return whole, fitted, shokri.score(fitted, whole, CONFIG, NAMES)


def test_scores_are_those_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    whole, _, scored = _caught()
    for label in (0, FORGET, 9):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
        model.fit(*shokri.training_set(whole.shadows, label, CONFIG, NAMES))
        here = whole.audited.label == label
        values = shokri.inputs(whole.audited.logits[here])
        np.testing.assert_allclose(scored.score[here], model.decision_function(values), rtol=1e-9)
        np.testing.assert_array_equal(scored.decision[here], model.predict(values))


@pytest.mark.parametrize("samples", [4000, 30])
def test_members_and_others_are_equally_many(samples):
    fleet = evidence(n=600).shadows
    values, member = shokri.training_set(fleet, 3, shokri.Config(samples=samples), NAMES)
    available = fleet.member[:, fleet.label == 3].sum()
    assert member.sum() == (~member).sum() == min(samples, available)
    assert values.shape == (len(member), fleet.logits.shape[-1])


def test_another_name_draws_other_non_members():
    fleet = evidence(n=600).shadows
    first, second = (shokri.training_set(fleet, 3, CONFIG, (name,))[0] for name in "ab")
    assert not np.array_equal(first, second)


def test_planted_memory_is_caught_in_every_class():
    whole, _, scored = _caught()
    given = whole.audited
    for label in range(10):
        here = given.label == label
        assert auc(scored.score[here & given.member], scored.score[here & ~given.member]) > 0.7
    advantage = scored.decision[given.member].mean() - scored.decision[~given.member].mean()
    assert advantage > 0.4


def test_shuffled_membership_gives_no_advantage():
    whole, fitted, _ = _caught()
    dealt = relabelled(whole.audited, seed=3)
    scored = shokri.score(fitted, replace(whole, audited=dealt), CONFIG, NAMES)
    advantage = scored.decision[dealt.member].mean() - scored.decision[~dealt.member].mean()
    assert abs(advantage) < 0.08


def test_shuffled_shadows_teach_nothing():
    whole = evidence(n=2000)
    rng = np.random.default_rng(4)
    member = np.stack([rng.permutation(row) for row in whole.shadows.member])
    fitted = _fit(replace(whole, shadows=replace(whole.shadows, member=member)))
    _, informed, _ = _caught()
    assert np.abs(fitted["weight"]).max() < np.abs(informed["weight"]).max() / 3


def test_interval_holds_chance_where_the_model_saw_other_data():
    _, fitted, _ = _caught()
    given, outside = view(9, n=600), 0
    for seed in range(60):
        dealt = relabelled(given, seed)
        scored = shokri.score(fitted, for_fitting(dealt), CONFIG, NAMES)
        roc = Roc(scored.score[dealt.member], scored.score[~dealt.member])
        spread = roc.replicates(np.random.default_rng(seed), 200)[0].std()
        outside += abs(roc.auc - 0.5) > ndtri(0.975) * spread
    # 60 draws at 5%: more than 9 has probability 0.001.
    assert outside <= 9


def test_inputs_are_log_odds_within_the_cap():
    logits = np.array([[0.0, np.log(3.0)], [0.0, -np.inf], [0.0, 100.0]])
    expected = [[-np.log(3.0), np.log(3.0)], [30.0, -30.0], [-30.0, 30.0]]
    np.testing.assert_allclose(shokri.inputs(logits), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="finite or minus infinity"):
        shokri.inputs(np.array([[0.0, np.nan]]))


def test_shadows_without_both_sides_of_a_class_are_refused():
    fleet = shadows()
    fleet.member[:, fleet.label == 7] = True
    with pytest.raises(ValueError, match="class 7 needs members"):
        shokri.fit(for_fitting(view(), fleet), CONFIG, NAMES)
    with pytest.raises(ValueError, match="shadow models"):
        shokri.fit(for_fitting(view()), CONFIG, NAMES)
