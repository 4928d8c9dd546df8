"""The tables of the finished tiny run: columns and metadata, and what must hold between them."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from itertools import pairwise, product

import numpy as np
import pyarrow.parquet as pq
import pytest
from pipeline import GROUPS, MEMBERS, PATHS, TINY, blocks
from qmu import paths
from qmu.plan.digest import kinds_of
from qmu.specs.base import Spec
from qmu.tables import parquet as tables
from qmu.tables.schemas import SCHEMA_VERSION, SCHEMAS

MODELS, SEEDS = list(TINY["models"]), TINY["seeds"]
PAIRS = [(model, seed) for model in MODELS for seed in SEEDS]
POOL = TINY["features"]["pool"]
FORGET = TINY["forget"]["label"]
RETRAINED = MEMBERS["retrain"]


@pytest.mark.parametrize("kind", paths.MODEL_TABLES)
def test_tables_of_a_variant_are_stamped(finished, kind):
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
        assert stored.names == [name for name in SCHEMAS[kind] if name not in absent(variant)]


def absent(variant):
    """Columns that the tables of a variant lack: only a method stops, and of a model trained again
    alone is asked what it kept; none is trained privately or has a certificate."""
    kept = variant.startswith(("residue@", "retrain@"))
    method = variant.partition("@")[0] in TINY["unlearning"]
    lacking = {*(() if kept else ("kept",)), *(() if method else ("steps", "changed", "stopped"))}
    return lacking | {"epsilon", "delta", "covers"}


def test_no_table_is_left_without_a_kind_and_no_temporary_file_stays(finished):
    files = list(finished.project.tiny.rglob("*.parquet"))
    assert len(files) > 100
    # The studies of noise, shots and signal, and tuning, are not part of this experiment.
    found = {tables.metadata(file)["qmu.table"] for file in files}
    assert found == set(SCHEMAS) - {"sweep", "signal", "trials"}
    assert not [file for file in finished.project.tiny.rglob(".*") if file.is_file()]


@pytest.mark.parametrize("seed", SEEDS)
def test_splits_have_the_counts_of_the_configuration(finished, seed):
    samples = finished.table(paths.SAMPLES, "samples", seed=seed)
    assert len(samples["label"]) == POOL
    groups, parts = zip(*(name.split("_") for name in samples["split"]), strict=True)
    for part in ("train", "test", "validation"):
        assert parts.count(part) == TINY["samples"][part]
    forget = samples["label"] == FORGET
    assert np.array_equal(samples["forget"], forget)
    assert np.array_equal(np.array(groups) == "forget", forget)


def test_the_request_marks_the_class_in_the_order_of_the_pool(finished):
    pool, request = finished.table(paths.POOL, "pool"), finished.table(paths.REQUEST, "request")
    rows = pool["role"] == "pool"
    assert np.array_equal(request["sample_id"], pool["sample_id"][rows])
    assert np.array_equal(request["forget"], pool["label"][rows] == FORGET)


def test_seeds_draw_different_images(finished):
    drawn = [finished.table(paths.SAMPLES, "samples", seed=seed)["split"] for seed in SEEDS]
    assert not np.array_equal(*drawn[:2])


def test_outputs_cover_the_pool_with_probabilities(finished):
    for model, seed, variant in finished.variants():
        samples = finished.table(paths.SAMPLES, "samples", seed=seed)
        outputs = finished.of_variant("outputs", model, seed, variant)
        # All that the splits hold, but for what only a sequence of requests has.
        assert set(samples) == set(SCHEMAS["samples"]) - {"earlier"}
        for column in samples:
            assert np.array_equal(outputs[column], samples[column])
        assert outputs["probabilities"].shape == outputs["logits"].shape == (POOL, 10)
        assert outputs["expectation_values"].shape == (POOL, TINY["models"][model]["qubits"])
        assert np.abs(outputs["expectation_values"]).max() <= 1 + 1e-9
        np.testing.assert_allclose(outputs["probabilities"].sum(axis=1), 1, atol=1e-9)


def test_histories_count_every_epoch(finished):
    for model, seed in PAIRS:
        epochs = TINY["models"][model]["training"]["epochs"]
        for variant in ("target", "retrain"):
            history = finished.of_variant("history", model, seed, variant)
            assert list(history["epoch"]) == list(range(1, epochs + 1))
            assert np.isfinite(history["loss"]).all()
            assert ((history["accuracy"] >= 0) & (history["accuracy"] <= 1)).all()
        assert len(finished.of_variant("history", model, seed, "logit_mask")["epoch"]) == 0


def test_the_mask_changes_the_forget_logit_alone(finished):
    kept = np.arange(10) != FORGET
    for model, seed in PAIRS:
        target = finished.of_variant("outputs", model, seed, "target")
        masked = finished.of_variant("outputs", model, seed, "logit_mask")
        assert np.array_equal(masked["logits"][:, kept], target["logits"][:, kept])
        assert np.isneginf(masked["logits"][:, ~kept]).all()
        forget = masked["forget"]
        assert not np.any(masked["logits"].argmax(axis=1)[forget] == FORGET)


def test_methods_pay_for_every_step_they_take(finished):
    taken = 0
    for model, seed in PAIRS:
        samples = finished.table(paths.SAMPLES, "samples", seed=seed)
        size = min(32, int((samples["split"] == "forget_train").sum()))
        for variant, batches in (("ga", 1), ("rga", 2)):
            steps = len(finished.of_variant("history", model, seed, variant)["epoch"])
            cost = finished.of_variant("cost", model, seed, variant)
            assert cost["gradient_evaluations"][0] == steps * size * batches
            taken += steps
        cost = finished.of_variant("cost", model, seed, "ssd")
        assert cost["gradient_evaluations"][0] == TINY["samples"]["train"]
        assert finished.of_variant("cost", model, seed, "logit_mask")["circuit_executions"][0] == 0
    assert taken > 0


def test_retrained_models_and_the_ladder_keep_what_they_promise(finished):
    for model, seed in PAIRS:
        samples = finished.table(paths.SAMPLES, "samples", seed=seed)
        forget = samples["split"] == "forget_train"
        retain = int((samples["split"] == "retain_train").sum())
        recipe, rungs = TINY["models"][model]["training"], []
        promised = dict.fromkeys(MEMBERS["retrain"][1:], 0)
        promised |= dict(zip(MEMBERS["residue"], TINY["audit"]["ladder"], strict=True))
        for variant, percent in promised.items():
            kept = finished.of_variant("outputs", model, seed, variant)["kept"]
            assert kept.sum() == round(percent / 100 * forget.sum())
            assert not np.any(kept & ~forget)
            rungs.append(set(np.flatnonzero(kept)))
            steps = (retain + kept.sum()) // recipe["batch_size"] * recipe["epochs"]
            cost = finished.of_variant("cost", model, seed, variant)
            assert cost["gradient_evaluations"][0] == steps * recipe["batch_size"]
        assert all(smaller <= larger for smaller, larger in pairwise(rungs))
        assert rungs[-1] == set(np.flatnonzero(forget))


def test_further_retrained_models_differ(finished):
    for model, seed in PAIRS:
        logits = [finished.of_variant("outputs", model, seed, v)["logits"] for v in RETRAINED]
        for first, second in pairwise(logits):
            assert not np.array_equal(first, second)


def test_innocent_edits_are_what_they_say(finished):
    for model, seed in PAIRS:
        before = finished.of_variant("outputs", model, seed, "retrain@1")
        after = {
            variant.removeprefix("innocent_").partition("@")[0]: finished.of_variant(
                "outputs", model, seed, variant
            )
            for variant in MEMBERS["innocent"]
        }
        kept = np.arange(10) != FORGET
        unseen = before["split"] == "forget_unseen"
        loss = -np.log(after["bias"]["probabilities"][unseen, FORGET])
        assert loss.mean() == pytest.approx(math.log(10), abs=1e-4)
        for name, logits in (
            ("bias", before["logits"][:, kept]),
            ("temperature", before["logits"][:, kept] / 2),
            ("turn", before["logits"][:, kept]),
        ):
            np.testing.assert_allclose(after[name]["logits"][:, kept], logits, atol=1e-4)
        for name in after:
            values = after[name]["expectation_values"]
            np.testing.assert_allclose(values, before["expectation_values"], atol=1e-4)


def test_methods_say_how_they_ended(finished):
    for model, seed in PAIRS:
        target = finished.of_variant("parameters", model, seed, "target")
        for group in TINY["unlearning"]:
            for variant in MEMBERS[group]:
                cost = finished.of_variant("cost", model, seed, variant)
                found = finished.of_variant("parameters", model, seed, variant)
                same = all(map(np.array_equal, target["values"], found["values"]))
                assert cost["changed"] == [not same], variant
                assert cost["stopped"][0]
                history = finished.of_variant("history", model, seed, variant)
                assert cost["steps"][0] <= len(history["epoch"])


def test_states_on_a_path_are_in_its_order(finished):
    """A level further on took no fewer steps, and cost no less."""
    for model, seed in PAIRS:
        for method in PATHS:
            costs = [finished.of_variant("cost", model, seed, v) for v in MEMBERS[method][1:]]
            for name in ("steps", "gradient_evaluations", "forward_evaluations"):
                values = [int(cost[name][0]) for cost in costs]
                assert values == sorted(values)


def test_the_retrained_model_reads_fewer_images(finished):
    for model, seed in PAIRS:
        recipe = TINY["models"][model]["training"]
        samples = finished.table(paths.SAMPLES, "samples", seed=seed)
        for variant, splits in (
            ("target", ("retain_train", "forget_train")),
            ("retrain", ("retain_train",)),
        ):
            members = int(np.isin(samples["split"], splits).sum())
            steps = members // recipe["batch_size"] * recipe["epochs"]
            cost = finished.of_variant("cost", model, seed, variant)
            assert cost["gradient_evaluations"][0] == steps * recipe["batch_size"]


def test_public_images_are_in_no_table_but_the_pool(finished):
    pool = finished.table(paths.POOL, "pool")
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
    data = finished.table(paths.ATTACK_DATA, "attack_data", model=model)
    blocks = range(math.ceil(TINY["shadows"]["count"] / TINY["shadows"]["block"]))
    template = paths.fleet_tables(paths.SHADOWS)["fleet_members"].replace("{variant}", "target")
    members = {}
    for block in blocks:
        fleet = finished.table(template, "fleet_members", model=model, block=block)
        members |= dict(zip(fleet["model_index"], fleet["members"], strict=True))
    assert sorted(members) == list(range(TINY["shadows"]["count"]))
    assert len(data["label"]) == POOL * len(members)
    for index, ids in members.items():
        own = data["model_index"] == index
        assert len(ids) == TINY["samples"]["train"]
        assert np.array_equal(data["member"][own], np.isin(data["sample_id"][own], ids))


def test_scores_hold_every_attack_on_every_image(finished):
    for model in MODELS:
        for group in GROUPS:
            scores = finished.table(paths.SCORES, "scores", model=model, group=group)
            assert list(dict.fromkeys(scores["variant"])) == MEMBERS[group]
            for variant, seed in product(MEMBERS[group], SEEDS):
                own = (scores["variant"] == variant) & (scores["seed"] == seed)
                assert own.sum() == POOL * len(TINY["attacks"])
                assert list(dict.fromkeys(scores["attack"][own])) == list(TINY["attacks"])
            assert not np.isnan(scores["score"]).any()


def test_retrained_shadow_models_lack_the_forget_class_alone(finished):
    template = paths.fleet_tables(paths.SHADOWS)["fleet_members"]
    pool = finished.table(paths.POOL, "pool")
    forget = set(pool["sample_id"][pool["label"] == FORGET])
    for model in MODELS:
        for block in blocks(TINY["shadows"]["unlearned"]):
            target, retrain = (
                finished.table(template, "fleet_members", model=model, variant=variant, block=block)
                for variant in ("target", "retrain")
            )
            assert list(target["model_index"]) == list(retrain["model_index"])
            for whole, rest in zip(target["members"], retrain["members"], strict=True):
                assert set(rest) == set(whole) - forget
                assert set(whole) & forget


def test_unlearned_shadow_models_keep_their_members(finished):
    template = paths.fleet_tables(paths.SHADOWS)["fleet_outputs"]
    for model in MODELS:
        for variant in TINY["unlearning"]:
            for block in blocks(TINY["shadows"]["unlearned"]):
                before, after = (
                    finished.table(template, "fleet_outputs", model=model, variant=v, block=block)
                    for v in ("target", variant)
                )
                for column in ("model_index", "sample_id", "label", "member"):
                    assert np.array_equal(before[column], after[column])
                if variant == "logit_mask":
                    kept = np.arange(10) != FORGET
                    assert np.array_equal(before["logits"][:, kept], after["logits"][:, kept])
                    assert np.isneginf(after["logits"][:, FORGET]).all()


def test_answers_on_transformed_images_come_for_every_seed_and_one_shadow_model(finished):
    for model in MODELS:
        calibrating = []
        for group in GROUPS:
            table = finished.table(paths.QUERIES, "queries", model=model, group=group)
            asked = Counter(zip(table["variant"].tolist(), table["seed"].tolist(), strict=True))
            cells = [*product(MEMBERS[group], SEEDS), (MEMBERS[group][0], None)]
            assert asked == dict.fromkeys(cells, POOL)
            calibrating.append(table["right"][[seed is None for seed in table["seed"]]])
            assert set(np.unique(table["right"])) <= {0, 1}
        assert all(np.array_equal(calibrating[0], other) for other in calibrating)


def test_every_job_depends_on_the_schemas_of_the_tables_that_it_writes(finished):
    """The digest of the schemas counts those that a job's code names; none may be missed."""
    code = {}
    for file in (finished.project.tiny / "logs").rglob("*.spec.json"):
        spec = json.loads(file.read_text())
        known = {name: spec[name] for name in ("step", "experiment", "root_seed", "code")}
        code[Spec(**known).code_digest] = spec["code"]
    for file in finished.project.tiny.rglob("*.parquet"):
        stamp = tables.metadata(file)
        named = {kind for module in code[stamp["qmu.code_digest"]] for kind in kinds_of(module)}
        assert stamp["qmu.table"] in named, file
