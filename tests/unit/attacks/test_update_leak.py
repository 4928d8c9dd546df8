"""The leak of the update: learnt from shadow pairs, told from chance, and never NaN."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import FORGET, area, before, coverage, evidence, masked
from qmu.attacks.methods import update_leak

NAMES = ("test",)


def _run(given, **settings):
    return update_leak.score({}, given, update_leak.Config(**settings), NAMES)


def test_features_hold_both_outputs_difference_and_length(rng):
    before_, after = rng.normal(size=(2, 30, 4))
    label = rng.integers(0, 4, 30)
    found = update_leak.pair_features(before_, after, label)
    p, q = (np.exp(z) / np.exp(z).sum(-1, keepdims=True) for z in (before_, after))
    for i in range(30):
        others = [k for k in np.argsort(-p[i]) if k != label[i]]
        order = [label[i], *others]
        np.testing.assert_allclose(found[i, :4], p[i, order])
        np.testing.assert_allclose(found[i, 4:8], q[i, order])
        np.testing.assert_allclose(found[i, 8:12], (q - p)[i, order])
        assert found[i, 12] == pytest.approx(np.linalg.norm(q[i] - p[i]))
        for column, one in ((13, p), (14, q)):
            own = one[i, label[i]]
            assert found[i, column] == pytest.approx(np.log(own / (1 - own)))


def test_deletion_betrays_members_that_the_audited_model_alone_hides():
    """All memory is gone afterwards; only the pair tells who had been a member."""
    given = evidence(memory=6.0, left=0.0, n=1000)
    scored = _run(given)
    assert area(scored, given.audited, given.audited.forget) > 0.9
    assert area(scored, given.audited, ~given.audited.forget) > 0.8
    forget = given.audited.forget
    assert scored.decision[forget & given.audited.member].mean() > 0.7


def test_interval_covers_chance_where_nothing_was_memorised():
    assert 0.89 <= coverage(update_leak, update_leak.Config()) <= 0.99


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_scores_stay_finite_with_a_masked_class():
    given = evidence()
    fleet = given.unlearned.logits.copy()
    fleet[..., FORGET] = -np.inf
    given = replace(given, unlearned=replace(given.unlearned, logits=fleet))
    assert np.isfinite(_run(replace(given, audited=masked(given.audited))).score).all()


def test_same_names_same_bits_and_few_rows_draw_by_name():
    given = before(evidence())
    first, second = (_run(given, rows=40).score for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = update_leak.score({}, given, update_leak.Config(rows=40), ("other",)).score
    assert not np.array_equal(first, other)


def test_a_group_without_shadow_members_is_left_undecided():
    given = evidence()
    member = given.shadows.member & ~given.audited.forget
    given = replace(given, shadows=replace(given.shadows, member=member))
    scored = _run(given)
    assert not scored.score[given.audited.forget].any()
    assert scored.score[~given.audited.forget].any()
