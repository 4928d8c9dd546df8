"""Relearn time on models whose past is known."""

from dataclasses import replace
from functools import cache

import fixtures
import numpy as np
import pytest
import quality_example
from qmu import losses
from qmu.models import head_edits, training
from qmu.models.gradients import outputs
from qmu.quality.measures import relearn
from qmu.seeds import generator

FORGET = quality_example.FORGET


@cache
def _trained(batch_size=8, epochs=12):
    """An exam whose original learnt all classes, whose retrained model never saw the forget class;
    it audits the original."""
    model = fixtures.small_model(epochs=epochs, batch_size=batch_size)
    whole = quality_example.exam(fleets=False, seeds=1)
    (one,) = whole.seeds
    member = np.isin(one.split, ("forget_train", "retain_train"))
    fitted = []
    for rows in (member, member & (one.label != FORGET)):
        names = ("tests", "relearn", int(rows.sum()))
        start = model.initial_parameters(generator(*names))
        found, _ = training.train(
            model, start, one.inputs, one.label, np.flatnonzero(rows), names, lambda line: None
        )
        fitted.append(found)
    original, retrain = fitted
    one = replace(one, parameters=original, original=original, retrain=retrain, ensemble=())
    return replace(whole, model=model, seeds=(one,))


def _measure(exam, **settings):
    found = relearn.measure(exam, relearn.Config(**settings))
    return {figure.metric: figure.estimate.value for figure in found}


def _audited(exam, parameters):
    return replace(exam, seeds=(replace(exam.seeds[0], parameters=parameters),))


def test_the_original_is_back_at_once():
    found = _measure(_trained())
    assert [found[name] for name in ("relearn_steps", "relearn_ratio")] == [0, 0]
    assert found["relearn_aligned_steps"] == 0


def test_the_retrained_model_is_the_unit():
    exam = _trained()
    found = _measure(_audited(exam, exam.seeds[0].retrain))
    assert 1 <= found["relearn_steps"] < relearn.Config().cap
    assert found["relearn_ratio"] == 1.0


def test_where_any_new_head_is_enough_no_ratio_is_known():
    """These classes lie so far apart that a retrained model's features are all that it takes."""
    exam = _trained()
    found = _measure(_audited(exam, exam.seeds[0].retrain))
    assert found["relearn_aligned_steps"] == 0
    assert np.isnan(found["relearn_aligned_ratio"])


def test_the_ratio_is_to_the_mean_of_all_other_retrained_models():
    """Three seeds' worth of models in one exam; ``retrain`` itself is compared with the others."""
    exam = _trained()
    (one,) = exam.seeds
    names = (*exam.settings.names, "quality", exam.name, "relearn", one.seed)
    rows, config = one.rows("forget_train"), relearn.Config()
    raised = exam.model.convert(head_edits.shifted(one.retrain, (FORGET,), 3.0))
    further = (raised, one.original)
    steps = [
        relearn.relearn_steps(exam.model, p, one, rows, names, config)
        for p in (one.retrain, *further)
    ]
    assert len({*steps}) == 3
    beside = replace(one, parameters=one.retrain, ensemble=further)
    found = _measure(replace(exam, seeds=(beside,)))["relearn_ratio"]
    assert found == steps[0] / np.mean(steps)
    found = _measure(replace(exam, variant="retrain", seeds=(beside,)))["relearn_ratio"]
    assert found == steps[0] / np.mean(steps[1:])
    alone = replace(exam, variant="retrain", seeds=(replace(beside, ensemble=()),))
    assert np.isnan(_measure(alone)["relearn_ratio"])


def test_a_masked_head_is_opened_again():
    """The features are all there: a masked original is back before a retrained model."""
    exam = _trained()
    masked = fixtures.leaves(exam.seeds[0].original)
    masked["head/bias"][FORGET] = -np.inf
    found = _measure(_audited(exam, exam.model.convert(masked)))
    assert found["relearn_ratio"] < 1
    opened = head_edits.opened(masked)
    rest = np.delete(masked["head/bias"], FORGET)
    assert opened["head/bias"][FORGET] == pytest.approx(rest.mean())
    np.testing.assert_array_equal(np.delete(opened["head/bias"], FORGET), rest)
    np.testing.assert_array_equal(opened["circuit"], masked["circuit"])


def test_the_cap_is_reported_where_it_is_reached():
    exam = _trained()
    lost = {
        name: np.zeros_like(value)
        for name, value in fixtures.leaves(exam.seeds[0].original).items()
    }
    lost["head/bias"][FORGET] = -1e6
    exam = _audited(exam, exam.model.convert(lost))
    assert _measure(exam, cap=40)["relearn_steps"] == 40
    assert _measure(exam, cap=40)["relearn_ratio"] > 1


def test_ratio():
    assert relearn.ratio(3, [12], 100) == 0.25
    assert relearn.ratio(3, [4, 8], 100) == 0.5
    assert relearn.ratio(100, [50], 100) == 2.0
    assert relearn.ratio(50, [100, 100], 100) == 0.5
    assert relearn.ratio(100, [100, 50], 100) == pytest.approx(4 / 3)
    assert np.isnan(relearn.ratio(3, [0, 0], 100))
    assert np.isnan(relearn.ratio(100, [100, 100], 100))
    assert np.isnan(relearn.ratio(3, [], 100))


def test_checking_less_often_finds_the_next_checked_step():
    exam = _trained()
    exam = _audited(exam, exam.seeds[0].retrain)
    each = _measure(exam)["relearn_steps"]
    some = _measure(exam, check_every=4)["relearn_steps"]
    assert some % 4 == 0
    assert some >= each


def test_back_is_within_five_percent_of_the_original():
    """A model that lost a quarter of its answers is not back before the first step, one that lost
    a hundredth of its loss is. ``accuracy`` and loss are measured here, not by the measure."""
    exam = _trained()
    (one,) = exam.seeds
    rows = one.rows("forget_train")
    start = fixtures.leaves(one.original)
    direction = generator("tests", "disturbed").normal(size=start["circuit"].shape)

    def disturbed(size):
        parameters = exam.model.convert(start | {"circuit": start["circuit"] + size * direction})
        logits = np.asarray(outputs(exam.model)(parameters, one.inputs[rows])[1])
        right = np.mean(logits.argmax(axis=1) == FORGET)
        return parameters, right, losses.cross_entropy(logits, one.label[rows], np).mean()

    _, accuracy, loss = disturbed(0.0)
    for size in np.linspace(0.02, 3.0, 150):
        parameters, right, now = disturbed(size)
        if 0.6 * accuracy < right < 0.9 * accuracy and now > 1.1 * loss:
            break
    else:
        raise AssertionError("no disturbance loses a quarter of the answers")
    assert _measure(_audited(exam, parameters))["relearn_steps"] >= 1
    assert _measure(_audited(exam, parameters), tolerance=0.5)["relearn_steps"] == 0
    assert _measure(_audited(exam, disturbed(1e-4)[0]))["relearn_steps"] == 0


def test_looser_tolerance_is_back_sooner():
    exam = _trained()
    exam = _audited(exam, exam.seeds[0].retrain)
    assert (
        _measure(exam, tolerance=0.5)["relearn_steps"]
        <= _measure(exam, tolerance=0.01)["relearn_steps"]
    )


def test_a_forget_set_smaller_than_a_batch_serves():
    exam = _trained(batch_size=48, epochs=80)
    assert len(exam.seeds[0].rows("forget_train")) < 48
    found = _measure(_audited(exam, exam.seeds[0].retrain))
    assert found["relearn_steps"] >= 1


@pytest.mark.parametrize(
    ("count", "spared"),
    [
        (relearn.relearn_steps, ("forget_train",)),
        (relearn.aligned_steps, ("forget_train", "forget_unseen", "retain_unseen")),
    ],
)
def test_the_forget_set_alone_is_trained_on(count, spared):
    """Whatever stands in the other images; unseen ones fit the new head, and nothing else does."""
    exam = _trained()
    (one,) = exam.seeds
    inputs = one.inputs.copy()
    inputs[~np.isin(one.split, spared)] = np.nan
    steps = [
        count(exam.model, one.retrain, o, o.rows("forget_train"), ("tests",), relearn.Config())
        for o in (one, replace(one, inputs=inputs))
    ]
    assert steps[0] == steps[1]


def test_both_models_see_the_same_minibatches_whatever_the_variant():
    first, second = (relearn._order(10, 64, ("tests", 1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    for start in range(0, 60, 10):
        np.testing.assert_array_equal(np.sort(first[start : start + 10]), np.arange(10))
    exam = _trained()
    exam = _audited(exam, exam.seeds[0].retrain)
    assert _measure(exam) == _measure(replace(exam, variant="another"))
