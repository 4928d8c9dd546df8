"""LiRA against closed forms, planted leakage, its absence, and missing models."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import FORGET, area, before, coverage, evidence, masked
from qmu.attacks.methods import lira_offline, lira_online
from scipy.stats import norm

NAMES = ("test",)
both = pytest.mark.parametrize("module", [lira_online, lira_offline])


def _run(module, given, **settings):
    config = module.Config(**settings)
    return module.score(module.fit(given, config, NAMES), given, config, NAMES)


def _phi(logits, label):
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    own = np.take_along_axis(p, np.broadcast_to(label, p.shape[:-1])[..., None], -1)[..., 0]
    return np.log(own) - np.log1p(-own)


def _pooled(groups):
    squares = sum(((g - np.mean(g)) ** 2).sum() for g in groups)
    return np.sqrt(squares / sum(len(g) - 1 for g in groups))


def _side(values, chosen, label, i):
    alike = np.flatnonzero(label == label[i])
    deviation = _pooled([values[chosen[:, j], j] for j in alike if chosen[:, j].any()])
    return norm(np.mean(values[chosen[:, i], i]), deviation)


def test_both_agree_with_their_closed_forms():
    given = before(evidence(models=24, n=100))
    fleet, label = given.shadows, given.shadows.label
    values, own = _phi(fleet.logits, label), _phi(given.audited.logits, label)
    online, offline = (_run(module, given).score for module in (lira_online, lira_offline))
    rows = np.flatnonzero(fleet.member.any(axis=0))
    assert len(rows) > 90
    for i in rows:
        inside = _side(values, fleet.member, label, i)
        outside = _side(values, ~fleet.member, label, i)
        assert online[i] == pytest.approx(inside.logpdf(own[i]) - outside.logpdf(own[i]), abs=1e-6)
        assert norm.cdf(offline[i]) == pytest.approx(outside.cdf(own[i]), abs=1e-6)


def test_planted_leakage_is_caught_and_online_sees_more():
    given = before(evidence(memory=1.5, models=32, n=1000))
    online, offline = (area(_run(m, given), given.audited) for m in (lira_online, lira_offline))
    assert online >= offline > 0.5


@both
def test_a_memorising_model_is_caught(module):
    given = before(evidence(memory=5.0, n=1000))
    scored = _run(module, given)
    for group in (given.audited.forget, ~given.audited.forget):
        assert area(scored, given.audited, group) > 0.9
    assert scored.decision[given.audited.member].mean() > 0.8
    assert scored.decision[~given.audited.member].mean() < 0.2


@both
def test_interval_covers_chance_where_nothing_was_memorised(module):
    assert 0.89 <= coverage(module, module.Config()) <= 0.99


def test_offline_ranks_the_most_exposed_samples_without_ties():
    given = before(evidence(memory=2.0, audited_memory=60.0))
    scored = _run(lira_offline, given).score[given.audited.member]
    assert np.unique(norm.cdf(scored)).size < np.unique(scored).size == scored.size


@both
def test_scores_stay_finite_with_a_masked_class(module):
    given = before(evidence())
    fitted = module.fit(given, module.Config(), NAMES)
    seen = replace(given, audited=masked(given.audited))
    scored = module.score(fitted, seen, module.Config(), NAMES)
    assert np.isfinite(scored.score).all()
    assert not scored.fitted.any()


@both
@pytest.mark.parametrize("held", [False, True])
def test_samples_with_models_on_one_side_only(module, held):
    given = before(evidence())
    member = given.shadows.member.copy()
    member[:, :3] = held
    member[:, given.audited.label == FORGET] = held
    given = replace(given, shadows=replace(given.shadows, member=member))
    assert np.isfinite(_run(module, given).score).all()


@both
def test_other_samples_than_the_shadows_are_refused(module):
    given = before(evidence())
    fitted = module.fit(given, module.Config(), NAMES)
    moved = replace(given.audited, sample_id=given.audited.sample_id + 10**6)
    with pytest.raises(ValueError, match="not those"):
        module.score(fitted, replace(given, audited=moved), module.Config(), NAMES)


@both
def test_some_samples_are_scored_as_all_are(module):
    given = before(evidence())
    fitted = module.fit(given, module.Config(), NAMES)
    whole = module.score(fitted, given, module.Config(), NAMES).score
    rows = np.arange(len(whole))[1::3]
    names = ("sample_id", "label", "split", "forget", "member", "logits")
    few = replace(given.audited, **{name: getattr(given.audited, name)[rows] for name in names})
    scored = module.score(fitted, replace(given, audited=few), module.Config(), NAMES)
    np.testing.assert_array_equal(scored.score, whole[rows])


@both
def test_no_shadow_models_are_refused(module):
    with pytest.raises(ValueError, match="shadow models"):
        module.fit(replace(evidence(), shadows=None), module.Config(), NAMES)
