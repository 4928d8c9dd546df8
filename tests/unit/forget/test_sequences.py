"""Requests one after another: the split that all seeds share, and what each request marks."""

import numpy as np
import pytest
from qmu import registry
from qmu.data.splits import shared_parts
from qmu.errors import QmuError
from qmu.forget.scenario import Marked, following, whole_classes

COUNTS = {"train": 40, "test": 20, "validation": 10}
ROWS = 100
NONE = np.zeros(ROWS, bool)


def rows(*numbers):
    return np.isin(np.arange(ROWS), numbers)


def test_a_split_holds_what_is_asked_for_and_takes_the_included_rows_in():
    parts = shared_parts(0, COUNTS, NONE)
    assert {p: int(np.sum(parts == p)) for p in set(parts)} == COUNTS | {"unseen": 30}
    assert np.array_equal(parts, shared_parts(0, COUNTS, NONE))
    assert not np.array_equal(parts, shared_parts(1, COUNTS, NONE))
    outside = np.flatnonzero(parts != "train")[:3]
    placed = shared_parts(0, COUNTS, rows(*outside))
    assert np.all(placed[outside] == "train")
    assert np.sum(placed == "train") == 40


def test_rows_of_one_group_stay_together_but_at_a_border():
    group = np.repeat([f"p{k}" for k in range(25)], 4)
    parts = shared_parts(0, COUNTS, NONE, group)
    torn = [name for name in np.unique(group) if len(set(parts[group == name])) > 1]
    assert len(torn) <= 3
    # Groups are drawn, not taken in their order.
    assert not np.all(parts[:40] == "train")


def drawn(kind, pool, **settings):
    module = registry.load("forget", kind)
    return module.mark(pool, module.Config(**settings), 40, np.random.default_rng(3))


def test_later_requests_draw_from_trained_rows_and_compare_with_rows_never_trained_on():
    label, trained, untrained = np.arange(ROWS) % 2, np.arange(ROWS) < 40, np.arange(ROWS) >= 60
    pool = {"label": label, "trained": trained, "untrained": untrained}
    found = drawn("fraction", pool, percent=20)
    assert found.requested.sum() == 8
    assert not np.any(found.requested & ~trained)
    others = found.rows & ~found.requested
    assert others.any()
    assert not np.any(others & ~untrained)
    # More than is left: all of it.
    few = pool | {"trained": rows(1, 2, 3)}
    assert np.flatnonzero(drawn("fraction", few, percent=50).requested).tolist() == [1, 2, 3]


def test_a_group_is_compared_with_groups_of_which_no_row_was_trained_on():
    whose = np.repeat([str(k) for k in range(20)], 5)
    pool = {"label": np.zeros(ROWS, int), "group/who": whose}
    trained = np.arange(ROWS) < 42  # half of the group 8 too
    pool |= {"trained": trained, "untrained": ~trained}
    found = drawn("group", pool, column="who", values=["1"])
    assert set(whose[found.requested]) == {"1"}
    others = set(whose[found.rows]) - {"1"}
    assert others
    assert others <= {str(k) for k in range(9, 20)}


def test_the_forget_set_grows_and_a_request_for_nothing_new_is_told():
    trained = np.arange(ROWS) < 40
    first = Marked(rows(1, 2, 80), rows(1, 2))
    before = following(NONE, first, trained)
    assert np.flatnonzero(before).tolist() == [1, 2, 80]
    assert np.flatnonzero(following(before, Marked(rows(2, 3)), trained)).tolist() == [1, 2, 3, 80]
    for nothing in (first, Marked(rows(50, 51)), Marked(rows(3, 90), rows(90))):
        with pytest.raises(QmuError, match="no row that is trained on and not yet"):
            following(before, nothing, trained)


def test_only_classes_of_which_a_row_is_left_are_forgotten_now():
    label = np.array([0, 0, 1, 1, 2, 2])
    forget = label != 2
    assert whole_classes(label, forget) == (0, 1)
    assert whole_classes(label, forget, label == 1) == (1,)
    assert whole_classes(label, forget & (np.arange(6) != 2), label == 1) == ()
