"""The finished tiny run: every table, its columns, its metadata, and what must hold between them."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from pipeline import TINY
from qmu import paths, tables
from qmu.audit_tables import terminal_table
from qmu.report import catalogue
from qmu.schemas import SCHEMA_VERSION, SCHEMAS

MODELS, SEEDS = list(TINY["models"]), TINY["seeds"]
VARIANTS = ["target", "retrain", *TINY["unlearning"]]
PAIRS = [(model, seed) for model in MODELS for seed in SEEDS]
SPLITS = {"retain_train", "forget_train", "retain_test", "forget_test"}
COLUMNS = [
    "model",
    "seed",
    "variant",
    "device",
    "attack",
    "metric",
    "split",
    "value",
    "ci_low",
    "ci_high",
    "n",
]
POOL = TINY["features"]["pool"]


def table(finished, template, kind, **names):
    """A table of the run by its path template."""
    path = template.format(experiment=TINY["experiment"], **names)
    return tables.read(finished.project.folder / path, kind, experiment=TINY["experiment"])


def of_variant(finished, kind, model, seed, variant):
    template = paths.model_tables()[kind]
    return table(finished, template, kind, model=model, seed=seed, variant=variant)


@pytest.fixture(scope="module")
def summary(finished):
    """The summary as a list of rows."""
    return pq.read_table(finished.project.tiny / "summary.parquet").to_pylist()


@pytest.fixture(scope="module")
def manifest(finished):
    return json.loads((finished.project.tiny / "manifest.json").read_text())


def test_the_summary_has_its_columns_in_order(finished, summary):
    parquet = pq.read_schema(finished.project.tiny / "summary.parquet")
    assert parquet.names == COLUMNS
    with open(finished.project.tiny / "summary.csv", newline="") as stream:
        assert next(csv.reader(stream)) == COLUMNS


def test_the_csv_holds_what_the_parquet_holds(finished, summary):
    with open(finished.project.tiny / "summary.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(summary)
    for text, row in zip(rows, summary, strict=True):
        for name, value in row.items():
            if value is None:
                assert text[name] == ""
            elif isinstance(value, float):
                assert float(text[name]) == value or math.isnan(value), (name, text, row)
            else:
                assert text[name] == str(value)


def test_every_cell_and_every_mean_has_its_figures(summary):
    metrics = {
        "accuracy": SPLITS,
        "kl_to_retrain": SPLITS,
        "js_to_retrain": SPLITS,
        "agreement_with_retrain": SPLITS,
        "gradient_evaluations": {None},
        "forward_evaluations": {None},
        "circuit_executions": {None},
        "samples_read": {None},
        "seconds": {None},
        "cpu_seconds": {None},
        "speedup": {None},
    }
    for model in MODELS:
        for seed in [None, *SEEDS]:
            for variant in VARIANTS:
                found = {
                    (row["metric"], row["split"])
                    for row in summary
                    if (row["model"], row["seed"], row["variant"]) == (model, seed, variant)
                    and row["attack"] is None
                }
                for metric, splits in metrics.items():
                    if variant == "target" and metric == "speedup":
                        continue
                    floor = "_floor" if variant == "retrain" and "retrain" in metric else ""
                    assert {s for m, s in found if m == metric + floor} == splits, metric


def test_every_attack_has_its_figures(summary):
    members = {"forget_train", "retain_train"}
    compared = ("auc", "auc_two_sided", "tpr_at_fpr_1pct", "advantage", "balanced_accuracy")
    others = {"forget_test", "retain_test", "forget_unseen", "retain_unseen"}
    for attack in TINY["attacks"]:
        for variant in VARIANTS:
            rows = [r for r in summary if r["attack"] == attack and r["variant"] == variant]
            assert {row["model"] for row in rows} == set(MODELS)
            assert {row["seed"] for row in rows} == {None, *SEEDS}
            for metric in ("mia_success", *compared):
                assert {r["split"] for r in rows if r["metric"] == metric} == members, metric
            assert {r["split"] for r in rows if r["metric"] == "mia_false_positive"} == others


def test_rates_lie_in_their_intervals_and_costs_have_none(summary):
    for row in summary:
        if row["metric"] in ("accuracy", "mia_success", "mia_false_positive", "auc"):
            assert 0 <= row["ci_low"] <= row["value"] <= row["ci_high"] <= 1, row
            assert row["n"] > 0
        if row["metric"] == "gradient_evaluations" and row["seed"] is not None:
            assert row["ci_low"] is None
        assert row["device"] == TINY["simulation"]["device"]


def test_accuracies_are_those_of_the_outputs(finished, summary):
    for model, seed, variant in finished.variants():
        outputs = of_variant(finished, "outputs", model, seed, variant)
        hits = outputs["logits"].argmax(axis=1) == outputs["label"]
        for row in summary:
            cell = (row["model"], row["seed"], row["variant"])
            if cell == (model, seed, variant) and row["metric"] == "accuracy":
                chosen = outputs["split"] == row["split"]
                assert row["value"] == pytest.approx(hits[chosen].mean(), abs=1e-15)
                assert row["n"] == chosen.sum()


@pytest.mark.parametrize("kind", paths.MODEL_TABLES)
def test_tables_of_a_variant_are_stamped(finished, manifest, kind):
    for model, seed, variant in finished.variants():
        path = paths.model_tables()[kind].format(
            experiment="tiny", model=model, seed=seed, variant=variant
        )
        stamp = tables.metadata(finished.project.folder / path)
        assert stamp["qmu.table"] == kind
        assert stamp["qmu.schema_version"] == str(SCHEMA_VERSION)
        assert stamp["qmu.experiment"] == "tiny"
        assert re.fullmatch("[0-9a-f]{16}", stamp["qmu.code_digest"])
        stored = pq.read_schema(finished.project.folder / path)
        assert stored.names == list(SCHEMAS[kind])


def test_no_table_is_left_without_a_kind_and_no_temporary_file_stays(finished):
    files = list(finished.project.tiny.rglob("*.parquet"))
    assert len(files) > 100
    assert {tables.metadata(file)["qmu.table"] for file in files} == set(SCHEMAS)
    assert not [file for file in finished.project.tiny.rglob(".*") if file.is_file()]


@pytest.mark.parametrize("seed", SEEDS)
def test_splits_have_the_counts_of_the_configuration(finished, seed):
    samples = table(finished, paths.SAMPLES, "samples", seed=seed)
    assert len(samples["label"]) == POOL
    groups, parts = zip(*(name.split("_") for name in samples["split"]), strict=True)
    for part in ("train", "test", "validation"):
        assert parts.count(part) == TINY["samples"][part]
    forget = samples["label"] == TINY["forget_class"]
    assert np.array_equal(samples["forget"], forget)
    assert np.array_equal(np.array(groups) == "forget", forget)


def test_seeds_draw_different_images(finished):
    drawn = [table(finished, paths.SAMPLES, "samples", seed=seed)["split"] for seed in SEEDS]
    assert not np.array_equal(*drawn[:2])


def test_outputs_cover_the_pool_with_probabilities(finished):
    for model, seed, variant in finished.variants():
        samples = table(finished, paths.SAMPLES, "samples", seed=seed)
        outputs = of_variant(finished, "outputs", model, seed, variant)
        for column in SCHEMAS["samples"]:
            assert np.array_equal(outputs[column], samples[column])
        assert outputs["probabilities"].shape == outputs["logits"].shape == (POOL, 10)
        assert outputs["expectation_values"].shape == (POOL, TINY["models"][model]["qubits"])
        assert np.abs(outputs["expectation_values"]).max() <= 1 + 1e-9
        np.testing.assert_allclose(outputs["probabilities"].sum(axis=1), 1, atol=1e-9)


def test_histories_count_every_epoch(finished):
    for model, seed in PAIRS:
        epochs = TINY["models"][model]["training"]["epochs"]
        for variant in ("target", "retrain"):
            history = of_variant(finished, "history", model, seed, variant)
            assert list(history["epoch"]) == list(range(1, epochs + 1))
            assert np.isfinite(history["loss"]).all()
            assert ((history["accuracy"] >= 0) & (history["accuracy"] <= 1)).all()
        assert len(of_variant(finished, "history", model, seed, "logit_mask")["epoch"]) == 0


def test_the_mask_changes_the_forget_logit_alone(finished):
    kept = np.arange(10) != TINY["forget_class"]
    for model, seed in PAIRS:
        target = of_variant(finished, "outputs", model, seed, "target")
        masked = of_variant(finished, "outputs", model, seed, "logit_mask")
        assert np.array_equal(masked["logits"][:, kept], target["logits"][:, kept])
        assert np.isneginf(masked["logits"][:, ~kept]).all()
        forget = masked["forget"]
        assert not np.any(masked["logits"].argmax(axis=1)[forget] == TINY["forget_class"])


def test_methods_that_unlearn_change_the_parameters_and_pay(finished):
    for model, seed in PAIRS:
        target = of_variant(finished, "parameters", model, seed, "target")
        for variant in ("ga", "ssd", "rga"):
            cost = of_variant(finished, "cost", model, seed, variant)
            assert cost["gradient_evaluations"][0] > 0
            other = of_variant(finished, "parameters", model, seed, variant)
            assert list(other["name"]) == list(target["name"])
        assert of_variant(finished, "cost", model, seed, "logit_mask")["circuit_executions"][0] == 0


def test_retrained_models_never_see_the_forget_set(finished):
    for model, seed in PAIRS:
        samples = table(finished, paths.SAMPLES, "samples", seed=seed)
        retain = set(samples["sample_id"][samples["split"] == "retain_train"])
        template = paths.fleet_tables(paths.ENSEMBLE)["fleet_members"]
        fleet = table(finished, template, "fleet_members", model=model, seed=seed)
        assert list(fleet["model_index"]) == list(range(TINY["retrain"]["ensemble"]))
        assert all(set(members) == retain for members in fleet["members"])


def test_the_retrained_model_reads_fewer_images(finished):
    for model, seed in PAIRS:
        recipe = TINY["models"][model]["training"]
        samples = table(finished, paths.SAMPLES, "samples", seed=seed)
        for variant, splits in (
            ("target", ("retain_train", "forget_train")),
            ("retrain", ("retain_train",)),
        ):
            members = int(np.isin(samples["split"], splits).sum())
            steps = members // recipe["batch_size"] * recipe["epochs"]
            cost = of_variant(finished, "cost", model, seed, variant)
            assert cost["gradient_evaluations"][0] == steps * recipe["batch_size"]


def test_public_images_are_in_no_table_but_the_pool(finished):
    pool = table(finished, paths.POOL, "pool")
    public = pool["sample_id"][pool["role"] == "public"]
    assert len(public) == TINY["features"]["public"]
    assert (pool["role"] == "pool").sum() == POOL
    for file in finished.project.tiny.rglob("*.parquet"):
        content = pq.read_table(file, partitioning=None)
        if tables.metadata(file)["qmu.table"] == "pool":
            continue
        seen = []
        if "sample_id" in content.column_names:
            seen = content.column("sample_id").to_numpy()
        if "members" in content.column_names:
            seen = content.column("members").combine_chunks().flatten().to_numpy()
        assert not np.isin(seen, public).any(), file


@pytest.mark.parametrize("model", MODELS)
def test_attack_data_marks_the_shadow_models_own_images(finished, model):
    data = table(finished, paths.ATTACK_DATA, "attack_data", model=model)
    blocks = range(math.ceil(TINY["shadows"]["count"] / TINY["shadows"]["block"]))
    template = paths.fleet_tables(paths.SHADOW_BLOCK)["fleet_members"]
    members = {}
    for block in blocks:
        fleet = table(finished, template, "fleet_members", model=model, block=block)
        members |= dict(zip(fleet["model_index"], fleet["members"], strict=True))
    assert sorted(members) == list(range(TINY["shadows"]["count"]))
    assert len(data["label"]) == POOL * len(members)
    for index, ids in members.items():
        own = data["model_index"] == index
        assert len(ids) == TINY["samples"]["train"]
        assert np.array_equal(data["member"][own], np.isin(data["sample_id"][own], ids))


def test_scores_hold_every_attack_on_every_image(finished):
    for model, seed, variant in finished.variants():
        scores = table(finished, paths.SCORES, "scores", model=model, seed=seed, variant=variant)
        assert len(scores["score"]) == POOL * len(TINY["attacks"])
        assert list(dict.fromkeys(scores["attack"])) == list(TINY["attacks"])
        assert not np.isnan(scores["score"]).any()


def test_the_manifest_says_what_made_the_results(finished, manifest):
    assert manifest["experiment"] == "tiny"
    assert manifest["seeds"] == SEEDS
    assert {"snakemake", "pennylane", "jax", "numpy"} <= set(manifest["packages"])
    assert "not installed" not in manifest["packages"].values()
    assert manifest["config"]["unlearning"]["ga"]["settings"]["batch_size"] == 32
    names = set(manifest["tables"])
    for model, seed, variant in finished.variants():
        path = paths.model_tables()["outputs"]
        assert path.format(experiment="tiny", model=model, seed=seed, variant=variant) in names
    for name, entry in manifest["tables"].items():
        file = finished.project.folder / name
        assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert entry["code_digest"] == tables.metadata(file)["qmu.code_digest"]


def test_figures_are_drawn_twice(finished):
    folder = finished.project.tiny / "figures"
    for stem in catalogue.STEMS:
        assert (folder / f"{stem}.svg").read_text().lstrip().startswith("<?xml")
        assert (folder / f"{stem}.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_stands_alone(finished):
    page = (finished.project.tiny / "report.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    # Links to sources may lead away; nothing that the page shows may come from elsewhere.
    assert not re.findall(r"""(?:\bsrc|xlink:href)=["'](?!#|data:)([^"']+)["']""", page)
    assert not re.search(r"@import|<link|<script[^>]+src|url\((?!#|['\"]?data:)", page)
    assert page.count("<svg") >= len(catalogue.STEMS)
    for name in (*MODELS, *VARIANTS, *TINY["attacks"]):
        assert name in page


def test_the_run_ends_with_the_table_and_the_reports_path(finished, summary):
    text = (finished.project.tiny / "summary.txt").read_text()
    confidence = TINY["evaluation"]["confidence"]
    assert text == terminal_table(summary, confidence=confidence) + "\n"
    assert text in finished.ran.text
    path = finished.project.tiny / "report.html"
    assert finished.ran.text.rstrip().endswith(f"Report: {path.resolve()}") or (
        f"Report: {path.resolve()}\n" in finished.ran.text
    )


def test_every_job_says_in_plain_words_what_it_does(finished):
    jobs = re.findall(r"^Job \d+: (.*)$", finished.ran.text, re.M)
    assert "Train hqnn, target, seed 0" in jobs
    assert "Unlearn with ga: basic_qnn, seed 1" in jobs
    log = finished.project.tiny / "logs/train/hqnn/seed-0/target.log"
    epochs = TINY["models"]["hqnn"]["training"]["epochs"]
    assert len(re.findall(r"^epoch \d+/", log.read_text(), re.M)) == epochs
