"""Recognition of the class and the bias gap, by hand and on planted features."""

from dataclasses import replace

import numpy as np
import pytest
import quality_example
from qmu.quality.measures import recognition
from qmu.seeds import generator

FORGET = quality_example.FORGET


def measured(exam):
    found = recognition.measure(exam, recognition.Config())
    return {(f.metric, f.split): f.estimate for f in found if f.subject.seed == 0}


def planted(size, name="one"):
    """<Z> that show the forget class by so many standard deviations, and the others clearly."""
    exam = quality_example.exam(fleets=False, seeds=1, images=6000)
    (one,) = exam.seeds
    values = generator("tests", "recognition", name).normal(size=(6000, 2))
    values[:, 0] += size * one.forget
    outputs = {**one.outputs, "expectation_values": values}
    return replace(exam, seeds=(replace(one, outputs=outputs),))


def test_accuracy_is_of_the_class_as_the_model_answers():
    exam = quality_example.exam(fleets=False)
    (one, _), found = exam.seeds, measured(exam)
    for split in recognition.SPLITS:
        rows = one.rows(split)
        right = one.outputs["logits"][rows].argmax(axis=1) == FORGET
        assert found["recognition", split].value == right.mean()
        assert found["recognition", split].n == len(rows)


def test_a_known_separation_gives_the_known_auc():
    """P(N(2, 1) > N(0, 1)) = Phi(sqrt 2) = 0.921; without a separation, one half."""
    for size, expected in ((2.0, 0.921), (0.0, 0.5)):
        found = measured(planted(size))
        for split in recognition.SPLITS:
            estimate = found["recognition_aligned", split]
            assert estimate.value == pytest.approx(expected, abs=0.03)
            low, high = estimate.interval
            assert low < expected + 0.01
            assert high > expected - 0.01


def test_members_and_test_images_fit_no_head():
    exam = planted(2.0)
    (one,) = exam.seeds
    values = one.outputs["expectation_values"].copy()
    rows = one.rows("forget_train", "retain_train", "retain_validation", "retain_test")
    values[rows] = generator("tests", "scrambled").normal(size=(len(rows), 2))
    other = replace(one, outputs={**one.outputs, "expectation_values": values})
    known = one.rows("forget_test")
    first, second = (recognition._anew(exam, seed)[known] for seed in (one, other))
    np.testing.assert_array_equal(first, second)


def test_an_original_is_told_by_its_logits_and_a_bias_changes_nothing():
    exam = quality_example.exam(state="never_forgot", fleets=False)
    found = measured(exam)
    assert found["recognition_logits", "forget_test"].value > 0.98

    def lowered(one):
        logits = 0.5 * one.outputs["logits"] - 9.0 * (np.arange(3) == FORGET)
        return replace(one, outputs={**one.outputs, "logits": logits})

    moved = measured(replace(exam, seeds=tuple(lowered(one) for one in exam.seeds)))
    assert moved["recognition", "forget_test"].value < 0.1
    for split in recognition.SPLITS:
        key = ("recognition_logits", split)
        assert moved[key].value == pytest.approx(found[key].value, abs=1e-9)


def test_bias_gap_by_hand():
    exam = quality_example.exam(fleets=False, seeds=1)
    (one,) = exam.seeds

    def gap(*bias):
        return recognition.bias_gap(exam, replace(one, parameters={"head/bias": np.array(bias)}))

    assert gap(1.0, -2.0, 4.0) == -4.5
    assert gap(1.0, -np.inf, 4.0) == -np.inf
    assert np.isnan(recognition.bias_gap(exam, replace(one, parameters={})))


def test_without_a_whole_class_only_accuracy_is_known():
    exam = quality_example.exam(fleets=False, seeds=1)
    (one,) = exam.seeds
    part = one.forget & (np.arange(len(one.label)) % 2 == 0)
    found = measured(replace(exam, seeds=(replace(one, forget=part),)))
    for (metric, split), estimate in found.items():
        assert np.isnan(estimate.value) == (metric != "recognition"), (metric, split)


def test_without_images_there_is_no_figure():
    exam = quality_example.exam(fleets=False, seeds=1)
    (one,) = exam.seeds
    none = replace(one, split=np.full(len(one.label), "retain_train", dtype=object))
    found = measured(replace(exam, seeds=(none,)))
    assert {metric for metric, _ in found} == {m.name for m in recognition.CARD.metrics}
    assert all(np.isnan(e.value) for (metric, _), e in found.items() if metric != "bias_gap")
