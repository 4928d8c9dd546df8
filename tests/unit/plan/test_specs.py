"""Specs: plain values, complete, and changed by exactly the settings that a job reads."""

import copy
import json

import pytest
from fixtures import small_config
from qmu.config.parse import parse
from qmu.plan.specs import Specs


def full_config():
    return small_config() | {
        "seeds": [0, 1],
        "models": {"basic_qnn": {"layers": 1}, "hqnn": {"layers": 1}},
        "unlearning": {"ga": {}, "strong": {"method": "ga", "step_length": 0.1}, "ssd": {}},
        "attacks": {"loss_thr": {}, "su_graybox": {}, "label_only": {}},
        "quality": {"probe": {}, "relearn": {}},
        "shadows": {"count": 10, "block": 4, "unlearned": 8},
        "devices": {
            "noisy": {"noise": {}},
            "few": {"device": "default.qubit", "shots": 64},
            "torino": {"kind": "ibm", "backend": "fake_torino"},
            "better": {"kind": "corrected", "of": "torino"},
            "aer": {"kind": "pennylane", "device": "qiskit.aer", "shots": 64},
        },
        "sweep": {"shots": [64]},
        "signal": {},
    }


def all_specs(raw):
    """Name of every job -> its spec."""
    experiment = parse(raw)
    specs = Specs(experiment)
    found = {"pool": specs.pool(), "summary": specs.summary(), "report": specs.report()}
    found["join_sweep"] = specs.join_sweep()
    for seed in experiment.common.seeds:
        found[f"samples {seed}"] = specs.samples(seed)
    for model in experiment.models:
        found[f"attack_data {model}"] = specs.attack_data(model)
        found[f"fit {model}"] = specs.fit_attacks(model)
        found[f"query {model}"] = specs.query(model)
        found[f"fit_on {model}"] = specs.fit_attacks_on(model)
        found[f"score_on {model}"] = specs.score_on(model)
        for variant in experiment.variants:
            found[f"score {model} {variant}"] = specs.score(model, variant)
            found[f"measure {model} {variant}"] = specs.measure(model, variant)
            found[f"examine {model} {variant}"] = specs.examine(model, variant)
            found[f"sweep {model} {variant}"] = specs.sweep(model, variant)
            for device, entry in experiment.devices.items():
                job = f"{model} {variant} {device}"
                found[f"measure_on {job}"] = specs.measure_on(model, variant, device)
                if entry.component == "simulated":
                    found[f"evaluate_on {job}"] = specs.evaluate_on(model, variant, device)
            for block in specs.blocks(variant):
                job = f"shadows {model} {variant} {block}"
                trained = variant in ("target", "retrain")
                made = specs.shadows if trained else specs.unlearn_shadows
                found[job] = made(model, variant, block)
        for seed in experiment.common.seeds:
            found[f"ensemble {model} {seed}"] = specs.ensemble(model, seed)
            for variant in ("target", "retrain"):
                found[f"{variant} {model} {seed}"] = specs.train(model, seed, variant)
            for variant in experiment.unlearning:
                found[f"{variant} {model} {seed}"] = specs.unlearn(model, seed, variant)
    return found | jobs_on_devices(experiment, specs)


def jobs_on_devices(experiment, specs):
    """The jobs of one device of every other kind."""
    found = {}
    found["estimate torino"] = specs.estimate("torino")
    found["submit torino"] = specs.submit("torino")
    found["collect torino"] = specs.collect("torino")
    for model in experiment.models:
        found[f"signal {model}"] = specs.signal(model)
        found[f"decode {model} torino"] = specs.decode(model, "torino")
        found[f"correct {model}"] = specs.correct(model)
        for variant in experiment.variants:
            for seed in experiment.common.seeds:
                job = f"{model} {variant} {seed}"
                found[f"prepare {job}"] = specs.prepare(model, seed, variant, "torino", 0)
                found[f"with {job}"] = specs.evaluate_with(model, seed, variant, "aer")
    return found


BEFORE = all_specs(full_config())
RESULTS = {"summary", "report"}


def jobs(*starts):
    return {name for name in BEFORE if name.split()[0] in starts}


def shadows(*variants):
    return of(*variants) & jobs("shadows")


def of(*words):
    return {name for name in BEFORE if any(word in name.split() for word in words)}


# Attacks on further devices: fitted and scored by jobs of their own.
ON = ("fit_on", "score_on")

CHANGES = [
    ("unlearning.ga.step_length", 0.1, jobs("ga") | shadows("ga")),
    ("devices.torino.shots", 128, jobs("prepare", "estimate", "submit", "collect")),
    ("devices.torino.images", {"train": 9}, jobs("prepare", "decode")),
    ("devices.torino.job", {"max_total_seconds": 9.0}, jobs("estimate")),
    ("devices.torino.job", {"max_execution_time": 9}, jobs("estimate", "submit", "collect")),
    ("devices.aer.shots", 128, jobs("with")),
    ("signal.images", 32, jobs("signal")),
    ("unlearning.strong.stopping", {"max_steps": 3}, jobs("strong") | shadows("strong")),
    ("unlearning.ssd.alphas", [3], jobs("ssd") | shadows("ssd")),
    ("attacks.loss_thr.threshold", "mean_train_loss", jobs("fit", "score", *ON, "sweep")),
    ("attacks.label_only", {"shift": 2}, jobs("fit", "score", "query")),
    ("quality.probe", {"measure": "relearn"}, jobs("examine")),
    ("evaluation", {"confidence": 0.9}, jobs("measure", "measure_on", "examine", "sweep")),
    ("memory_gib", 4, set()),
    (
        "models.hqnn.layers",
        2,
        of("hqnn") - jobs("attack_data", "fit", "score", "measure", *ON, "measure_on"),
    ),
    ("models.hqnn.training", {"loss": "bce_sum"}, of("hqnn") - jobs("measure", "measure_on")),
    ("fleet", {"precision": "double"}, jobs("shadows", "ensemble", "query", "examine")),
    ("fleet", {"width": 4}, shadows("target", "retrain") | jobs("ensemble")),
    (
        "simulation",
        {"precision": "single"},
        jobs("target", "retrain", "ga", "strong", "ssd", "evaluate_on", "sweep")
        | jobs("prepare", "decode", "correct", "with", "signal"),
    ),
    ("devices.noisy.noise", {"bit_flip": 0.02}, of("noisy") & jobs("evaluate_on")),
    ("devices.noisy.shots", 128, of("noisy") & jobs("evaluate_on")),
    ("devices.few.shots", 128, of("few") & jobs("evaluate_on")),
    ("sweep.shots", [64, 128], jobs("sweep")),
    ("sweep.noise", {"mode": "official"}, jobs("sweep")),
    ("retrain", {"ensemble": 3}, jobs("ensemble")),
    (
        "shadows",
        {"count": 11, "block": 4, "unlearned": 8},
        jobs("attack_data") | of("2") & shadows("target"),
    ),
    ("features", {"components": 128}, jobs("pool")),
    ("samples", {"train": 900}, jobs("samples") | shadows("target", "retrain")),
    ("samples", {"validation": 100}, jobs("samples") | shadows("ga", "strong", "ssd")),
    (
        "forget_class",
        3,
        jobs("samples", "ga", "strong", "ssd", "fit", "score", *ON, "examine", "sweep")
        | jobs("shadows") - shadows("target"),
    ),
    ("root_seed", 1, set(BEFORE)),
    ("experiment", "other", set(BEFORE)),
]


@pytest.mark.parametrize(
    ("key", "value", "expected"), CHANGES, ids=[f"{c[0]}={c[1]}" for c in CHANGES]
)
def test_a_setting_changes_the_specs_of_the_jobs_that_read_it(key, value, expected):
    raw = copy.deepcopy(full_config())
    *folders, last = key.split(".")
    section = raw
    for part in folders:
        section = section[part]
    section[last] = value
    after = all_specs(raw)
    changed = {name for name in BEFORE if after.get(name) != BEFORE[name]}
    assert changed == expected | RESULTS


def test_how_long_ibm_is_waited_for_is_in_no_spec():
    raw = copy.deepcopy(full_config())
    raw["devices"]["torino"]["waiting"] = {"max_wait_seconds": 9.0}
    assert all_specs(raw) == BEFORE


def test_another_seed_adds_jobs_and_changes_none():
    after = all_specs(full_config() | {"seeds": [0, 1, 2]})
    changed = {name for name in BEFORE if after[name] != BEFORE[name]}
    on = jobs(*ON, "evaluate_on", "measure_on", "sweep", "correct")
    assert changed == RESULTS | on | jobs("fit", "query", "score", "measure", "examine")
    assert {name.split()[-1] for name in after if name not in BEFORE} == {"2"}


def test_another_method_adds_its_jobs_and_changes_none():
    raw = full_config()
    raw["unlearning"]["rga"] = {}
    after = all_specs(raw)
    assert {name for name in BEFORE if after[name] != BEFORE[name]} == RESULTS
    assert all("rga" in name.split() for name in after if name not in BEFORE)
    assert {"rga", "shadows", "score", "examine"} <= {n.split()[0] for n in after if "rga" in n}


@pytest.mark.parametrize("name", BEFORE)
def test_specs_are_plain_builtins_and_repeatable(name):
    spec = BEFORE[name]
    assert json.loads(json.dumps(spec)) == spec
    assert spec["experiment"] == "small"
    assert len(spec["code_digest"]) == 16
    assert "results/" not in json.dumps(spec)


def test_another_device_adds_its_jobs_and_changes_none():
    raw = full_config()
    raw["devices"]["official"] = {"noise": {"mode": "official"}}
    after = all_specs(raw)
    assert {name for name in BEFORE if after[name] != BEFORE[name]} == RESULTS
    assert {name.split()[-1] for name in after if name not in BEFORE} == {"official"}


def test_attacks_that_need_the_simulation_stay_with_it():
    assert set(BEFORE["fit hqnn"]["attacks"]) == {"loss_thr", "su_graybox", "label_only"}
    assert set(BEFORE["fit_on hqnn"]["attacks"]) == {"loss_thr", "su_graybox"}
    assert set(BEFORE["sweep hqnn ga"]["attacks"]) == {"loss_thr", "su_graybox"}


def test_jobs_of_one_rule_differ():
    texts = [
        json.dumps(spec)
        for name, spec in BEFORE.items()
        if name.split()[0] not in ("attack_data", "fit", "score", *ON)
    ]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(("count", "block"), [(5, 2), (4, 4), (3, 8), (2, 1)])
def test_blocks_divide_the_shadows(count, block):
    raw = full_config() | {"shadows": {"count": count, "block": block}}
    specs = Specs(parse(raw))
    indices = [specs.shadows("hqnn", "target", b)["indices"] for b in specs.blocks("target")]
    assert [index for part in indices for index in part] == list(range(count))
    assert max(map(len, indices)) <= block


def test_a_method_is_handed_the_classes_of_the_data():
    assert BEFORE["ga hqnn 0"]["model"]["classes"] == 10
