"""Further retrained models and the ladder: who is trained on which rows, and what is written."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import step_example
from qmu.steps.io import samples
from qmu.steps.train import further
from qmu.tables import parquet

IMAGES, ROOT = 160, 0
LADDER = {"residue@1": 1.0, "residue@20": 20.0, "residue@50": 50.0, "residue@100": 100.0}
RETRAINED = {"retrain@1": 0.0, "retrain@2": 0.0}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    tables = step_example.seed_tables(tmp_path_factory.mktemp("further"), IMAGES, seeds=2)
    return tables | {"samples": tables["samples"][0]}


@pytest.fixture(scope="module")
def data(files):
    return samples.read(files["pool"], files["samples"], step_example.EXPERIMENT)


def train(files, folder, kept, role):
    """The tables of the models by variant and kind, and each model's members in pool positions."""
    members = {}
    trained = further.train_fleet

    def spy(model, pool, spec, of, names, report):
        members.update({variant: of(place) for place, variant in enumerate(spec.kept)})
        return trained(model, pool, spec, of, names, report)

    outputs = step_example.variant_files(folder, list(kept))
    spec = {
        "name": "basic_qnn",
        "seed": 0,
        "role": role,
        "kept": kept,
        "width": 2,
        "indices": list(range(len(kept))),
        "model": step_example.model(epochs=1),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(further, "train_fleet", spy)
        step_example.run("train.further", files, outputs, **spec)
    tables = {
        variant: {kind: parquet.read(paths[place], kind) for kind, paths in outputs.items()}
        for place, variant in enumerate(kept)
    }
    return tables, members


@pytest.fixture(scope="module")
def ladder(files, tmp_path_factory):
    return train(files, tmp_path_factory.mktemp("ladder"), LADDER, "residue")


@pytest.fixture(scope="module")
def retrained(files, tmp_path_factory):
    return train(files, tmp_path_factory.mktemp("retrained"), RETRAINED, "retrain_ensemble")


def kept_rows(tables):
    return {variant: np.flatnonzero(of["outputs"]["kept"]) for variant, of in tables.items()}


def test_each_rung_keeps_its_share_of_the_forget_set(ladder, data):
    forget = data.positions("forget_train")
    assert len(forget) > 20
    for variant, rows in kept_rows(ladder[0]).items():
        assert len(rows) == max(1, round(LADDER[variant] / 100 * len(forget)))
        assert set(rows) <= set(forget)
    assert np.array_equal(kept_rows(ladder[0])["residue@100"], forget)


def test_rungs_are_nested(ladder):
    rows = [set(rows) for rows in kept_rows(ladder[0]).values()]
    for smaller, larger in pairwise(rows):
        assert smaller < larger


def test_models_are_trained_on_the_retained_rows_and_what_they_keep(ladder, retrained, data):
    retain = set(data.positions("retain_train"))
    for tables, members in (ladder, retrained):
        for variant, rows in kept_rows(tables).items():
            assert set(members[variant]) == retain | set(rows)
            assert np.array_equal(members[variant], np.unique(members[variant]))


def test_retrained_models_keep_nothing_and_differ(retrained):
    tables, _ = retrained
    assert all(len(rows) == 0 for rows in kept_rows(tables).values())
    first, second = (of["outputs"]["logits"] for of in tables.values())
    assert not np.array_equal(first, second)


def test_tables_hold_the_seeds_samples_and_what_training_cost(ladder, data):
    tables, members = ladder
    recipe = step_example.model(epochs=1)["settings"]["training"]
    for variant, of in tables.items():
        for name in ("sample_id", "label", "split", "forget"):
            assert np.array_equal(of["outputs"][name], getattr(data, name))
        steps = len(members[variant]) // recipe["batch_size"]
        assert of["cost"]["gradient_evaluations"] == [steps * recipe["batch_size"]]
        assert list(of["history"]["epoch"]) == [1]
    seconds = {of["timing"]["wall_seconds"][0] for of in tables.values()}
    assert len(seconds) == 1


def left_in(data, percent, *names):
    return further.left_in(data, percent, names or (ROOT, "tests", 0))


def test_nothing_is_left_in_of_no_share_and_everything_of_the_whole(data):
    assert len(left_in(data, 0.0)) == 0
    assert np.array_equal(left_in(data, 100.0), data.positions("forget_train"))


def test_a_share_too_small_for_one_row_is_one_row(data):
    assert len(left_in(data, 1e-6)) == 1


def test_rows_that_stay_are_drawn_by_name(data):
    """Each seed and model has its own; asking again gives the same."""
    one, again, other = (left_in(data, 30.0, ROOT, "tests", n) for n in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
