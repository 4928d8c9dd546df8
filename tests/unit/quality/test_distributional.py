"""Measures on the outputs of single models: planted differences, ties and invariants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import quality_example
from qmu.quality.measures import c2st, cmia, streisand
from qmu.seeds import generator

MODULES = (cmia, c2st, streisand)


def figures(module, variant="ga", change=None, **options):
    """All figures without fleets; ``change`` edits every seed's exam."""
    exam = quality_example.exam(variant, fleets=False, **options)
    if change is not None:
        exam = replace(exam, seeds=tuple(change(one) for one in exam.seeds))
    return module.measure(exam, module.Config())


def values(found, metric, split=None):
    return [f.estimate.value for f in found if f.metric == metric and split in (None, f.split)]


def masked(one):
    """The forget class denied everywhere."""
    logits = one.outputs["logits"].copy()
    logits[:, quality_example.FORGET] = -np.inf
    return replace(one, outputs={**one.outputs, "logits": logits})


@pytest.mark.parametrize("module", MODULES)
def test_identical_models_are_told_apart_by_nothing(module):
    for figure in figures(module, state="same"):
        ideal = 0.5 if figure.metric.endswith("auc") else 0.0
        assert figure.estimate.value == pytest.approx(ideal, abs=1e-9)
        low, high = figure.estimate.interval
        assert low - 1e-9 <= ideal <= high + 1e-9


@pytest.mark.parametrize("module", MODULES)
def test_only_retraining_gives_floors(module):
    assert all(f.metric.endswith("_floor") for f in figures(module, "retrain"))
    assert not any(f.metric.endswith("_floor") for f in figures(module))


@pytest.mark.parametrize("module", MODULES)
def test_a_masked_class_is_handled(module):
    assert all(np.isfinite(f.estimate.value) for f in figures(module, change=masked))


def test_c2st_finds_what_differs_and_only_there():
    fresh = values(figures(c2st, seeds=6), "c2st_auc")
    assert np.mean(fresh) == pytest.approx(0.5, abs=0.1)
    never = figures(c2st, state="never_forgot")
    assert min(values(never, "c2st_auc")) > 0.98
    over = figures(c2st, state="over_forgot")
    assert min(values(over, "c2st_auc", "forget_train")) > 0.98
    assert max(values(over, "c2st_auc", "forget_test")) < 0.8


def test_c2st_judges_images_that_it_was_not_fitted_on():
    """Twenty features of pure noise tell apart the images that they were fitted on."""

    def noise(one):
        rng = generator("tests", "c2st", one.seed)
        shape = (len(one.ensemble_logits) + 1, len(one.label), 10)
        logits = rng.normal(scale=3.0, size=shape)
        outputs = {**one.outputs, "logits": logits[0]}
        return replace(one, outputs=outputs, ensemble_logits=logits[1:])

    found = values(figures(c2st, change=noise, seeds=6), "c2st_auc")
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_cmia_finds_another_profile():
    nearest = quality_example.NEIGHBOUR

    def elsewhere(one):
        logits = one.outputs["logits"].copy()
        forget = one.label == quality_example.FORGET
        logits[forget] = logits[forget][:, [nearest, 1, 0]]
        return replace(one, outputs={**one.outputs, "logits": logits})

    floor = values(figures(cmia, "retrain"), "cmia_total_variation_floor")
    moved = figures(cmia, change=elsewhere)
    assert min(values(moved, "cmia_gap")) > max(floor)
    assert min(values(moved, "cmia_total_variation")) > 0.4


def test_cmia_statistics_closed_form():
    difference = np.array([[0.0, 1.0, -1.0], [0.0, 0.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    even = np.full((1, 4), 0.25)
    assert cmia.gap(difference, 1)(even)[0] == pytest.approx(0.25)
    assert cmia.total_variation(difference)(even)[0] == pytest.approx(0.5)


def test_streisand_tells_too_low_from_too_high():
    assert max(values(figures(streisand, state="never_forgot"), "streisand_auc")) < 0.02
    over = figures(streisand, state="over_forgot")
    assert min(values(over, "streisand_auc")) > 0.98
    assert min(values(over, "streisand_ks")) > 0.9
    fresh = values(figures(streisand, seeds=6), "streisand_auc")
    assert np.mean(fresh) == pytest.approx(0.5, abs=0.1)


def test_kolmogorov_smirnov_closed_form():
    first, second = np.array([0.0, 1.0, 2.0, 3.0]), np.array([[2.0, 3.0, 4.0, 5.0]])
    even = np.full((1, 4), 0.25)
    assert streisand.kolmogorov_smirnov(first, second)(even)[0] == pytest.approx(0.5)
    assert streisand.kolmogorov_smirnov(second[0], first[None])(even)[0] == pytest.approx(0.5)


@pytest.mark.parametrize("module", MODULES)
def test_without_images_there_is_no_figure(module):
    def none(one):
        return replace(one, split=np.full(len(one.label), "retain_unseen", dtype=object))

    assert all(np.isnan(f.estimate.value) for f in figures(module, change=none))
