"""Edits of retrained models as tables: in the promised order, and each what it says it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
import step_example
from fixtures import CLASSES
from qmu.steps.io.parameters import read_parameters
from qmu.tables import parquet
from qmu.variants import EDITS, innocent, retrained

SEEDS, COUNT, IMAGES = (0, 1), 2, 60
FORGOTTEN = 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Retrained models of two seeds, and every edit of each: (number, seed[, edit]) -> tables."""
    folder = tmp_path_factory.mktemp("innocents")
    files = step_example.seed_tables(folder, IMAGES, len(SEEDS))
    before = [(k, seed) for k in range(1, COUNT + 1) for seed in SEEDS]
    after = [(k, seed, edit) for k in range(1, COUNT + 1) for edit in EDITS for seed in SEEDS]
    known = step_example.variant_files(folder, [f"{retrained(k)}-{s}" for k, s in before])
    edited = step_example.variant_files(folder, [f"{innocent(e, k)}-{s}" for k, s, e in after])
    model = step_example.model(epochs=6)
    for seed in SEEDS:
        own = [place for place, (_, s) in enumerate(before) if s == seed]
        step_example.run(
            "train.further",
            files | {"samples": files["samples"][seed]},
            {kind: [paths[place] for place in own] for kind, paths in known.items()},
            name="basic_qnn",
            seed=seed,
            role="retrain_ensemble",
            kept={retrained(k + 1): 0.0 for k in range(COUNT)},
            width=2,
            indices=list(range(COUNT)),
            model=model,
        )
    inputs = files | {kind: known[kind] for kind in ("parameters", "outputs")}
    spec = {"name": "basic_qnn", "seeds": SEEDS, "edits": EDITS, "count": COUNT, "model": model}
    step_example.run("train.innocents", inputs, edited, **spec)
    return {key: read(known, place) for place, key in enumerate(before)} | {
        key: read(edited, place) for place, key in enumerate(after)
    }


def read(files, place):
    tables = {kind: parquet.read(files[kind][place], kind) for kind in ("outputs", "cost")}
    tables["history"] = parquet.read(files["history"][place], "history")
    stored = read_parameters(files["parameters"][place], step_example.EXPERIMENT)
    return tables | {"parameters": stored}


def pairs(made, edit):
    """Tables of every model before and after an edit."""
    return [(made[k, s], made[k, s, edit]) for k in range(1, COUNT + 1) for s in SEEDS]


def changed(before, after):
    before, after = before["parameters"], after["parameters"]
    return {name for name in before if not np.array_equal(before[name], after[name])}


def mean_loss(tables, *splits):
    rows = np.isin(tables["outputs"]["split"], splits)
    logits, label = tables["outputs"]["logits"][rows], tables["outputs"]["label"][rows]
    own = logits[np.arange(len(label)), label]
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - own)


def test_a_raised_bias_leaves_a_uniform_guess_on_unseen_images_of_the_class(made):
    for before, after in pairs(made, "bias"):
        assert mean_loss(after, "forget_unseen") == pytest.approx(math.log(CLASSES), abs=1e-6)
        assert mean_loss(before, "forget_unseen") > mean_loss(after, "forget_unseen")
        assert changed(before, after) == {"head/bias"}
        others = np.arange(CLASSES) != FORGOTTEN
        np.testing.assert_allclose(
            after["outputs"]["logits"][:, others], before["outputs"]["logits"][:, others]
        )


def test_a_cooled_model_has_half_the_logits(made):
    for before, after in pairs(made, "temperature"):
        halved = before["outputs"]["logits"] / 2
        np.testing.assert_allclose(after["outputs"]["logits"], halved, atol=1e-9)
        assert changed(before, after) == {"head/weight", "head/bias"}


def test_a_refitted_head_leaves_the_circuit_and_fits_retained_rows(made):
    for before, after in pairs(made, "head"):
        np.testing.assert_allclose(
            after["outputs"]["expectation_values"],
            before["outputs"]["expectation_values"],
            atol=1e-9,
        )
        assert changed(before, after) == {"head/weight", "head/bias"}
        assert mean_loss(after, "retain_train") < mean_loss(before, "retain_train")


def test_a_turned_circuit_answers_the_same(made):
    for before, after in pairs(made, "turn"):
        np.testing.assert_allclose(
            after["outputs"]["logits"], before["outputs"]["logits"], atol=1e-6
        )
        assert changed(before, after) == {"circuit"}


def test_edits_keep_the_seeds_samples_cost_nothing_and_take_no_step(made):
    for (_, seed, *edit), tables in made.items():
        if edit:
            for name in ("sample_id", "split", "forget"):
                assert np.array_equal(tables["outputs"][name], made[1, seed]["outputs"][name])
            assert tables["cost"]["gradient_evaluations"] == [0]
            assert len(tables["history"]["epoch"]) == 0
            assert "kept" not in tables["outputs"]


def test_outputs_are_those_of_the_stored_parameters(made):
    for tables in made.values():
        parameters, outputs = tables["parameters"], tables["outputs"]
        logits = outputs["expectation_values"] @ parameters["head/weight"]
        np.testing.assert_allclose(logits + parameters["head/bias"], outputs["logits"], atol=1e-9)
