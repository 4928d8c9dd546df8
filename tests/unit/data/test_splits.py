"""Roles and splits: disjoint, exhaustive, of the right size, uniform, keyed by name."""

import numpy as np
import pytest
import step_example
from qmu.data import splits as sampling
from qmu.errors import QmuError
from qmu.tables import parquet as tables

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


def pool_table(path, labels):
    count = len(labels)
    columns = {
        "sample_id": np.arange(count) + 7,
        "label": labels,
        "role": np.where(np.arange(count) % 5 == 0, "public", "pool"),
        "image": np.zeros((count, 4), np.uint8),
        "features": np.ones((count, 2)),
    }
    tables.write(path, "pool", columns, **step_example.STAMP)


def draw_samples(folder, labels, **counts):
    pool_table(folder / "pool.parquet", labels)
    files = {name: folder / f"{name}.parquet" for name in ("pool", "request", "samples")}
    inside = np.arange(len(labels)) % 5 != 0
    request = {"sample_id": np.flatnonzero(inside) + 7, "forget": labels[inside] == 1}
    tables.write(files["request"], "request", request, **step_example.STAMP)
    spec = {"seed": 0, "train": 30, "test": 20, "validation": 10} | counts
    step_example.run("data.samples", files, {"samples": files["samples"]}, **spec)
    return tables.read(files["samples"], "samples", experiment=step_example.EXPERIMENT)


def test_the_samples_step_splits_the_pool_and_never_a_public_image(tmp_path):
    labels = np.arange(100) % 3
    found = draw_samples(tmp_path, labels)
    ids = found["sample_id"] - 7
    assert ids.tolist() == [i for i in range(100) if i % 5]
    assert np.array_equal(found["label"], labels[ids])
    assert np.array_equal(found["forget"], found["label"] == 1)
    for split, flag in zip(found["split"], found["forget"], strict=True):
        assert split.startswith("forget_" if flag else "retain_")
    counted = {part: sum(s.endswith(part) for s in found["split"]) for part in sampling.PARTS}
    assert counted == {"train": 30, "test": 20, "validation": 10, "unseen": 20}


@pytest.mark.parametrize(
    ("labels", "split"),
    [
        (np.zeros(100, int), "forget_train"),
        (np.ones(100, int), "retain_train"),
    ],
)
def test_the_samples_step_names_the_split_that_is_empty(tmp_path, labels, split):
    with pytest.raises(QmuError, match=f"draws no row for {split}; raise samples.train"):
        draw_samples(tmp_path, labels)


def test_a_validation_split_without_retained_classes_is_refused(tmp_path):
    """The stopping rule would measure nothing."""
    labels = np.ones(100, int)
    labels[::3] = 0
    for seed in range(30):
        # The one validation image of this draw has to be of the forget class.
        labels = np.roll(labels, seed)
        parts = sampling.draw_parts(0, 0, 80, {"train": 30, "test": 20, "validation": 1})
        inside = labels[np.arange(100) % 5 != 0]
        if inside[parts == "validation"][0] == 1:
            break
    with pytest.raises(QmuError, match=r"retain_validation; raise samples\.validation"):
        draw_samples(tmp_path, labels, validation=1)


def test_the_request_step_marks_rows_of_the_pool_by_the_scenario(tmp_path):
    labels = np.arange(100) % 3
    pool_table(tmp_path / "pool.parquet", labels)
    files = {name: tmp_path / f"{name}.parquet" for name in ("pool", "request")}
    forget = {"component": "class", "settings": {"label": 2}}
    (line,) = step_example.run(
        "data.request", files, {"request": files["request"]}, forget=forget, train=30
    )
    table = tables.read(files["request"], "request", experiment=step_example.EXPERIMENT)
    assert table["sample_id"].tolist() == [i + 7 for i in range(100) if i % 5]
    assert np.array_equal(table["forget"], labels[table["sample_id"] - 7] == 2)
    assert line == f"{table['forget'].sum()} of 80 rows are to be forgotten"


def test_the_request_step_refuses_a_class_that_the_pool_lacks(tmp_path):
    pool_table(tmp_path / "pool.parquet", np.arange(100) % 3)
    files = {name: tmp_path / f"{name}.parquet" for name in ("pool", "request")}
    forget = {"component": "class", "settings": {"label": 3}}
    with pytest.raises(QmuError, match="the scenario class asks to forget no row of the pool"):
        step_example.run(
            "data.request", files, {"request": files["request"]}, forget=forget, train=30
        )
    assert not files["request"].exists()


def test_a_request_of_another_pool_is_refused(tmp_path):
    pool_table(tmp_path / "pool.parquet", np.arange(100) % 3)
    files = {name: tmp_path / f"{name}.parquet" for name in ("pool", "request", "samples")}
    request = {"sample_id": np.arange(80), "forget": np.arange(80) % 2 == 0}
    tables.write(files["request"], "request", request, **step_example.STAMP)
    spec = {"seed": 0, "train": 30, "test": 20, "validation": 10}
    with pytest.raises(QmuError, match="column 'sample_id' does not match the pool's"):
        step_example.run("data.samples", files, {"samples": files["samples"]}, **spec)


def test_requested_rows_are_trained_on_by_every_seed_and_compared_ones_by_none():
    marked = np.arange(100) % 5 == 0
    requested = marked & (np.arange(100) < 30)
    for seed in range(5):
        found = sampling.draw_parts(0, seed, 100, COUNTS, marked, requested)
        assert {part: int(np.sum(found == part)) for part in COUNTS} == COUNTS
        assert set(found[requested]) == {"train"}
        assert sorted(found[marked & ~requested]) == ["test"] * 7 + ["unseen"] * 7
    with pytest.raises(ValueError, match="100 requested rows and 0 to compare"):
        sampling.draw_parts(0, 0, 100, COUNTS, np.ones(100, bool), np.ones(100, bool))
