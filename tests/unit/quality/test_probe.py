"""The linear probe on features whose answer is known."""

from dataclasses import replace

import fixtures
import numpy as np
import pytest
import quality_example
from qmu.audit.measurement import Recorder, Resampling, Subject
from qmu.quality.measures import probe
from qmu.seeds import generator

FORGET = quality_example.FORGET


def _exam(audited, oracle, images=1200, draw=0):
    """One seed whose <Z> show the forget class by so many standard deviations."""
    whole = quality_example.exam(fleets=False, seeds=1, images=images)
    (one,) = whole.seeds
    forget = one.label == FORGET

    def outputs(size, name):
        values = generator("tests", "probe", name, draw).normal(size=(images, 4))
        values[:, 2] += size * forget
        return {"expectation_values": values}

    found = outputs(audited, "a"), outputs(oracle, "b")
    one = replace(one, outputs=found[0], retrain_outputs=found[1], ensemble=())
    return replace(whole, seeds=(one,))


def _measure(exam):
    found = probe.measure(exam, probe.Config())
    return {figure.metric: figure.estimate for figure in found}


def test_features_that_show_the_class_are_found():
    found = _measure(_exam(audited=8.0, oracle=0.0))
    assert found["probe_accuracy"].value > 0.98
    assert found["probe_gap"].interval[0] > 0.25


@pytest.mark.parametrize("size", [0.0, 1.5])
def test_without_a_difference_the_intervals_of_the_gap_hold_zero(size):
    """As often as they promise, within what 40 draws can tell (2 misses expected)."""
    misses = 0
    for draw in range(40):
        found = _measure(_exam(audited=size, oracle=size, images=600, draw=draw))["probe_gap"]
        low, high = found.interval
        misses += not low <= 0 <= high
    assert misses <= 6


def test_nothing_to_find_is_chance():
    found = _measure(_exam(audited=0.0, oracle=0.0))["probe_accuracy"]
    assert found.interval[0] < 0.5 < found.interval[1]


def test_known_separation_gives_the_known_accuracy():
    """Two normals 2 apart: the best linear rule is right in Phi(1) = 0.841 of either class."""
    found = _measure(_exam(audited=2.0, oracle=2.0, images=6000))["probe_accuracy"]
    assert found.value == pytest.approx(0.841, abs=0.03)


def test_a_model_against_itself_has_no_gap_but_is_not_certain_of_it():
    exam = _exam(audited=3.0, oracle=0.0)
    one = replace(exam.seeds[0], retrain_outputs=exam.seeds[0].outputs)
    found = _measure(replace(exam, seeds=(one,)))["probe_gap"]
    assert found.value == 0.0
    assert found.interval[0] < 0 < found.interval[1]


def test_test_images_do_not_choose():
    """Scrambled test images change what is judged, not what was fitted; members are not read."""
    exam = _exam(audited=3.0, oracle=0.0)
    (one,) = exam.seeds
    values = one.outputs["expectation_values"].copy()
    rows = one.rows("forget_train", "retain_train", "retain_validation")
    values[rows] = np.nan
    blind = replace(exam, seeds=(replace(one, outputs={"expectation_values": values}),))
    assert _measure(blind)["probe_accuracy"].value == _measure(exam)["probe_accuracy"].value


def test_the_probe_is_fitted_on_other_images_than_it_judges():
    """A hundred features of pure noise name every image that they were fitted on."""
    whole = quality_example.exam(fleets=False, seeds=1, images=400)
    (one,) = whole.seeds
    assert len(one.rows("forget_test", "retain_test")) == 100
    noise = [generator("tests", "noise", n).normal(size=(400, 100)) for n in "ab"]
    first, second = ({"expectation_values": values} for values in noise)
    exam = replace(whole, seeds=(replace(one, outputs=first, retrain_outputs=second),))
    assert _measure(exam)["probe_accuracy"].value < 0.7


def test_too_few_images_give_nan():
    exam = quality_example.exam(fleets=False, seeds=1, images=16)
    found = _measure(exam)
    names = ("probe", "probe_features")
    assert {*found} == {f"{name}_{what}" for name in names for what in ("accuracy", "gap")}
    assert all(np.isnan(estimate.value) for estimate in found.values())


def test_balanced_accuracy_and_gap_by_hand():
    draw = Recorder(Subject("m", 0, "ga", "d"), Resampling(("tests",), resamples=200))
    positive = np.array([True] * 4 + [False] * 16)
    images = np.arange(20)
    first = positive.copy()
    first[0] = False  # 3 of 4 and 16 of 16
    second = np.zeros(20, bool)  # 0 of 4 and 16 of 16
    figures = [probe.balanced(draw, "x", called, positive, images) for called in (first, second)]
    assert [figure.estimate.value for figure in figures] == [0.875, 0.5]
    right = [(called == positive).astype(float) for called in (first, second)]
    difference = right[0] - right[1]
    gap = probe.gap(draw, "gap", figures[0], figures[1:], difference, positive, images).estimate
    assert gap.value == pytest.approx(0.375)
    assert gap.interval[0] < 0.375 < gap.interval[1]
    assert gap.replicates.mean() == pytest.approx(0.375, abs=0.05)


def test_a_trained_front_end_is_probed_too():
    """Only the seed's own embedding is read; images of 28 x 28 pixels."""
    model = fixtures.small_model(component="hqnn", precision="single")
    whole = quality_example.exam(fleets=False, seeds=1)
    (one,) = whole.seeds
    rng = generator("tests", "images")
    images = rng.normal(size=(len(one.label), 784)) + 1.0 * (one.label == FORGET)[:, None]
    first, second = (model.initial_parameters(generator("tests", n)) for n in ("a", "b"))
    one = replace(
        one, inputs=images.astype(model.dtype), parameters=first, retrain=second, ensemble=()
    )
    found = _measure(replace(whole, model=model, seeds=(one,)))
    assert {*found} == {
        "probe_accuracy",
        "probe_gap",
        "probe_features_accuracy",
        "probe_features_gap",
    }
    assert found["probe_features_accuracy"].interval[0] > 0.6


def test_the_gap_is_to_the_mean_of_all_other_retrained_models():
    exam = quality_example.trained()
    (one,) = exam.seeds
    oracles = (one.retrain, *one.ensemble)
    alone = [
        _measure(quality_example.auditing(exam, lambda _, p=p: p))["probe_accuracy"].value
        for p in (one.original, *oracles)
    ]
    found = _measure(exam)["probe_gap"]
    assert found.value == pytest.approx(alone[0] - np.mean(alone[1:]))
    assert found.interval[0] < found.value < found.interval[1]
    own = replace(quality_example.auditing(exam, lambda one: one.retrain), variant="retrain")
    assert _measure(own)["probe_gap"].value == pytest.approx(alone[1] - np.mean(alone[2:]))
    lonely = replace(own, seeds=(replace(own.seeds[0], ensemble=()),))
    assert np.isnan(_measure(lonely)["probe_gap"].value)
