"""What every forget scenario promises, whatever it marks."""

import copy
from pathlib import Path

import numpy as np
import pytest
from qmu import registry
from qmu.data.dataset import Description
from qmu.forget.scenario import ScenarioCard, checked, whole_classes
from qmu.seeds import generator
from qmu.strict import Strict

CLASSES, ROWS, WIDTH, TRAIN = 4, 120, 6, 40
DATA = Description(
    classes=CLASSES, rows=ROWS, kind="features", shape=(WIDTH,), ids=True, groups=("person",)
)
# Settings of the scenarios that have keys without a default.
IDS = Path(__file__).parents[1] / "examples" / "ids.csv"
SETTINGS = {
    "class": {"label": 1},
    "samples": {"path": str(IDS)},
    "group": {"column": "person", "values": ["p3"]},
    "worst_case": {"rows": 5},
    "canaries": {"rows": 5},
}

scenarios = pytest.mark.parametrize("name", registry.names("forget"))


def pool():
    rng = generator("contract", "forget")
    return {
        "sample_id": np.arange(ROWS) + 50,
        "label": np.arange(ROWS) % CLASSES,
        "role": np.full(ROWS, "pool", object),
        "id": np.array([f"r{row}" for row in range(ROWS)], object),
        "group/person": np.array([f"p{row % 24}" for row in range(ROWS)], object),
        "features": rng.normal(size=(ROWS, WIDTH)),
        "memorisation": rng.normal(size=ROWS),
    }


def made(name):
    """The scenario and settings of it."""
    module = registry.load("forget", name)
    return module, module.Config(**SETTINGS.get(name, {}))


def marked(name, rows=None):
    module, config = made(name)
    return module.mark(rows or pool(), config, TRAIN, generator("contract", name))


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
    found = checked(name, marked(name), ROWS)
    assert found.rows.shape == (ROWS,)


@scenarios
def test_a_model_holds_about_as_many_marked_rows_as_a_target(name):
    """A shadow model draws TRAIN of all rows; the audited ones hold what is requested."""
    found = marked(name)
    if found.requested is not None:
        assert abs(found.rows.sum() * TRAIN / ROWS - found.requested.sum()) <= 1


@scenarios
def test_altered_rows_are_the_marked_ones_and_nothing_is_changed_in_place(name):
    module, config = made(name)
    assert module.CARD.alters == hasattr(module, "alter")
    if not module.CARD.alters:
        return
    rows = pool()
    before, found = copy.deepcopy(rows), marked(name)
    changed = module.alter(rows, found, config, CLASSES, generator("contract", "alter"))
    again = module.alter(rows, found, config, CLASSES, generator("contract", "alter"))
    for column, values in changed.items():
        assert values.shape == rows[column].shape
        assert values.dtype == rows[column].dtype
        assert np.array_equal(values, again[column])
        differ = values != rows[column]
        assert np.array_equal(differ if differ.ndim == 1 else differ.any(axis=1), found.rows)
    assert all(0 <= one < CLASSES for one in changed["label"])
    for column, values in rows.items():
        assert np.array_equal(values, before[column])


@scenarios
def test_named_rows_are_the_requested_ones(name):
    module, config = made(name)
    assert module.CARD.named == hasattr(module, "rows")
    if module.CARD.named:
        assert np.array_equal(module.rows(pool(), config), marked(name).requested)


@scenarios
def test_where_rows_are_altered_no_input_is_read(name):
    if made(name)[0].CARD.alters:
        known = {key: pool()[key] for key in ("sample_id", "label", "role")}
        assert np.array_equal(marked(name, known).rows, marked(name).rows)


@scenarios
def test_the_same_stream_gives_the_same_mask_and_nothing_is_changed(name):
    rows = pool()
    before = copy.deepcopy(rows)
    first, second = marked(name, rows), marked(name, rows)
    assert np.array_equal(first.rows, second.rows)
    assert np.array_equal(first.requested, second.requested)
    for column, values in rows.items():
        assert np.array_equal(values, before[column])


@scenarios
def test_whole_classes_are_promised_by_the_card(name):
    module, _ = made(name)
    mask, label = marked(name).rows, pool()["label"]
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
