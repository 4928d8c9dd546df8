"""RMIA against explicit loops, its invariance, its population, leakage and its absence."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import FORGET, area, before, coverage, evidence, masked
from qmu.attacks.methods import rmia

NAMES = ("test",)


def _run(given, **settings):
    config = rmia.Config(**settings)
    return rmia.score(rmia.fit(given, config, NAMES), given, config, NAMES)


def _label_probability(logits, label):
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    return p[..., np.arange(len(label)), label]


@pytest.mark.parametrize("mode", ["online", "offline"])
@pytest.mark.parametrize("population", ["all", "class"])
@pytest.mark.parametrize("gamma", [1.0, 2.0])
def test_agrees_with_explicit_loops(mode, population, gamma):
    given = before(evidence(models=24, n=100))
    view, fleet = given.audited, given.shadows
    p, shadow = (_label_probability(m.logits, view.label) for m in (view, fleet))
    scored = _run(given, mode=mode, population=population, gamma=gamma, offline_a=0.4)
    rows = np.flatnonzero(fleet.member.any(axis=0))
    ratio = {}
    for i in range(100):
        out = shadow[~fleet.member[:, i], i].mean()
        inside = shadow[fleet.member[:, i], i].mean() if i in rows else out
        average = (inside + out) / 2 if mode == "online" else (1.4 * out + 0.6) / 2
        ratio[i] = p[i] / average
    for i in range(100):
        rivals = [
            j
            for j in np.flatnonzero(scored.fitted)
            if population == "all" or view.label[j] == view.label[i]
        ]
        wanted = np.mean(
            [ratio[i] > gamma * ratio[j] for j in rivals if i != j] + [0] * (i in rivals)
        )
        assert scored.score[i] == pytest.approx(wanted, abs=1e-6)


def test_a_common_rescaling_of_all_ratios_changes_nothing():
    given = before(evidence())
    config = rmia.Config()
    fitted = rmia.fit(given, config, NAMES)
    first = rmia.score(fitted, given, config, NAMES)
    # A power of two's worth of scale keeps the logarithms' differences exact enough to rank alike.
    scaled = fitted | {"log_average": fitted["log_average"] + 8.0}
    np.testing.assert_allclose(rmia.score(scaled, given, config, NAMES).score, first.score)


def test_population_is_validation_and_a_share_of_unseen_never_members():
    given = before(evidence())
    view, scored = given.audited, _run(given, population_share=0.25)
    part = np.array([name.rpartition("_")[2] for name in view.split])
    assert scored.fitted[part == "validation"].all()
    assert not scored.fitted[view.member].any()
    assert scored.fitted[part == "unseen"].mean() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_memorising_model_is_caught(mode):
    given = before(evidence(memory=6.0, n=1000))
    scored = _run(given, mode=mode)
    for group in (given.audited.forget, ~given.audited.forget):
        assert area(scored, given.audited, group) > 0.8


def test_a_denied_class_is_ranked_by_either_population_but_decided_by_its_own_only():
    given = evidence(memory=6.0, n=1000)
    denied = given.audited.logits.copy()
    denied[:, FORGET] -= 30
    given = replace(given, audited=replace(given.audited, logits=denied))
    forget, member = given.audited.forget, given.audited.member
    own, mixed = (_run(given, population=name) for name in ("class", "all"))
    for scored in (own, mixed):
        assert area(scored, given.audited, forget) > 0.7
    assert not mixed.decision[forget].any()
    free = forget & ~own.fitted
    assert own.decision[free & member].mean() - own.decision[free & ~member].mean() > 0.3


def test_interval_covers_chance_where_nothing_was_memorised():
    assert 0.89 <= coverage(rmia, rmia.Config()) <= 0.99


@pytest.mark.parametrize("population", ["all", "class"])
def test_scores_stay_finite_with_a_masked_class(population):
    given = before(evidence())
    config = rmia.Config(population=population)
    fitted = rmia.fit(given, config, NAMES)
    seen = replace(given, audited=masked(given.audited))
    scored = rmia.score(fitted, seen, config, NAMES)
    assert np.isfinite(scored.score).all()
    assert not scored.score[given.audited.forget].any()


@pytest.mark.parametrize("mode", ["online", "offline"])
@pytest.mark.parametrize("held", [False, True])
def test_samples_with_models_on_one_side_only(mode, held):
    given = before(evidence())
    member = given.shadows.member.copy()
    member[:, :3] = held
    given = replace(given, shadows=replace(given.shadows, member=member))
    assert np.isfinite(_run(given, mode=mode).score).all()


def test_tuned_a_is_on_the_grid_and_repeats():
    config = rmia.Config(mode="offline", offline_a=None)
    first, second = (rmia.fit(before(evidence()), config, NAMES) for _ in range(2))
    assert first["offline_a"][0] in rmia.GRID
    np.testing.assert_array_equal(first["log_average"], second["log_average"])


def test_other_samples_than_the_shadows_are_refused():
    given = before(evidence())
    fitted = rmia.fit(given, rmia.Config(), NAMES)
    moved = replace(given.audited, sample_id=given.audited.sample_id + 10**6)
    with pytest.raises(ValueError, match="not those"):
        rmia.score(fitted, replace(given, audited=moved), rmia.Config(), NAMES)
