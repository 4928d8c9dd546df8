"""Roles and splits: disjoint, exhaustive, of the right size, uniform, keyed by name."""

import numpy as np
import pytest
from qmu import sampling

COUNTS = {"train": 30, "test": 20, "validation": 7}


@pytest.mark.parametrize("pool", [None, 40, 90])
def test_roles_have_the_right_sizes(pool):
    found = sampling.roles(0, 100, 10, pool)
    names, numbers = np.unique(found.astype(str), return_counts=True)
    expected = {"public": 10, "pool": pool or 90, "spare": 90 - (pool or 90)}
    assert dict(zip(names.tolist(), numbers.tolist(), strict=True)) == {
        name: count for name, count in expected.items() if count
    }


def test_public_images_do_not_depend_on_the_size_of_the_pool():
    all_of_it, some = sampling.roles(0, 100, 10, None), sampling.roles(0, 100, 10, 40)
    assert np.array_equal(all_of_it == "public", some == "public")
    assert not np.any((some == "pool") & (all_of_it == "public"))


def test_parts_are_exhaustive_and_have_the_right_sizes():
    found = sampling.draw_parts(0, 3, 100, COUNTS)
    assert set(found) == set(sampling.PARTS)
    for part, count in (*COUNTS.items(), ("unseen", 43)):
        assert np.sum(found == part) == count


def test_a_pool_may_be_used_up():
    found = sampling.draw_parts(0, 0, 57, COUNTS)
    assert "unseen" not in found
    with pytest.raises(ValueError, match="57 images asked of a pool of 56"):
        sampling.draw_parts(0, 0, 56, COUNTS)


def test_seeds_and_root_seeds_draw_differently_and_repeatably():
    drawn = [sampling.draw_parts(*key, 100, COUNTS) for key in ((0, 0), (0, 1), (1, 0))]
    again = sampling.draw_parts(0, 1, 100, COUNTS)
    assert np.array_equal(drawn[1], again)
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_every_image_is_drawn_equally_often():
    """Counts over 400 seeds are binomial: chi-square of 100 positions, 99 degrees of freedom."""
    drawn = np.array([sampling.draw_parts(0, s, 100, COUNTS) == "train" for s in range(400)])
    expected = 400 * 0.3
    statistic = np.sum((drawn.sum(axis=0) - expected) ** 2 / (expected * 0.7))
    assert 99 - 4 * np.sqrt(2 * 99) < statistic < 99 + 4 * np.sqrt(2 * 99)


def test_splits_name_the_part_and_the_forget_flag():
    parts = np.array(["train", "test", "unseen"], dtype=object)
    found = sampling.splits(parts, np.array([True, False, True]))
    assert found.tolist() == ["forget_train", "retain_test", "forget_unseen"]


@pytest.mark.parametrize(("pool", "size"), [(100, 25), (100, 30), (100, 50), (7, 3)])
def test_fleet_members_are_distinct_and_balanced(pool, size):
    groups = pool // size
    rounds = 5
    counted = np.zeros(pool, int)
    for index in range(groups * rounds):
        members = sampling.fleet_members(0, "shadow", index, pool, size)
        assert members.shape == (size,)
        assert np.all(np.diff(members) > 0)
        assert members.min() >= 0
        assert members.max() < pool
        counted[members] += 1
    assert counted.max() <= rounds
    assert counted.sum() == rounds * groups * size
    if pool % size == 0:
        assert np.all(counted == rounds)


def test_models_of_one_group_share_no_image():
    members = [set(sampling.fleet_members(0, "shadow", i, 100, 30).tolist()) for i in range(3)]
    assert not members[0] & members[1]
    assert not members[0] & members[2]
    assert not members[1] & members[2]


def test_fleet_members_depend_on_root_role_and_index_only():
    def draw(*key):
        return sampling.fleet_members(*key, 100, 30).tolist()

    first = draw(0, "shadow", 7)
    draw(0, "shadow", 0)
    assert draw(0, "shadow", 7) == first
    assert draw(1, "shadow", 7) != first
    assert draw(0, "other", 7) != first
    assert draw(0, "shadow", 10) != first
