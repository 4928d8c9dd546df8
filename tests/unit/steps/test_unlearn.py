"""The step that unlearns: the end of a run and the states on its way, each in its own tables."""

from __future__ import annotations

import numpy as np
import pytest
import step_example
from fixtures import CLASSES
from qmu.seeds import generator
from qmu.specs.unlearn import UnlearnShadows
from qmu.steps.io.parameters import read_parameters
from qmu.steps.unlearn import unlearn
from qmu.tables import parquet

SEEDS, LEVELS, IMAGES, SHADOWS = (0, 1), (0.01, 2.0), 60, 3
VARIANTS = ("ga", *(f"ga@{level:g}" for level in LEVELS))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two seeds' targets, and outputs of shadow models of which the last is not asked."""
    folder = tmp_path_factory.mktemp("unlearn")
    files = step_example.seed_tables(folder, IMAGES, len(SEEDS))
    targets = step_example.variant_files(folder, [f"target-{seed}" for seed in SEEDS])
    for place, seed in enumerate(SEEDS):
        step_example.run(
            "train.train",
            files | {"samples": files["samples"][place]},
            {kind: paths[place] for kind, paths in targets.items()},
            name="basic_qnn",
            seed=seed,
            variant="target",
            model=step_example.model(epochs=8),
        )
    sample = parquet.read(files["samples"][0], "samples")
    logits = generator("tests", "reference").normal(size=(SHADOWS * IMAGES, CLASSES))
    columns = {
        "model_index": np.repeat(np.arange(SHADOWS), IMAGES),
        "sample_id": np.tile(sample["sample_id"], SHADOWS),
        "label": np.tile(sample["label"], SHADOWS),
        "member": np.zeros(SHADOWS * IMAGES, bool),
        "logits": logits.astype(np.float32),
    }
    reference = str(folder / "retrained.parquet")
    parquet.write(reference, "fleet_outputs", columns, **step_example.STAMP)
    files |= {kind: targets[kind] for kind in ("parameters", "outputs")}
    return files | {"reference": [reference]}


def run(files, folder, variants=VARIANTS, levels=LEVELS, **stopping):
    """(variant, seed) -> its tables, and what was told."""
    names = [f"{variant}-{seed}" for variant in variants for seed in SEEDS]
    outputs = step_example.variant_files(folder, names)
    settings = {"step_length": 0.05, "batch_size": 8}
    settings["stopping"] = {"max_steps": 40, "validation_drop": 1.0} | stopping
    told = step_example.run(
        "unlearn.unlearn",
        files,
        outputs,
        name="basic_qnn",
        seeds=list(SEEDS),
        variant="ga",
        method={"component": "ga", "settings": settings},
        levels=list(levels),
        reference=[0, 1],
        model=step_example.model(),
    )
    found = {}
    for place, key in enumerate((v, s) for v in variants for s in SEEDS):
        tables = {k: parquet.read(outputs[k][place], k) for k in ("outputs", "cost", "history")}
        stored = read_parameters(outputs["parameters"][place], step_example.EXPERIMENT)
        found[key] = tables | {"parameters": stored}
    return found, told


@pytest.fixture(scope="module")
def whole(files, tmp_path_factory):
    return run(files, tmp_path_factory.mktemp("whole"), forget_loss=0.7)


def forget_loss(tables):
    rows = tables["outputs"]["split"] == "forget_train"
    logits, label = tables["outputs"]["logits"][rows], tables["outputs"]["label"][rows]
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(label)), label])


def test_every_state_stands_where_its_forget_loss_says(whole):
    """In units of log C: the goal in ``ga``, each level in its own variant."""
    goals = dict(zip(VARIANTS, (0.7, *LEVELS), strict=True))
    for (variant, _), tables in whole[0].items():
        assert "reached" in tables["cost"]["stopped"][0]
        assert forget_loss(tables) >= goals[variant] * np.log(CLASSES) - 1e-9


def test_costs_and_history_are_those_by_then(whole):
    found, _ = whole
    for (_, seed), tables in found.items():
        steps = int(tables["cost"]["steps"][0])
        assert list(tables["history"]["epoch"]) == list(range(1, steps + 1))
        assert tables["cost"]["gradient_evaluations"] == [steps * 8]
        first = found["ga", seed]["history"]["loss"]
        np.testing.assert_array_equal(
            tables["history"]["loss"][: len(first)], first[: len(tables["history"]["loss"])]
        )
    for seed in SEEDS:
        early, goal, late = (
            int(found[v, seed]["cost"]["steps"][0]) for v in ("ga@0.01", "ga", "ga@2")
        )
        assert early < goal < late


def test_a_state_says_whether_any_parameter_changed(whole, files):
    found, _ = whole
    for (_, seed), tables in found.items():
        target = read_parameters(files["parameters"][seed], step_example.EXPERIMENT)
        same = all(np.array_equal(target[n], v) for n, v in tables["parameters"].items())
        assert tables["cost"]["changed"] == [not same]
    assert found["ga@0.01", 0]["cost"]["changed"] == [False]
    assert found["ga@2", 0]["cost"]["changed"] == [True]


def test_the_path_changes_nothing_of_where_the_method_ends(whole, files, tmp_path):
    alone, _ = run(files, tmp_path, ["ga"], [], forget_loss=0.7)
    for seed in SEEDS:
        one, other = alone["ga", seed], whole[0]["ga", seed]
        for table in ("parameters", "history", "cost"):
            for name, column in one[table].items():
                np.testing.assert_array_equal(column, other[table][name])


def test_the_goal_is_the_mean_loss_of_the_retrained_shadow_models_asked(files, tmp_path):
    """Over the rows to forget, of the models that the spec names; in nats."""
    table = parquet.read(files["reference"][0], "fleet_outputs")
    rows = np.isin(table["model_index"], [0, 1]) & (table["label"] == 1)
    logits = table["logits"][rows].astype(np.float64)
    expected = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[:, 1])
    _, told = run(files, tmp_path, ["ga"], [])
    assert any(f" of {expected:.4f}, " in line for line in told)


def test_without_shadow_models_there_is_no_goal():
    spec = UnlearnShadows.model_construct(reference=())
    assert unlearn.forget_loss([], spec, np.ones(3, bool)) is None


@pytest.mark.parametrize("method", ["logit_mask", "bias_shift"])
def test_edits_of_the_head_run_whether_they_look_at_data_or_not(files, tmp_path, method):
    names = [f"{method}-{seed}" for seed in SEEDS]
    outputs = step_example.variant_files(tmp_path, names)
    step_example.run(
        "unlearn.unlearn",
        files | {"reference": []},
        outputs,
        name="basic_qnn",
        seeds=list(SEEDS),
        variant=method,
        method={"component": method, "settings": {}},
        levels=[],
        reference=[],
        model=step_example.model(),
    )
    for place in range(len(SEEDS)):
        cost = parquet.read(outputs["cost"][place], "cost")
        assert cost["changed"].tolist() == [True]
        assert (cost["forward_evaluations"][0] > 0) == (method == "bias_shift")


def test_a_certificate_stands_with_the_cost_of_the_method_that_has_one(files, tmp_path):
    names = [f"certified_output-{seed}" for seed in SEEDS]
    for carried, scope, columns in (("all", "all", True), ("circuit", "circuit", False)):
        outputs = step_example.variant_files(tmp_path, names)
        settings = {"carried": carried, "scope": scope, "epochs": 1, "epsilon": 2.5, "delta": 1e-6}
        told = step_example.run(
            "unlearn.unlearn",
            files | {"reference": []},
            outputs,
            name="basic_qnn",
            seeds=list(SEEDS),
            variant="certified_output",
            method={"component": "certified_output", "settings": settings},
            levels=[],
            reference=[],
            model=step_example.model(),
        )
        cost = parquet.read(outputs["cost"][0], "cost")
        assert ("epsilon" in cost) == ("delta" in cost) == ("covers" in cost) == columns
        said = [line for line in told if "epsilon 2.5 at delta 1e-06 hides which rows" in line]
        assert len(said) == len(SEEDS) * columns
        if columns:
            assert (cost["epsilon"][0], cost["delta"][0]) == (2.5, 1e-6)
            assert cost["covers"][0].startswith("which rows were to be forgotten")
