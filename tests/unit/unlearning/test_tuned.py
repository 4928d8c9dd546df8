"""The best of the trials, and what it gains by models that did not choose it."""

from __future__ import annotations

import numpy as np
import pytest
from qmu.metrics.intervals import student
from qmu.unlearning.tuned import best, choice

FREE = np.zeros((3, 3))
SCORES = np.array([[0.6, 0.5, 0.7], [0.2, 0.3, 0.1], [0.4, 0.4, 0.4]])


def test_the_lowest_mean_score_is_chosen_and_its_gain_counted():
    found = best(SCORES, FREE, 0.02, 0.95)
    assert (found.trial, found.admitted) == (1, True)
    assert found.configured == pytest.approx(0.6)
    assert found.best == pytest.approx(0.2)
    # Every two models choose trial 1, so the third model's gain is that of trial 1.
    assert found.gain == pytest.approx(0.4)
    assert (found.low, found.high) == pytest.approx(student(SCORES[0] - SCORES[1], 0.95))


def test_what_costs_accuracy_is_not_admitted():
    drop = FREE.copy()
    drop[1] = 0.0625
    assert choice(SCORES, drop, 0.02) == 2
    assert choice(SCORES, drop, 0.0625) == 1
    assert choice(SCORES, drop + np.array([[0.3], [0.1], [0.2]]), 0.02) == 1
    assert not best(SCORES, drop + 0.1, 0.02, 0.95).admitted


def test_what_suits_only_the_models_that_chose_it_gains_nothing():
    # Trial k + 1 is good on model k alone: it wins where it is among those that choose, and on the
    # model that had no say it loses.
    score = np.full((4, 3), 0.5)
    for k in range(3):
        score[1 + k] = 0.6
        score[1 + k, k] = 0.35
    found = best(score, np.zeros((4, 3)), 0.02, 0.95)
    assert found.trial == 0
    assert found.gain == pytest.approx(-0.1)


def test_ties_are_the_configured_settings():
    assert choice(np.ones((4, 2)), np.zeros((4, 2)), 0.0) == 0


def test_one_model_cannot_tell_the_gain():
    with pytest.raises(ValueError, match="two are needed"):
        best(SCORES[:, :1], FREE[:, :1], 0.02, 0.95)


def test_the_interval_of_a_mean_by_hand():
    # Two values: half their distance times tan(0.475 pi), the quantile of a Cauchy distribution.
    low, high = student(np.array([1.0, 3.0]), 0.95)
    assert (high - low) / 2 == pytest.approx(np.tan(0.475 * np.pi))
    assert (high + low) / 2 == pytest.approx(2.0)
