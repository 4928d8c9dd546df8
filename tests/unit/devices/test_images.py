"""Which images a device is asked about: counted per group, shared, in an order without labels."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from qmu.data.splits import PARTS, scattered_order
from qmu.devices.images import Images, select
from qmu.seeds import generator

GROUPS = [f"{group}_{part}" for group in ("retain", "forget") for part in PARTS]
NONE = dict.fromkeys(Images.model_fields, 0)


@pytest.fixture(scope="module")
def pool():
    """Splits and ids of 4,000 images; a tenth of them of the forget class."""
    rng = generator("tests", "device-images")
    part = rng.choice(PARTS, 4000)
    group = np.where(rng.random(4000) < 0.1, "forget", "retain")
    split = np.array([f"{g}_{p}" for g, p in zip(group, part, strict=True)])
    return split, np.sort(rng.choice(100_000, 4000, replace=False))


def test_counts_of_every_group_without_overlap(pool):
    """Groups that share no image are counted one by one."""
    split, sample_id = pool
    images = Images(**NONE | {"train": 30, "test": 20, "validation": 10, "unseen": 5})
    chosen = select(split, sample_id, images)
    part = np.array([name.partition("_")[2] for name in split[chosen]])
    assert {name: int(np.sum(part == name)) for name in PARTS} == {
        "train": 30, "test": 20, "validation": 10, "unseen": 5,
    }  # fmt: skip
    assert np.all(np.diff(chosen) > 0)
    assert len(chosen) == images.most()


def test_forget_images_are_of_the_forget_class(pool):
    """And those that a part has taken already are not taken twice."""
    split, sample_id = pool
    both = Images(**NONE | {"train": 200, "test": 2, "forget_train": 40})
    chosen = select(split, sample_id, both)
    forget = np.sum(split[chosen] == "forget_train")
    assert forget == 40
    taken = np.sum(split[select(split, sample_id, Images(**NONE | {"train": 200, "test": 2}))]
                   == "forget_train")  # fmt: skip
    assert 0 < taken < 40
    assert len(chosen) == 202 + 40 - taken < both.most()


def test_the_first_of_the_scattered_order(pool):
    """As the published attack takes its samples, whatever the labels are."""
    split, sample_id = pool
    chosen = select(split, sample_id, Images(**NONE | {"train": 50, "test": 2}))
    order = scattered_order(sample_id)
    train = [i for i in order if split[i].endswith("_train")][:50]
    assert set(train) == set(chosen[[split[i].endswith("_train") for i in chosen]])


def test_more_images_keep_those_of_fewer(pool):
    """A larger number extends the choice."""
    split, sample_id = pool
    few, many = (set(select(split, sample_id, Images(train=n, test=n))) for n in (20, 60))
    assert few < many


def test_the_choice_follows_ids_not_positions(pool):
    """Shuffled tables give the same images."""
    split, sample_id = pool
    shuffled = generator("tests", "device-images", "shuffle").permutation(len(split))
    images = Images(train=30, test=30)
    before = sample_id[select(split, sample_id, images)]
    after = sample_id[shuffled][select(split[shuffled], sample_id[shuffled], images)]
    assert set(before) == set(after)


def test_more_than_there_are_means_all(pool):
    """A number above a group's size takes the group."""
    split, sample_id = pool
    every = dict.fromkeys(Images.model_fields, 100_000)
    assert np.array_equal(select(split, sample_id, Images(**every)), np.arange(len(split)))


@pytest.mark.parametrize(
    "changed", [{"test": 1}, {"train": 1, "forget_train": 1}, {"train": 0, "forget_train": 0}]
)
def test_an_attack_needs_two_of_each(changed):
    """Said before anything is sent."""
    with pytest.raises(ValidationError, match="train and test need at least 2 images each"):
        Images(**changed)


def test_forget_images_alone_may_be_the_members():
    """No images of ``train`` where enough of ``forget_train``."""
    assert Images(train=0, forget_train=2, test=2).train == 0


@pytest.mark.parametrize("bad", [{"trian": 3}, {"train": -1}, {"train": 2.0}, {"train": True}])
def test_bad_numbers_are_refused(bad):
    """Unknown keys, negative numbers and other types."""
    with pytest.raises(ValidationError):
        Images(**bad)


def test_the_least_number_counts_no_chance():
    sizes = {"train": 40, "test": 30, "validation": 20, "unseen": 1000}
    images = Images(train=10, test=100, validation=0, unseen=7, forget_train=5, forget_unseen=9)
    assert images.least(sizes) == 10 + 30 + 0 + 7
    assert images.least(sizes) < images.most()
