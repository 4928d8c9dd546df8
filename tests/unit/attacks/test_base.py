"""BASE: its closed form, its agreement with RMIA in the limit, offline models, masked classes."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import area, before, coverage, evidence, masked
from qmu.attacks.methods import base, rmia
from scipy.special import log_softmax, logsumexp
from scipy.stats import spearmanr

NAMES = ("test",)


def _run(given, **settings):
    config = base.Config(**settings)
    return base.score(base.fit(given, config, NAMES), given, config, NAMES)


def _log_p(logits, label, temperature):
    return log_softmax(logits / temperature, axis=-1)[..., np.arange(len(label)), label]


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_online_is_the_ratio_to_the_average_of_all_models(temperature):
    given = before(evidence(models=8, n=60))
    own, fleet = (
        _log_p(m.logits, given.audited.label, temperature) for m in (given.audited, given.shadows)
    )
    wanted = own - (logsumexp(fleet, axis=0) - np.log(8))
    np.testing.assert_allclose(_run(given, temperature=temperature).score, wanted)


def test_offline_averages_models_that_never_saw_the_sample():
    given = before(evidence(models=8, n=60))
    label, member = given.audited.label, given.shadows.member
    own, fleet = (_log_p(m.logits, label, 2.0) for m in (given.audited, given.shadows))
    found = _run(given, mode="offline", offline_scale=0.4).score
    for i in range(60):
        out = fleet[~member[:, i], i]
        assert found[i] == pytest.approx(own[i] - 0.4 * (logsumexp(out) - np.log(len(out))))


def test_ranks_as_rmia_against_a_large_population():
    """At temperature 1, with as many models in as out, both compare p with its average; RMIA
    counts which of its population a sample outdoes."""
    given = before(evidence(models=8, n=3000))
    member = np.tile(np.arange(8)[:, None] % 2 == 0, (1, 3000))
    given = replace(given, shadows=replace(given.shadows, member=member))
    config = rmia.Config()
    other = rmia.score(rmia.fit(given, config, NAMES), given, config, NAMES).score
    found = _run(given, temperature=1.0).score
    order = np.argsort(found)
    assert (np.diff(other[order]) >= 0).all()
    assert spearmanr(found, other)[0] > 0.99


def test_a_memorising_model_is_caught_and_scaling_all_shadows_shifts_all_scores():
    given = before(evidence(memory=5.0, n=1000))
    scored = _run(given)
    for group in (given.audited.forget, ~given.audited.forget):
        assert area(scored, given.audited, group) > 0.8


def test_interval_covers_chance_where_nothing_was_memorised():
    assert 0.89 <= coverage(base, base.Config()) <= 0.99


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_masked_classes_and_samples_in_all_models_are_no_nan(mode):
    given = before(evidence(n=100))
    given.shadows.member[:, :5] = True
    fleet = replace(given.shadows, logits=given.shadows.logits.copy())
    fleet.logits[..., 2] = -np.inf
    for shadows in (given.shadows, fleet):
        seen = replace(given, shadows=shadows, audited=masked(given.audited))
        assert not np.isnan(_run(seen, mode=mode).score).any()
