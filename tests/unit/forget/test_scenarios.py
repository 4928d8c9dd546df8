"""Forget scenarios: what `class` marks, and what follows from any mask."""

import numpy as np
import pytest
from qmu import registry
from qmu.data.dataset import Description
from qmu.errors import QmuError
from qmu.forget.scenario import Marked, checked, whole_classes

LABEL = np.array([0, 1, 2, 1, 0, 2, 2, 1])
POOL = {"sample_id": np.arange(8) + 30, "label": LABEL}
THREE = Description(classes=3, rows=8, kind="features", shape=(2,))


@pytest.fixture
def scenario():
    """The module, whose name is a keyword of Python."""
    return registry.load("forget", "class")


def test_every_row_of_the_class_and_no_other_is_marked(scenario, rng):
    for label in (0, 1, 2):
        marked = scenario.mark(POOL, scenario.Config(label=label), 4, rng)
        mask = marked.rows
        assert marked.requested is None
        assert mask.dtype == bool
        assert np.array_equal(mask, label == LABEL)
        assert whole_classes(LABEL, mask) == (label,)


def test_nothing_is_left_to_chance(scenario):
    config = scenario.Config(label=1)
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    scenario.mark(POOL, config, 4, rng)
    assert rng.bit_generator.state == before


def test_the_class_must_exist(scenario):
    scenario.check(scenario.Config(label=2), THREE)
    with pytest.raises(ValueError, match=r"^label: 3 is no class \(classes 0 to 2\)"):
        scenario.check(scenario.Config(label=3), THREE)


@pytest.mark.parametrize("label", [-1, 1.0, "1", True, None])
def test_a_class_is_a_number_from_0(scenario, label):
    with pytest.raises(ValueError, match="label"):
        scenario.Config(label=label)


def test_the_label_has_no_default(scenario):
    with pytest.raises(ValueError, match="label"):
        scenario.Config()


def test_the_random_streams_are_those_of_earlier_versions(scenario):
    """Shadow models without the class keep their numbers."""
    assert scenario.names(scenario.Config(label=4)) == ("without", 4)


def test_a_mask_is_handed_on_as_it_is():
    mask = LABEL == 1
    assert checked("class", Marked(mask), 8).rows is mask
    marked = Marked(mask, mask & (np.arange(8) < 2))
    assert checked("odd", marked, 8) is marked


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (LABEL, r"one bool per pool row, \(8,\), and gave int64 of shape \(8,\)"),
        (np.zeros(7, bool), r"gave bool of shape \(7,\)"),
        (np.zeros((8, 1), bool), r"gave bool of shape \(8, 1\)"),
        (np.array(True), r"gave bool of shape \(\)"),
        (np.zeros(8, bool), "asks to forget no row of the pool"),
        (np.ones(8, bool), "asks to forget every row of the pool"),
    ],
)
def test_what_is_no_mask_is_refused_by_the_scenarios_name(mask, words):
    with pytest.raises(QmuError, match=words) as caught:
        checked("odd", Marked(mask), 8)
    assert str(caught.value).startswith("forget: the scenario odd ")


@pytest.mark.parametrize(
    ("requested", "words"),
    [
        (np.zeros(8, bool), "requests rows that it does not mark, or none"),
        (LABEL == 2, "requests rows that it does not mark, or none"),
        (LABEL == 1, "leaves no row that is never trained on"),
        (np.ones(7, bool), r"gave bool of shape \(7,\)"),
    ],
)
def test_requested_rows_are_some_of_the_marked_ones(requested, words):
    with pytest.raises(QmuError, match=words):
        checked("odd", Marked(LABEL == 1, requested), 8)


def test_a_class_is_whole_when_every_row_of_it_is_marked():
    assert whole_classes(LABEL, LABEL != 1) == (0, 2)
    part = LABEL == 1
    part[1] = False
    assert whole_classes(LABEL, part) == ()
    assert whole_classes(LABEL, part | (LABEL == 2)) == (2,)
    assert whole_classes(LABEL, np.zeros(8, bool)) == ()
    assert all(type(one) is int for one in whole_classes(LABEL, LABEL == 0))
