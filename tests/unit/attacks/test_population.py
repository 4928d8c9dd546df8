"""Thresholds per class and the gap: closed forms, leakage present and absent, extreme logits."""

from dataclasses import replace

import numpy as np
import pytest
from attack_example import FORGET, evidence, for_fitting, relabelled, shadows, suppressed, view
from qmu.attacks.methods import conf_thr, entr_thr, gap, mentr_thr
from qmu.metrics.roc import Roc, auc
from scipy.special import ndtri

NAMES = ("test", "population")
THRESHOLDS = [conf_thr, entr_thr, mentr_thr]
modules = pytest.mark.parametrize("module", THRESHOLDS, ids=lambda m: m.__name__.split(".")[-1])
all_modules = pytest.mark.parametrize(
    "module", [*THRESHOLDS, gap], ids=lambda m: m.__name__.split(".")[-1]
)


def _run(module, whole):
    fitted = module.fit(for_fitting(whole.original, whole.shadows), module.Config(), NAMES)
    return module.score(fitted, whole, module.Config(), NAMES)


def _advantage(scored, given):
    return scored.decision[given.member].mean() - scored.decision[~given.member].mean()


def _formulas(logits, labels):
    """The three statistics straight from their definitions, in extended precision."""
    wide = np.asarray(logits, np.longdouble)
    exponentials = np.exp(wide - wide.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    rows, own = np.arange(len(labels)), np.zeros(p.shape, bool)
    own[rows, labels] = True
    mentr = -np.where(own, (1 - p) * np.log(p), p * np.log(1 - p)).sum(axis=1)
    return {
        conf_thr: p[rows, labels] - 1,
        entr_thr: (p * np.log(p)).sum(axis=1),
        mentr_thr: -mentr,
    }


@modules
def test_statistic_is_its_formula(module, rng):
    logits = rng.normal(scale=3.0, size=(500, 7))
    labels = rng.integers(7, size=500)
    expected = _formulas(logits, labels)[module].astype(float)
    np.testing.assert_allclose(module.statistic(logits, labels), expected, rtol=1e-11, atol=0)


def test_modified_entropy_of_a_small_case():
    """p = (1/2, 1/4, 1/4): the label's term has log p, the others' have log(1 - p)."""
    logits = np.log([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]])
    found = -mentr_thr.statistic(logits, np.array([0, 1]))
    first = 0.5 * np.log(2) + 2 * 0.25 * np.log(4 / 3)
    second = 0.75 * np.log(4) + 0.5 * np.log(2) + 0.25 * np.log(4 / 3)
    np.testing.assert_allclose(found, [first, second], rtol=1e-14)


def test_each_row_has_its_own_label(rng):
    """The trap of a copied implementation: ``[:, labels]`` touches the columns of all rows."""
    logits, labels = rng.normal(size=(20, 5)), rng.integers(5, size=20)
    alone = [mentr_thr.statistic(logits[k : k + 1], labels[k : k + 1])[0] for k in range(20)]
    np.testing.assert_array_equal(mentr_thr.statistic(logits, labels), alone)


@modules
def test_confident_answers_keep_their_order(module):
    """Gaps of 40 to 60 between logits: 1 - p is far below the spacing of numbers near 1."""
    logits = np.zeros((21, 3))
    logits[:, 0] = np.linspace(40, 60, 21)
    found = module.statistic(logits, np.zeros(21, int))
    assert np.all(np.diff(found) > 0)


@modules
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_ruled_out_classes_give_no_nan(module):
    logits = np.array([[0.0, 1.0, -np.inf], [0.0, -np.inf, -np.inf], [-np.inf, 2.0, 1.0]])
    for label in range(3):
        found = module.statistic(logits, np.full(3, label))
        assert not np.isnan(found).any()
        assert np.all(found <= 0)
    certain_and_right = module.statistic(logits[1:2], np.array([0]))
    assert certain_and_right == 0


def test_statistics_of_a_ruled_out_label():
    logits, label = np.array([[0.0, 1.0, -np.inf]]), np.array([2])
    assert conf_thr.statistic(logits, label) == -1
    assert mentr_thr.statistic(logits, label) == -np.inf
    p = 1 / (1 + np.e)
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    assert entr_thr.statistic(logits, label)[0] == pytest.approx(-entropy, rel=1e-14)


@modules
def test_undefined_logits_are_refused(module):
    whole = evidence(n=400)
    for value in (np.nan, np.inf):
        logits = whole.audited.logits.copy()
        logits[3, 3] = value
        broken = replace(whole, audited=replace(whole.audited, logits=logits))
        with pytest.raises(ValueError, match="finite or minus infinity"):
            _run(module, broken)


@modules
def test_each_class_has_its_own_threshold(module):
    """Making one class easier moves its threshold and no other class's."""
    fleet = shadows(memory=3.0)
    logits = fleet.logits.copy()
    logits[:, fleet.label == 2, 2] += 3.0
    before, after = (
        module.fit(for_fitting(view(), given), module.Config(), NAMES)["threshold"]
        for given in (fleet, replace(fleet, logits=logits))
    )
    assert after[2] > before[2]
    np.testing.assert_array_equal(np.delete(after, 2), np.delete(before, 2))


@all_modules
def test_planted_memory_is_caught(module):
    whole = evidence(n=2000, margin=4.0)
    scored, given = _run(module, whole), whole.audited
    for group in (given.forget, ~given.forget):
        assert auc(scored.score[group & given.member], scored.score[group & ~given.member]) > 0.6
    assert _advantage(scored, given) > 0.15


@all_modules
def test_shuffled_membership_gives_no_advantage(module):
    whole = evidence(n=4000, margin=4.0)
    dealt = relabelled(whole.audited, seed=3)
    scored = _run(module, replace(whole, audited=dealt))
    assert abs(_advantage(scored, dealt)) < 0.06


@all_modules
def test_interval_holds_chance_where_the_model_saw_other_data(module):
    """Thresholds from memorising shadows, asked about members of a model that ignores them."""
    whole, outside = evidence(n=600), 0
    fitted = module.fit(for_fitting(whole.original, whole.shadows), module.Config(), NAMES)
    for seed in range(60):
        dealt = relabelled(replace(whole.audited, logits=view(9, n=600).logits), seed)
        scored = module.score(fitted, for_fitting(dealt), module.Config(), NAMES)
        roc = Roc(scored.score[dealt.member], scored.score[~dealt.member])
        spread = roc.replicates(np.random.default_rng(seed), 200)[0].std()
        outside += abs(roc.auc - 0.5) > ndtri(0.975) * spread
    # 60 draws at 5%: more than 9 has probability 0.001.
    assert outside <= 9


def test_gap_is_the_difference_of_the_accuracies():
    whole = evidence(margin=4.0)
    given, scored = whole.audited, _run(gap, whole)
    right = given.logits.argmax(axis=1) == given.label
    expected = right[given.member].mean() - right[~given.member].mean()
    assert _advantage(scored, given) == pytest.approx(expected)
    area = auc(scored.score[given.member], scored.score[~given.member])
    assert area == pytest.approx(0.5 + expected / 2)


@pytest.mark.parametrize("module", [conf_thr, mentr_thr, gap])
def test_a_mask_hides_the_class_from_attacks_on_its_label(module):
    whole = evidence(n=1000)
    masked = replace(whole, audited=suppressed(whole.original, np.inf))
    scored, given = _run(module, masked), masked.audited
    here = given.label == FORGET
    assert len(np.unique(scored.score[here])) == 1
    assert not scored.decision[here].any()


@modules
def test_shadows_without_both_sides_of_a_class_are_refused(module):
    fleet = shadows()
    fleet.member[:, fleet.label == 7] = False
    with pytest.raises(ValueError, match="class 7 needs members"):
        module.fit(for_fitting(view(), fleet), module.Config(), NAMES)
    with pytest.raises(ValueError, match="shadow models"):
        module.fit(for_fitting(view()), module.Config(), NAMES)
