"""The loss threshold: the best cut of the shadows, and nothing but the shadows."""

import numpy as np
import pytest
from attack_example import FORGET, for_fitting, shadows, suppressed, view
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from qmu.attacks.methods import loss_thr
from qmu.attacks.statistics import training_loss
from qmu.attacks.thresholds import best_threshold
from qmu.metrics.roc import auc

NAMES = ("test",)
scores = st.lists(st.integers(-5, 5).map(float) | st.just(-np.inf), min_size=1, max_size=12)


def _balanced(members, others, threshold):
    return np.mean(members >= threshold) - np.mean(others >= threshold)


@settings(deadline=None, derandomize=True)
@drawn(scores, scores)
def test_threshold_is_the_best_of_all_cuts(members, others):
    members, others = np.array(members), np.array(others)
    threshold = best_threshold(members, others)
    best = max(_balanced(members, others, cut) for cut in [*members, *others])
    assert _balanced(members, others, threshold) == best


def test_threshold_lies_between_well_separated_sides():
    assert best_threshold(np.array([3.0, 4.0]), np.array([0.0, 1.0])) == 2.0


def test_memorising_model_is_caught_by_a_threshold_from_other_models():
    target = view(memory=4.0)
    fitted = loss_thr.fit(for_fitting(target, shadows(memory=4.0)), loss_thr.Config(), NAMES)
    found = loss_thr.score(fitted, for_fitting(target), loss_thr.Config(), NAMES)
    advantage = found.decision[target.member].mean() - found.decision[~target.member].mean()
    assert advantage > 0.4
    assert auc(found.score[target.member], found.score[~target.member]) > 0.75


def test_model_without_memory_gives_no_advantage():
    target = view(memory=0.0)
    fitted = loss_thr.fit(for_fitting(target, shadows(memory=4.0)), loss_thr.Config(), NAMES)
    found = loss_thr.score(fitted, for_fitting(target), loss_thr.Config(), NAMES)
    advantage = found.decision[target.member].mean() - found.decision[~target.member].mean()
    assert abs(advantage) < 0.08


def test_the_target_does_not_choose_the_threshold():
    fleet = shadows(memory=2.0)
    first, second = (
        loss_thr.fit(for_fitting(target, fleet), loss_thr.Config(), NAMES)
        for target in (view(0), view(1, 9.0))
    )
    assert first == second


def test_mean_train_loss():
    fleet = shadows(memory=2.0)
    config = loss_thr.Config(threshold="mean_train_loss")
    losses = [training_loss(z, fleet.label, "ce") for z in fleet.logits]
    expected = -np.concatenate([x[m] for x, m in zip(losses, fleet.member, strict=True)]).mean()
    assert loss_thr.fit(for_fitting(view(), fleet), config, NAMES)["threshold"] == pytest.approx(
        expected
    )


def test_an_impossible_label_scores_lowest_and_is_no_member():
    masked = suppressed(view(), np.inf)
    fitted = loss_thr.fit(for_fitting(masked, shadows()), loss_thr.Config(), NAMES)
    found = loss_thr.score(fitted, for_fitting(masked), loss_thr.Config(), NAMES)
    ruled_out = masked.label == FORGET
    assert np.isneginf(found.score[ruled_out]).all()
    assert not found.decision[ruled_out].any()


def test_shadows_without_both_sides_are_refused():
    fleet = shadows()
    fleet.member[:] = True
    with pytest.raises(ValueError, match="members and non-members"):
        loss_thr.fit(for_fitting(view(), fleet), loss_thr.Config(), NAMES)
    with pytest.raises(ValueError, match="shadow models"):
        loss_thr.fit(for_fitting(view()), loss_thr.Config(), NAMES)
