"""What the finished tiny run shows a reader: summary, manifest, figures, page and terminal."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import math
import re
from itertools import product

import pyarrow.parquet as pq
import pytest
from pipeline import MEMBERS, TINY, VARIANTS
from qmu import paths, registry
from qmu.report import catalogue
from qmu.report.sentences.words import opening
from qmu.report.terminal import terminal_table
from qmu.tables import parquet as tables

MODELS, SEEDS = list(TINY["models"]), TINY["seeds"]
# With all members of the groups.
AUDITED = [variant for members in MEMBERS.values() for variant in members]
SPLITS = {"retain_train", "forget_train", "retain_test", "forget_test"}
COLUMNS = [
    *("model", "seed", "variant", "device", "attack", "metric", "split"),
    *("value", "ci_low", "ci_high", "n"),
]


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
        "hessian_products": {None},
        "circuit_executions": {None},
        "samples_read": {None},
        "seconds": {None},
        "cpu_seconds": {None},
        "speedup": {None},
    }
    for model in MODELS:
        for seed in [None, *SEEDS]:
            for variant in AUDITED:
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
    compared = (
        *("auc", "auc_two_sided", "tpr_at_fpr_1pct", "tpr_at_fpr_0_1pct", "advantage"),
        *("balanced_accuracy", "epsilon_lower_bound", "epsilon_one_run", "epsilon_fdp"),
    )
    others = {"forget_test", "retain_test", "forget_unseen", "retain_unseen"}
    for attack in TINY["attacks"]:
        for variant in AUDITED:
            rows = [r for r in summary if r["attack"] == attack and r["variant"] == variant]
            assert {row["model"] for row in rows} == set(MODELS), variant
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
        outputs = finished.of_variant("outputs", model, seed, variant)
        hits = outputs["logits"].argmax(axis=1) == outputs["label"]
        for row in summary:
            cell = (row["model"], row["seed"], row["variant"])
            if cell == (model, seed, variant) and row["metric"] == "accuracy":
                chosen = outputs["split"] == row["split"]
                assert row["value"] == pytest.approx(hits[chosen].mean(), abs=1e-15)
                assert row["n"] == chosen.sum()


def test_the_manifest_says_what_made_the_results(finished, manifest):
    assert manifest["experiment"] == "tiny"
    assert manifest["seeds"] == SEEDS
    assert {"snakemake", "pennylane", "jax", "numpy"} <= set(manifest["packages"])
    assert "not installed" not in manifest["packages"].values()
    assert manifest["config"]["unlearning"]["ga"]["settings"]["batch_size"] == 32
    names = set(manifest["tables"])
    for model, seed, variant in product(MODELS, SEEDS, VARIANTS):
        path = paths.model_tables()["outputs"]
        assert path.format(experiment="tiny", model=model, seed=seed, variant=variant) in names
    for name, entry in manifest["tables"].items():
        file = finished.project.folder / name
        assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert entry["code_digest"] == tables.metadata(file)["qmu.code_digest"]


def test_figures_are_drawn_twice(finished):
    folder = finished.project.tiny / "figures"
    for stem in catalogue.stems():
        assert (folder / f"{stem}.svg").read_text().lstrip().startswith("<?xml")
        assert (folder / f"{stem}.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_stands_alone(finished):
    page = (finished.project.tiny / "report.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    # Links to sources may lead away; nothing that the page shows may come from elsewhere.
    assert not re.findall(r"""(?:\bsrc|xlink:href)=["'](?!#|data:)([^"']+)["']""", page)
    assert not re.search(r"@import|<link|<script[^>]+src|url\((?!#|['\"]?data:)", page)
    # Devices, the studies of noise, shots and signal, and further requests are not part of it.
    elsewhere = {"devices", "sweep", "signal", "sequence"}
    assert page.count("<svg") >= len(set(catalogue.stems()) - elsewhere)
    for measure in TINY["quality"]:
        assert registry.load("quality", measure).CARD.title in html.unescape(page)
    for name in (*MODELS, *VARIANTS, *TINY["attacks"]):
        assert name in page


def test_the_run_ends_with_the_table_and_the_reports_path(finished, summary):
    text = (finished.project.tiny / "summary.txt").read_text()
    confidence = TINY["evaluation"]["confidence"]
    cards = {name: registry.load("attacks", name).CARD for name in TINY["attacks"]}
    assert text.startswith(terminal_table(summary, cards, confidence) + "\n")
    verdicts = pq.read_table(finished.project.tiny / "verdicts.parquet").to_pylist()
    # Beside rungs of the ladder, levels of paths and innocent models.
    methods = [row for row in verdicts if row["kind"] in ("method", "control")]
    cells = {(row["model"], row["variant"]) for row in methods}
    assert cells == {(m, v) for m in MODELS for v in TINY["unlearning"]}
    flat = " ".join(text.split())
    for row in methods:
        assert opening(row["sentence"]).rstrip(".") in flat
        assert f"{row['model']}, {row['variant']} " in flat
    assert text in finished.ran.text
    path = finished.project.tiny / "report.html"
    assert finished.ran.text.rstrip().endswith(f"Report: {path.resolve()}") or (
        f"Report: {path.resolve()}\n" in finished.ran.text
    )


def test_every_record_of_the_forget_set_is_judged(finished):
    rows = pq.read_table(finished.project.tiny / "records.parquet").to_pylist()
    forget = [row for row in rows if row["forget"]]
    cells = {(row["model"], row["variant"], row["seed"]) for row in forget}
    assert {(m, v, s) for m in MODELS for v in VARIANTS for s in SEEDS} <= cells
    assert {row["attack"] for row in forget} == set(TINY["attacks"])
    assert all(0 < row["p_value"] <= 1 and 0 <= row["stability"] <= 1 for row in rows)
    assert all(row["found"] for row in rows if not row["forget"])


def test_every_job_says_in_plain_words_what_it_does(finished):
    jobs = re.findall(r"^Job \d+: (.*)$", finished.ran.text, re.M)
    assert "Train hqnn, target, seed 0" in jobs
    assert "Unlearn with ga: basic_qnn" in jobs
    log = finished.project.tiny / "logs/train/hqnn/seed-0/target.log"
    epochs = TINY["models"]["hqnn"]["training"]["epochs"]
    assert len(re.findall(r"^epoch \d+/", log.read_text(), re.M)) == epochs
