"""A component is one new file (a figure one and its caption), nothing else is touched.

Each file of tests/examples/recipes is put into its folder of a copy of the workflow and run by the
real Snakemake: what can stand beside the components of experiments/tiny.yaml on top of its finished
run, a data set of its own and a scenario in a small experiment.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from pipeline import ROOT, TINY, Project, edited
from qmu import variants
from qmu.tables import parquet

RECIPES = ROOT / "tests" / "examples" / "recipes"
FOLDERS = {
    "weighted_ascent": "unlearning/methods",
    "clipped_newton": "unlearning/methods",
    "margin": "attacks/methods",
    "mean_confidence": "quality/measures",
    "tanh_net": "models/kinds",
    "blobs": "data/sets",
    "every_third": "forget/scenarios",
    "spread": "report/figures",
}
TITLE = "Variants of every model"


def test_every_recipe_is_run_here():
    assert {file.stem for file in RECIPES.glob("*.py")} == set(FOLDERS)


def add(project: Project, *names: str) -> None:
    """Put the files of these components into their folders."""
    for name in names:
        target = project.folder / "workflow" / "qmu" / FOLDERS[name] / f"{name}.py"
        assert not target.exists()
        shutil.copy(RECIPES / f"{name}.py", target)
        if FOLDERS[name] == "report/figures":
            shutil.copy(RECIPES / f"{name}.rst", project.folder / "workflow" / "report")


@dataclass
class Grown:
    """The tiny experiment, grown by components, and what Snakemake printed."""

    folder: Path
    planned: str

    def summary(self) -> list[dict]:
        """The rows of the summary."""
        table = parquet.read(self.folder / "summary.parquet", "summary")
        return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


@pytest.fixture(scope="module")
def grown(finished, tmp_path_factory) -> Grown:
    """The finished tiny run, continued with one component more of every kind that fits it, and
    with few of the others."""
    project = Project(tmp_path_factory.mktemp("recipes") / "project")
    shutil.rmtree(project.folder)
    shutil.copytree(finished.project.folder, project.folder, symlinks=True)
    add(
        project,
        "weighted_ascent",
        "clipped_newton",
        "margin",
        "mean_confidence",
        "tanh_net",
        "spread",
    )
    config = edited(
        {
            "models": {
                "basic_qnn": TINY["models"]["basic_qnn"],
                "tanh_net": {"hidden": 8, "training": {"epochs": 3}},
            },
            "unlearning": {
                "ga": TINY["unlearning"]["ga"],
                "weighted_ascent": {"stopping": {"max_steps": 3}},
                "clipped_newton": {"iterations": 2, "lengths": [0.1, 1.0]},
            },
            "attacks": {"loss_thr": {}, "margin": {}},
            "quality": {"mean_confidence": {}, "quantum_distance": {}},
        }
    )
    planned = project.snakemake("-n", config=config)
    ran = project.snakemake("--cores", "2", config=config)
    assert ran.code == 0, ran.text
    return Grown(project.tiny, planned.text)


def test_nothing_that_stood_is_trained_or_unlearned_again(grown):
    assert "Train basic_qnn" not in grown.planned
    assert "Unlearn with ga: basic_qnn" not in grown.planned
    for model in ("basic_qnn", "tanh_net"):
        assert f"Unlearn with weighted_ascent: {model}" in grown.planned
    assert "Train tanh_net, target, seed 0" in grown.planned


def test_methods_are_measured_and_their_products_counted(grown):
    rows = [r for r in grown.summary() if r["seed"] is None and r["model"] == "basic_qnn"]
    for method in ("weighted_ascent", "clipped_newton"):
        metrics = {row["metric"] for row in rows if row["variant"] == method}
        assert {"accuracy", "auc", "js_to_retrain", "gradient_evaluations"} <= metrics
    products = {r["variant"]: r["value"] for r in rows if r["metric"] == "hessian_products"}
    assert products["clipped_newton"] > 0 == products["weighted_ascent"]


def test_the_attack_and_the_measure_judge_every_variant(grown):
    rows = [row for row in grown.summary() if row["seed"] is None]
    groups = {"target", "retrain", "ga", "weighted_ascent", "clipped_newton"}
    groups |= {"residue", "innocent"}
    for model in ("basic_qnn", "tanh_net"):
        of_model = [row for row in rows if row["model"] == model]
        attacked = {r["variant"] for r in of_model if r["attack"] == "margin"}
        measured = {r["variant"] for r in of_model if r["metric"].startswith("mean_confidence")}
        assert set(map(variants.group, attacked)) == groups
        # A model without a circuit has no angles to turn.
        turned = any("turn" in variant for variant in attacked)
        assert turned == (model == "basic_qnn")
        along = ("ga", "weighted_ascent", "clipped_newton")
        levels = {f"{m}@{x:g}" for m in along for x in TINY["audit"]["path"]}
        assert attacked - measured == levels
        assert measured < attacked


def test_the_classical_model_runs_no_circuit(grown):
    rows = [r for r in grown.summary() if r["model"] == "tanh_net" and r["seed"] is None]
    assert {r["value"] for r in rows if r["metric"] == "accuracy" and r["variant"] == "target"}
    outputs = grown.folder / "models" / "tanh_net" / "seed-0" / "target" / "outputs.parquet"
    assert parquet.read(outputs, "outputs")["expectation_values"].shape[1] == 8
    quantum = {"trace_distance_to_retrain", "fidelity_to_retrain"}
    assert not {r["metric"] for r in rows} & quantum
    circuits = [r for r in grown.summary() if r["model"] == "basic_qnn"]
    assert {r["metric"] for r in circuits} >= quantum


def test_the_report_shows_all_of_them(grown):
    page = (grown.folder / "report.html").read_text()
    assert (grown.folder / "figures" / "spread.svg").is_file()
    for shown in (TITLE, "weighted_ascent", "clipped_newton", "margin", "tanh_net"):
        assert shown in page
    assert "confidence on the forget set" in page


def test_a_data_set_without_images_and_a_request_for_part_of_a_class(fresh):
    """On models with a circuit and a head, without a head, and without a circuit."""
    add(fresh, "blobs", "every_third")
    config = {
        "experiment": "blobs",
        "seeds": [0],
        "dataset": {"name": "blobs", "rows": 900},
        "forget": {"kind": "every_third", "label": 1},
        "features": {"public": 100, "components": 6},
        "samples": {"train": 300, "test": 200, "validation": 60},
        "models": {
            "basic_qnn": {
                "qubits": 3,
                "layers": 2,
                "training": {"optimizer": "adam", "batch_size": 20, "epochs": 6},
            },
            "reupload_vqc": {"repetitions": 1, "training": {"batch_size": 20, "epochs": 6}},
            "mlp": {"training": {"batch_size": 20, "epochs": 6}},
        },
        "unlearning": {"ga": {"stopping": {"max_steps": 3}}},
        "retrain": {"ensemble": 2},
        "shadows": {"count": 4, "block": 4},
        "attacks": {"loss_thr": {}},
        "quality": {name: {} for name in ("streisand", "relearn", "quantum_distance")},
        "audit": {"innocents": 1, "ladder": [50]},
        "evaluation": {"bootstrap": 100},
    }
    ran = fresh.snakemake("--cores", "2", config=config)
    assert ran.code == 0, ran.text
    folder = fresh.results / "blobs"
    samples = parquet.read(folder / "data" / "seed-0" / "samples.parquet", "samples")
    forget = samples["forget"]
    assert set(samples["label"][forget]) == {1} < set(samples["label"][~forget])
    assert (samples["sample_id"][forget] % 3 == 0).all()
    assert 1 in samples["label"][~forget]
    # A bias belongs to a whole class.
    for model, made in (
        ("basic_qnn", ("temperature", "head", "turn")),
        ("reupload_vqc", ("turn",)),
        ("mlp", ("temperature", "head")),
    ):
        edits = {file.name for file in (folder / f"models/{model}/seed-0").glob("innocent_*")}
        assert edits == {f"innocent_{edit}@1" for edit in made}
    table = parquet.read(folder / "summary.parquet", "summary")
    measured = {*zip(table["model"], table["metric"], strict=True)}
    for model in ("basic_qnn", "reupload_vqc", "mlp"):
        assert {(model, "streisand_auc"), (model, "relearn_steps")} <= measured
        assert ((model, "fidelity_to_retrain") in measured) == (model != "mlp")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["config"]["forget"]["component"] == "every_third"
    page = (folder / "report.html").read_text()
    assert "every third row of class 1" in page


def test_a_method_for_whole_classes_is_refused_for_part_of_one(fresh):
    add(fresh, "every_third")
    ran = fresh.snakemake("-n", config=edited({"forget": {"kind": "every_third", "label": 1}}))
    assert ran.code != 0
    assert "unlearning.logit_mask: forgets whole classes only" in ran.text
    assert "Traceback" not in ran.text
