"""What every measure of unlearning quality in the folder must keep, whatever it measures."""

import copy
import math
import subprocess
import sys
import warnings
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
import quality_example
from qmu import registry
from qmu.audit.measurement import Measurement
from qmu.quality import alignment, answers
from qmu.quality.exam import QualityCard
from qmu.quality.measures import probe, quantum_distance, relearn
from qmu.strict import Strict

measures = pytest.mark.parametrize("name", registry.names("quality"))
FLEETS = ("shadows", "unlearned", "retrained")
SPLITS = {None} | {f"{g}_{p}" for g in ("forget", "retain") for p in ("train", "test", "unseen")}


# Undefined where a measure says so: the example's models are untrained, so that a retrained one may
# be as good as the original without a step.
# A ratio to models that need no step; features that the model does not train.
MAY_BE_NAN = {
    *("relearn_ratio", "relearn_aligned_ratio"),
    *("probe_features_accuracy", "probe_features_gap"),
}

# What a process remembers between variants.
REMEMBERED = (
    *(alignment.refit, answers.expectation_values),
    *(probe.embedded, probe.predictions, quantum_distance.final_states, relearn._steps),
)


class Poison:
    """Stands for fleets that a measure has no right to: every look at them is an error."""

    def __getattr__(self, attribute):
        raise AssertionError(f"the measure read {attribute} of a fleet that it may not look at")


@cache
def _exam(variant="ga", state="retrained"):
    return quality_example.exam(variant, state=state)


def _measure(name, exam):
    module = registry.load("quality", name)
    # Measures of fleets ask for more models by default than the example has: a quarter
    # of its 64 hold an image, and either side takes half.
    fewer = {"models": 8} if "models" in module.Config.model_fields else {}
    return module.measure(exam, module.Config(**fewer))


@cache
def _figures(name, variant="ga", state="retrained"):
    return tuple(_measure(name, _exam(variant, state)))


def _identity(figure):
    return (*figure.key, figure.subject.seed)


@measures
def test_card_and_config_are_complete(name):
    module = registry.load("quality", name)
    assert isinstance(module.CARD, QualityCard)
    assert all((module.CARD.title, module.CARD.source, module.CARD.statement))
    assert issubclass(module.Config, Strict)
    assert module.Config(**module.Config().model_dump(mode="json")) == module.Config()


@measures
@pytest.mark.parametrize("variant", ["ga", "retrain"])
def test_figures_are_of_the_exam_and_finite(name, variant):
    """NaN only where a measure says so: no exam here is without images, fleets or ensemble."""
    exam, figures = _exam(variant), _figures(name, variant)
    assert figures
    for figure in figures:
        assert isinstance(figure, Measurement)
        subject, estimate = figure.subject, figure.estimate
        assert (subject.model, subject.variant, subject.device) == (
            exam.name,
            variant,
            exam.device,
        )
        assert subject.seed in {None, *(one.seed for one in exam.seeds)}
        assert figure.attack is None
        assert figure.split in SPLITS
        nan = figure.metric in MAY_BE_NAN and math.isnan(estimate.value)
        assert nan or math.isfinite(estimate.value), figure.metric
        if estimate.interval is not None:
            low, high = estimate.interval
            assert low <= estimate.value <= high
    identities = [_identity(figure) for figure in figures]
    assert len({*identities}) == len(identities)


@measures
@pytest.mark.parametrize("variant", ["ga", "retrain"])
def test_every_figure_is_a_metric_of_the_card(name, variant):
    """The report takes titles and order from the card."""
    metrics = [metric.name for metric in registry.load("quality", name).CARD.metrics]
    shown = {figure.metric.removesuffix("_floor") for figure in _figures(name, variant)}
    assert shown <= set(metrics)
    assert len(metrics) == len(set(metrics))


def test_a_metric_stands_on_one_card():
    cards = [registry.load("quality", name).CARD for name in registry.names("quality")]
    metrics = [metric.name for card in cards for metric in card.metrics]
    assert len(metrics) == len(set(metrics))


@measures
def test_what_has_an_interval_names_its_images(name):
    """Without ids the seeds' shared images would count as often as there are seeds."""
    for figure in _figures(name):
        if figure.estimate.interval is not None:
            assert figure.estimate.images, figure.metric


@measures
def test_every_seed_has_the_same_figures(name):
    by_seed = {}
    for figure in _figures(name):
        seed = figure.subject.seed
        by_seed.setdefault(seed, []).append((figure.metric, figure.split))
    groups = [rows for seed, rows in by_seed.items() if seed is not None]
    assert len(groups) in (0, len(_exam().seeds))
    assert all(rows == groups[0] for rows in groups)


@measures
@pytest.mark.parametrize("state", ["same", "never_forgot", "over_forgot"])
def test_names_and_splits_do_not_depend_on_what_is_found(name, state):
    """A verdict looks figures up by name: a model's state may turn one into NaN, not drop it."""
    found = [_identity(figure) for figure in _figures(name, "ga", state)]
    assert found == [_identity(figure) for figure in _figures(name)]


@measures
def test_same_names_same_bits_and_inputs_untouched(name):
    exam = _exam()
    before = copy.deepcopy((exam.seeds, [getattr(exam, fleet) for fleet in FLEETS]))
    first = _figures(name)
    for function in REMEMBERED:
        function.forget()
    again = _measure(name, exam)
    for one, two in zip(first, again, strict=True):
        assert _identity(one) == _identity(two)
        np.testing.assert_array_equal(one.estimate.value, two.estimate.value)
        np.testing.assert_array_equal(one.estimate.replicates, two.estimate.replicates)
        assert one.estimate.interval == two.estimate.interval
    seeds, fleets = before
    for old, new in zip(seeds, exam.seeds, strict=True):
        _same(old, new)
    for old, fleet in zip(fleets, FLEETS, strict=True):
        _same(old, getattr(exam, fleet))


def _same(old, new):
    for field in fields(old):
        _equal(getattr(old, field.name), getattr(new, field.name))


def _equal(old, new):
    if isinstance(old, dict):
        assert old.keys() == new.keys()
        for key, value in old.items():
            _equal(value, new[key])
    elif isinstance(old, tuple):
        for one, two in zip(old, new, strict=True):
            _equal(one, two)
    else:
        np.testing.assert_array_equal(old, new)


@measures
def test_fleets_are_read_only_where_the_card_asks_for_them(name):
    poisoned = replace(_exam(), **dict.fromkeys(FLEETS, Poison()))
    if registry.load("quality", name).CARD.fleets:
        with pytest.raises(AssertionError, match="may not look"):
            _measure(name, poisoned)
        return
    values = [figure.estimate.value for figure in _measure(name, poisoned)]
    assert values == [figure.estimate.value for figure in _figures(name)]


@measures
def test_a_seed_speaks_for_itself(name):
    """A seed's figures do not depend on which other seeds are examined with it."""
    exam = _exam()
    alone = _measure(name, replace(exam, seeds=exam.seeds[1:]))
    seed = exam.seeds[1].seed
    kept = [figure for figure in _figures(name) if figure.subject.seed == seed]
    found = [figure for figure in alone if figure.subject.seed == seed]
    assert [_identity(figure) for figure in found] == [_identity(figure) for figure in kept]
    assert [f.estimate.value for f in found] == [f.estimate.value for f in kept]


@measures
@pytest.mark.parametrize("variant", ["retrain", "retrain@1"])
def test_a_retrained_model_without_others_has_the_same_figures(name, variant):
    """The further models of a seed may be none: values may turn into NaN, nothing fails."""
    exam = quality_example.exam(variant, seeds=1)
    (one,) = exam.seeds
    lonely = replace(one, ensemble=(), ensemble_logits=one.ensemble_logits[:0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = _measure(name, replace(exam, seeds=(lonely,)))
    assert [_identity(figure) for figure in found] == [
        _identity(figure) for figure in _measure(name, exam)
    ]


def test_importing_measures_imports_nothing_heavy():
    code = (
        "import sys; from qmu import registry;"
        "[registry.load('quality', n) for n in registry.names('quality')];"
        "heavy = {'jax', 'optax', 'pennylane', 'sklearn', 'matplotlib', 'pandas'};"
        "heavy &= set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
