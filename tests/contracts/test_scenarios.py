"""What every forget scenario promises, whatever it marks."""

import copy

import numpy as np
import pytest
from qmu import registry
from qmu.data.dataset import Description
from qmu.forget.scenario import ScenarioCard, checked, whole_classes
from qmu.seeds import generator
from qmu.strict import Strict

CLASSES, ROWS, WIDTH = 4, 120, 6
DATA = Description(classes=CLASSES, rows=ROWS, kind="features", shape=(WIDTH,))
# Settings of the scenarios that have keys without a default.
SETTINGS = {"class": {"label": 1}}

scenarios = pytest.mark.parametrize("name", registry.names("forget"))


def pool():
    rng = generator("contract", "forget")
    return {
        "sample_id": np.arange(ROWS) + 50,
        "label": np.arange(ROWS) % CLASSES,
        "role": np.full(ROWS, "pool", object),
        "features": rng.normal(size=(ROWS, WIDTH)),
    }


def made(name):
    """The scenario and settings of it."""
    module = registry.load("forget", name)
    return module, module.Config(**SETTINGS.get(name, {}))


def marked(name, rows=None):
    module, config = made(name)
    return module.mask(rows or pool(), config, generator("contract", name))


@scenarios
def test_the_card_is_complete(name):
    module, config = made(name)
    assert isinstance(module.CARD, ScenarioCard)
    assert module.CARD.title
    assert module.CARD.statement.endswith(".")
    assert issubclass(module.Config, Strict)
    assert module.Config(**config.model_dump(mode="json")) == config


@scenarios
def test_a_mask_marks_some_rows_and_leaves_some(name):
    assert checked(name, marked(name), ROWS).shape == (ROWS,)


@scenarios
def test_the_same_stream_gives_the_same_mask_and_nothing_is_changed(name):
    rows = pool()
    before = copy.deepcopy(rows)
    assert np.array_equal(marked(name, rows), marked(name, rows))
    for column, values in rows.items():
        assert np.array_equal(values, before[column])


@scenarios
def test_whole_classes_are_promised_by_the_card(name):
    module, _ = made(name)
    mask, label = marked(name), pool()["label"]
    only_whole = np.array_equal(mask, np.isin(label, whole_classes(label, mask)))
    assert only_whole or not module.CARD.whole_classes


@scenarios
def test_a_data_set_that_can_be_asked_so_is_let_through(name):
    module, config = made(name)
    assert module.check(config, DATA) is None


@scenarios
def test_names_tell_requests_apart_and_are_plain(name):
    """They stand in the specs of jobs, and random streams are drawn under them."""
    module, config = made(name)
    names = module.names(config)
    assert names
    assert all(type(one) in (str, int) for one in names)
    assert names == module.names(config)
    assert generator("contract", *names)


def test_requests_of_different_settings_have_different_names():
    module, config = made("class")
    assert module.names(config) != module.names(module.Config(label=2))
