"""Trials on shadow models: what is handed over, what scores, and what is written."""

from __future__ import annotations

import json

import fixtures
import numpy as np
import pytest
import step_example
import yaml
from qmu.errors import QmuError
from qmu.models.outputs import evaluate
from qmu.seeds import generator
from qmu.steps.io.parameters import parameter_columns
from qmu.steps.unlearn import tune
from qmu.tables import parquet
from scipy.special import softmax

IMAGES = 80
INDICES = (0, 1)


def tables(folder):
    """A pool, the request for class 1, one seed's samples, two shadow models with half of the pool
    each, and what the same ones answer after retraining."""
    found = step_example.seed_tables(folder, images=IMAGES)
    pool = parquet.read(found["pool"], "pool")
    ids, label = pool["sample_id"], pool["label"]
    model = fixtures.small_model(layers=1)
    members = [np.sort(generator("tests", k).permutation(ids)[: IMAGES // 2]) for k in INDICES]
    stored = parameter_columns(model.initial_parameters(generator("tests", "shadow")))
    index = {"model_index": np.repeat(INDICES, len(stored["name"]))}
    logits = generator("tests", "logits").normal(size=(len(INDICES) * IMAGES, fixtures.CLASSES))
    written = {
        "request": ("request", {"sample_id": ids, "forget": label == 1}),
        "members": ("fleet_members", {"model_index": INDICES, "members": members}),
        "parameters": (
            "fleet_parameters",
            index | {name: [*column, *column] for name, column in stored.items()},
        ),
        "retrained": (
            "fleet_outputs",
            {
                "model_index": np.repeat(INDICES, IMAGES),
                "sample_id": np.tile(ids, 2),
                "label": np.tile(label, 2),
                "member": np.concatenate([np.isin(ids, own) for own in members]),
                "logits": logits,
            },
        ),
    }
    for name, (kind, columns) in written.items():
        path = str(folder / f"{name}.parquet")
        parquet.write(path, kind, columns, **step_example.STAMP)
        found[name] = path if name == "request" else [path]
    return found


def run(files, output, method, settings=None, **more):
    spec = {
        "name": "basic_qnn",
        "variant": method,
        "method": {"component": method, "settings": settings or {}},
        "reference": [],
        "indices": list(INDICES),
        "validation": 8,
        "trials": 3,
        "ranges": {},
        "model": step_example.model(),
    }
    step_example.run("unlearn.tune", files, {"trials": str(output)}, **(spec | more))
    return parquet.read(output, "trials")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tables(tmp_path_factory.mktemp("tune"))


@pytest.fixture(scope="module")
def ascent(files):
    """Trials of gradient ascent that stops at a uniform guess, within four steps."""
    settings = {"step_length": 0.01, "stopping": {"forget_loss": 3.0, "max_steps": 4}}
    output = files["pool"].replace("pool", "ga")
    return output, run(files, output, "ga", settings)


def test_every_setting_is_tried_on_every_shadow_model(ascent):
    _, table = ascent
    assert table["trial"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert table["shadow"].tolist() == list(INDICES) * 4
    lengths = [json.loads(text)["step_length"] for text in table["settings"]]
    assert lengths[0] == 0.01
    assert len(set(lengths)) == 4
    assert all(json.loads(t)["stopping"]["max_steps"] == 4 for t in table["settings"])
    assert (table["gradient_evaluations"] > 0).all()
    assert (table["circuit_executions"] > table["gradient_evaluations"]).all()


def test_the_score_is_the_divergence_from_the_retrained_model_on_rows_of_no_test_set(files):
    table = run(files, files["pool"].replace("pool", "identity"), "identity")
    assert table["trial"].tolist() == [0, 0]  # nothing to tune
    pool, samples = (
        parquet.read(files["pool"], "pool"),
        parquet.read(files["samples"][0], "samples"),
    )
    held = parquet.read(files["members"][0], "fleet_members")["members"][0]
    retrained = softmax(parquet.read(files["retrained"][0], "fleet_outputs")["logits"], axis=-1)
    model = fixtures.small_model(layers=1)
    start = model.initial_parameters(generator("tests", "shadow"))
    own = evaluate(model, model.convert(start), model.inputs(pool))["probabilities"]
    middle = (own + retrained[:IMAGES]) / 2
    apart = 0.5 * np.sum(own * np.log(own / middle), -1)
    apart += 0.5 * np.sum(retrained[:IMAGES] * np.log(retrained[:IMAGES] / middle), -1)
    member, forget = np.isin(pool["sample_id"], held), pool["label"] == 1
    tested = np.char.endswith(samples["split"].astype(str), "_test")
    for part, rows in (("forget", member & forget), ("retain", member & ~forget)):
        expected = apart[rows & ~tested].mean()
        assert table[f"distance_{part}"][0] == pytest.approx(expected, rel=1e-5)
    parts = [table[f"distance_{part}"] for part in tune.PARTS]
    np.testing.assert_allclose(table["score"], np.mean(parts, axis=0))
    np.testing.assert_allclose(table["validation_drop"], 0.0, atol=1e-12)
    assert (table["gradient_evaluations"] == 0).all()


def test_rows_that_score_are_not_those_that_are_watched(files, monkeypatch):
    kept = []
    real = tune.scored

    def scored(shadow, *rest):
        kept.append(shadow)
        return real(shadow, *rest)

    monkeypatch.setattr(tune, "scored", scored)
    run(files, files["pool"].replace("pool", "again"), "identity")
    samples = parquet.read(files["samples"][0], "samples")
    tested = np.flatnonzero(np.char.endswith(samples["split"].astype(str), "_test"))
    for shadow in kept:
        watched, scoring = shadow.handed["validation"], shadow.scored
        assert len(watched) == 8
        assert not set(watched) & set(scoring["validation"])
        assert not set(tested) & {*watched, *(row for rows in scoring.values() for row in rows)}


def test_a_request_that_no_shadow_model_holds_cannot_be_tuned_on(files, tmp_path):
    pool = parquet.read(files["pool"], "pool")
    empty = {"sample_id": pool["sample_id"], "forget": np.zeros(IMAGES, bool)}
    path = str(tmp_path / "request.parquet")
    parquet.write(path, "request", empty, **step_example.STAMP)
    with pytest.raises(
        QmuError, match=r"identity: 0 of 2 shadow models of basic_qnn .*tune.models"
    ):
        run(files | {"request": path}, tmp_path / "trials.parquet", "identity")


def test_the_best_settings_are_a_section_of_a_configuration(ascent, tmp_path):
    path, table = ascent
    outputs = {"trials": str(tmp_path / "all.parquet"), "tuned": str(tmp_path / "tuned.yaml")}
    step_example.run(
        "unlearn.tuned",
        {"trials": [path]},
        outputs,
        methods={"ga": "ga"},
        validation_drop=1.0,
    )
    written = yaml.safe_load((tmp_path / "tuned.yaml").read_text(encoding="utf-8"))
    entry = written["basic_qnn"]["unlearning"]["ga"]
    assert entry.pop("method") == "ga"
    best = int(np.argmin(table["score"].reshape(4, 2).mean(axis=1)))
    assert entry == json.loads(table["settings"][2 * best])
    assert parquet.read(outputs["trials"], "trials")["score"].tolist() == table["score"].tolist()
