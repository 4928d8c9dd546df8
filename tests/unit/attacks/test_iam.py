"""IAM: both ends of the interpolation, an explicit sum, one shadow model, and what is left over."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import area, before, evidence, masked
from qmu.attacks.methods import iam
from scipy.stats import gumbel_r

NAMES = ("test",)


def _run(given, **settings):
    config = iam.Config(**settings)
    return iam.score(iam.fit(given, config, NAMES), given, config, NAMES)


def test_the_signal_is_bounded_and_rises_with_p():
    p = np.array([0.0, 1e-6, 1e-3, 0.5, 1.0])
    with np.errstate(divide="ignore"):
        found = iam.signal(np.log(p))
    np.testing.assert_allclose(found, -np.log(0.01 - np.log(1e-5 + p)))
    assert (np.diff(found) > 0).all()
    assert np.isfinite(found).all()


def test_zero_as_never_seen_and_one_as_in_the_original():
    out, original = np.array([-2.0, 1.0]), np.array([2.0, 5.0])
    sharp = np.full(100, 1e-4)
    np.testing.assert_allclose(iam.degree(out - 0.01, out, original, sharp), 0, atol=1e-3)
    np.testing.assert_allclose(iam.degree(original + 0.01, out, original, sharp), 1, atol=1e-3)
    half = iam.degree((out + original) / 2, out, original, sharp)
    # Weights a over all degrees below one half: a quarter of their sum.
    np.testing.assert_allclose(half, 0.25, atol=0.02)


def test_agrees_with_the_sum_over_gumbel_laws():
    rng = np.random.default_rng(0)
    own, out, original = rng.normal(size=(3, 7))
    deviation = rng.uniform(0.3, 2, 11)
    a = np.linspace(0, 1, 11)
    wanted = 0
    for i in range(10):
        scale = deviation[i] * np.sqrt(6) / np.pi
        law = gumbel_r(out + a[i] * (original - out) - 0.5772156649 * scale, scale)
        assert law.std()[0] == pytest.approx(deviation[i])
        wanted = wanted + a[i + 1] * law.cdf(own)
    np.testing.assert_allclose(iam.degree(own, out, original, deviation), wanted / a[1:].sum())


@pytest.mark.parametrize("models", [1, 16])
def test_deviations_are_those_of_interpolated_signals(models):
    given = before(evidence(models=models, n=200))
    fitted = iam.fit(given, iam.Config(degrees=5), NAMES)
    label, member = given.audited.label, given.shadows.member

    def signals(logits):
        p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        return -np.log(0.01 - np.log(1e-5 + p[..., np.arange(200), label]))

    fleet, own = signals(given.shadows.logits), signals(given.original.logits)
    for a, found in zip(np.linspace(0, 1, 5), fitted["deviation"], strict=True):
        between = ((1 - a) * fleet + a * own)[~member]
        assert found == pytest.approx(between.std(), rel=1e-9)


def test_what_unlearning_left_raises_the_degree():
    means = []
    for left in (0.0, 0.5, 1.0):
        given = evidence(memory=4.0, left=left, n=1000)
        # Unlearning in the example also lowers the class: compare at the original's level.
        raised = given.audited.logits.copy()
        raised[:, 2] += 4.0
        given = replace(given, audited=replace(given.audited, logits=raised))
        rows = given.audited.forget & given.audited.member
        means.append(_run(given).score[rows].mean())
    assert means[0] < means[1] < means[2]


def test_members_of_the_original_stand_above_others():
    for models in (1, 16):
        given = before(evidence(memory=5.0, n=1000, models=models))
        assert area(_run(given), given.audited) > 0.6


def test_a_sample_in_all_shadow_models_is_undecided_and_a_mask_is_no_nan():
    given = before(evidence(n=200))
    given.shadows.member[:, :4] = True
    scored = _run(replace(given, audited=masked(given.audited)))
    np.testing.assert_array_equal(scored.score[:4], 0.5)
    assert ((scored.score >= 0) & (scored.score <= 1)).all()


def test_a_model_left_out_by_none_and_other_samples_are_refused():
    given = before(evidence(n=100))
    with pytest.raises(ValueError, match="shadow models"):
        iam.fit(replace(given, shadows=None), iam.Config(), NAMES)
    full = replace(given.shadows, member=np.ones_like(given.shadows.member))
    with pytest.raises(ValueError, match="left out"):
        iam.fit(replace(given, shadows=full), iam.Config(), NAMES)
    moved = replace(given.shadows, sample_id=given.shadows.sample_id + 1)
    with pytest.raises(ValueError, match="not those"):
        iam.fit(replace(given, shadows=moved), iam.Config(), NAMES)
