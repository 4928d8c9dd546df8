"""DUCI: known shares in synthetic worlds, what moves the class alone, too little to count by."""

import math
from dataclasses import replace

import numpy as np
import pytest
import quality_example
from qmu.quality.measures import duci
from quality_example import FORGET

CONFIG = duci.Config()


def _values(exam):
    return [figure.estimate.value for figure in duci.measure(exam, CONFIG)]


def _with_share(exam, share, shift=0.0, scale=1.0):
    """The exam of models that hold a ``share`` of the forget set as original models do."""
    seeds = []
    for one in exam.seeds:
        member = one.split == "forget_train"
        rng = np.random.default_rng(one.seed)
        kept = member & (rng.permutation(len(member)) < share * len(member))
        if share == 1:
            kept = member
        names = ("held", one.seed)
        logits = quality_example.logits("original", one.label, kept, names) * scale
        logits[:, FORGET] += shift
        outputs = one.outputs | {"logits": logits}
        seeds.append((replace(one, outputs=outputs), kept.sum() / member.sum()))
    return replace(exam, seeds=tuple(one for one, _ in seeds)), [known for _, known in seeds]


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_a_known_share_is_found(share):
    exam, known = _with_share(quality_example.exam(seeds=6, images=1200), share)
    assert np.mean(_values(exam)) == pytest.approx(np.mean(known), abs=0.08)


@pytest.mark.parametrize("share", [0, 0.5])
def test_shift_and_scale_of_the_class_are_not_held_images(share):
    plain, _ = _with_share(quality_example.exam(images=1200), share)
    moved, _ = _with_share(quality_example.exam(images=1200), share, shift=-9.0)
    np.testing.assert_allclose(_values(moved), _values(plain), atol=0.15)


def test_retrained_models_read_zero_within_their_intervals():
    """Over many seeds at most a few of the 95% intervals miss 0."""
    figures = duci.measure(quality_example.exam(seeds=40, models=16), CONFIG)
    missed = 0
    for figure in figures:
        low, high = figure.estimate.interval
        missed += not low <= 0 <= high
    assert missed <= 5
    assert abs(np.mean([figure.estimate.value for figure in figures])) < 0.05


def test_the_threshold_is_the_reference_models_best():
    exam = quality_example.exam(images=600)
    found = duci.reference(exam, CONFIG)
    fleet, forget = exam.shadows, exam.forget
    phi = fleet.logits[..., FORGET] - np.log(
        np.exp(fleet.logits).sum(-1) - np.exp(fleet.logits[..., FORGET])
    )
    inside, outside = [], []
    for m in range(len(phi)):
        others = np.arange(len(phi)) != m
        mean = np.array(
            [phi[others & ~fleet.member[:, i], i].mean() for i in np.flatnonzero(forget)]
        )
        values, held = phi[m, forget] - mean, fleet.member[m, forget]
        values = (values - values[~held].mean()) / values[~held].std(ddof=1)
        inside.append(values[held])
        outside.append(values[~held])
    inside, outside = np.concatenate(inside), np.concatenate(outside)
    levels = np.linspace(-2, 5, 400)
    best = max(np.mean(inside >= t) - np.mean(outside >= t) for t in levels)
    assert found.advantage == pytest.approx(best, abs=0.01)
    at = np.mean(inside >= found.threshold) - np.mean(outside >= found.threshold)
    assert found.advantage == pytest.approx(at)


def test_no_hits_at_all_are_no_certainty():
    exam = quality_example.exam(images=360, state="over_forgot")
    for figure in duci.measure(exam, CONFIG):
        low, high = figure.estimate.interval
        assert high - low > 0.05


def test_members_that_leave_nothing_are_not_counted():
    exam = quality_example.exam()
    fleet = exam.shadows
    rng = np.random.default_rng(0)
    blind = replace(fleet, logits=rng.normal(size=fleet.logits.shape))
    assert all(math.isnan(value) for value in _values(replace(exam, shadows=blind)))


def test_a_masked_class_has_no_share():
    exam = quality_example.exam()
    seeds = []
    for one in exam.seeds:
        logits = one.outputs["logits"].copy()
        logits[:, FORGET] = -np.inf
        seeds.append(replace(one, outputs=one.outputs | {"logits": logits}))
    values = _values(replace(exam, seeds=tuple(seeds)))
    assert not np.isinf(values).any()
