"""Specs: plain values, complete, and changed by exactly the settings that a job reads."""

import copy
import importlib
import json
from typing import get_type_hints

import pytest
from fixtures import small_config
from qmu.config.parse import parse
from qmu.plan import attack, audit, data, devices, ibm, report, studies, train, unlearn


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
    specs = {
        "pool": data.pool(experiment),
        "request": data.request(experiment),
        "evaluation": audit.evaluation(experiment),
        "report": report.report(experiment),
        "join_sweep": studies.join_sweep(experiment),
    }
    for seed in experiment.common.seeds:
        specs[f"samples {seed}"] = data.samples(experiment, seed)
    for model in experiment.models:
        specs |= trained(experiment, model) | judged(experiment, model)
        specs |= on_devices(experiment, model)
    return specs | {
        f"{step.__name__} torino": step(experiment, "torino")
        for step in (ibm.estimate, ibm.submit, ibm.collect)
    }


def trained(experiment, model):
    """The jobs that make models: targets, retrained and unlearned ones, and fleets."""
    specs = {}
    for seed in experiment.common.seeds:
        specs[f"ensemble {model} {seed}"] = train.ensemble(experiment, model, seed)
        for variant in ("target", "retrain"):
            specs[f"{variant} {model} {seed}"] = train.train(experiment, model, seed, variant)
    for variant in experiment.variants:
        made = unlearn.unlearn_shadows if variant in experiment.unlearning else train.shadows
        for block in train.blocks(experiment, variant):
            job = f"shadows {model} {variant} {block}"
            specs[job] = made(experiment, model, variant, block)
    for variant in experiment.unlearning:
        specs[f"{variant} {model}"] = unlearn.unlearn(experiment, model, variant)
    return specs


def judged(experiment, model):
    """The jobs that attack, measure and examine in the simulation."""
    specs = {
        f"attack_data {model}": attack.attack_data(experiment, model),
        f"fit {model}": attack.fit_attacks(experiment, model),
        f"query {model}": attack.query(experiment, model),
        f"signal {model}": studies.signal(experiment, model),
    }
    for variant in experiment.variants:
        for step in (attack.score, audit.measure, audit.examine, studies.sweep):
            specs[f"{step.__name__} {model} {variant}"] = step(experiment, model, variant)
    return specs


def on_devices(experiment, model):
    """The jobs of one model on every device, or on one device of a kind."""
    specs = {
        f"fit_on {model}": devices.fit_attacks_on(experiment, model),
        f"score_on {model}": devices.score_on(experiment, model),
        f"decode {model} torino": ibm.decode(experiment, model, "torino"),
        f"correct {model}": devices.correct(experiment, model),
    }
    for variant in experiment.variants:
        for device in experiment.devices:
            job = f"{model} {variant} {device}"
            specs[f"measure_on {job}"] = devices.measure_on(experiment, model, variant, device)
            if device in devices.of_kind(experiment, "simulated"):
                specs[f"evaluate_on {job}"] = devices.evaluate_on(
                    experiment, model, variant, device
                )
        for seed in experiment.common.seeds:
            job = f"{model} {variant} {seed}"
            specs[f"prepare {job}"] = ibm.prepare(experiment, model, seed, variant, "torino", 0)
            specs[f"with {job}"] = devices.evaluate_with(experiment, model, seed, variant, "aer")
    return specs


BEFORE = all_specs(full_config())
RESULTS = {"evaluation", "report"}


def jobs(*starts):
    return {name for name in BEFORE if name.split()[0] in starts}


def shadows(*variants):
    return of(*variants) & jobs("shadows")


def of(*words):
    return {name for name in BEFORE if any(word in name.split() for word in words)}


# Attacks on further devices: fitted and scored by jobs of their own.
ON = ("fit_on", "score_on")
# Jobs that read what models said, and build none.
WITHOUT_MODEL = jobs("attack_data", "fit", "score", "measure", *ON, "measure_on")

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
    ("risk", {"false_records": 0.2}, jobs("measure", "measure_on")),
    ("memory_gib", 4, set()),
    (
        "models.hqnn.layers",
        2,
        of("hqnn") - WITHOUT_MODEL,
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
    # A model is built for as many numbers as it reads; the other model reads pixels.
    ("features", {"components": 128}, jobs("pool") | of("basic_qnn") - WITHOUT_MODEL),
    ("samples", {"train": 900}, jobs("samples") | shadows("target", "retrain")),
    ("samples", {"validation": 100}, jobs("samples") | shadows("ga", "strong", "ssd")),
    (
        "forget.label",
        3,
        # Who else depends on the request reads its table.
        jobs("request") | shadows("retrain"),
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


def test_another_seed_adds_jobs_and_changes_those_of_all_seeds():
    after = all_specs(full_config() | {"seeds": [0, 1, 2]})
    changed = {name for name in BEFORE if after[name] != BEFORE[name]}
    on = jobs(*ON, "evaluate_on", "measure_on", "sweep", "correct")
    methods = jobs("ga", "strong", "ssd")
    assert changed == RESULTS | on | methods | jobs("fit", "query", "score", "measure", "examine")
    assert {name.split()[-1] for name in after if name not in BEFORE} == {"2"}


def test_another_method_adds_its_jobs_and_changes_none():
    raw = full_config()
    raw["unlearning"]["rga"] = {}
    after = all_specs(raw)
    assert {name for name in BEFORE if after[name] != BEFORE[name]} == RESULTS
    assert all("rga" in name.split() for name in after if name not in BEFORE)
    assert {"rga", "shadows", "score", "examine"} <= {n.split()[0] for n in after if "rga" in n}


@pytest.mark.parametrize("name", BEFORE)
def test_specs_survive_being_plain_builtins(name):
    """What a job reads from Snakemake's JSON is the spec that was planned."""
    spec = BEFORE[name]
    plain = spec.plain()
    assert json.loads(json.dumps(plain)) == plain
    assert type(spec)(**json.loads(json.dumps(plain))) == spec
    assert spec.experiment == "small"
    assert len(spec.code_digest) == 16
    assert "results/" not in json.dumps(plain)


@pytest.mark.parametrize("name", BEFORE)
def test_a_spec_is_that_of_the_step_it_names(name):
    step = importlib.import_module(f"qmu.steps.{BEFORE[name].step}")
    assert get_type_hints(step.run)["spec"] is type(BEFORE[name])


def test_a_spec_refuses_what_it_does_not_know():
    plain = BEFORE["pool"].plain()
    with pytest.raises(ValueError, match="extra"):
        type(BEFORE["pool"])(**plain, seed=0)
    with pytest.raises(ValueError, match="frozen"):
        BEFORE["pool"].root_seed = 1


def test_another_device_adds_its_jobs_and_changes_none():
    raw = full_config()
    raw["devices"]["official"] = {"noise": {"mode": "official"}}
    after = all_specs(raw)
    assert {name for name in BEFORE if after[name] != BEFORE[name]} == RESULTS
    assert {name.split()[-1] for name in after if name not in BEFORE} == {"official"}


def test_attacks_that_need_the_simulation_stay_with_it():
    assert set(BEFORE["fit hqnn"].attacks) == {"loss_thr", "su_graybox", "label_only"}
    assert set(BEFORE["fit_on hqnn"].attacks) == {"loss_thr", "su_graybox"}
    assert set(BEFORE["sweep hqnn ga"].attacks) == {"loss_thr", "su_graybox"}


def test_jobs_of_one_rule_differ():
    texts = [
        json.dumps(spec.plain())
        for name, spec in BEFORE.items()
        if name.split()[0] not in ("attack_data", "fit", "score", *ON)
    ]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(("count", "block"), [(5, 2), (4, 4), (3, 8), (2, 1)])
def test_blocks_divide_the_shadows(count, block):
    raw = full_config() | {"shadows": {"count": count, "block": block}}
    experiment = parse(raw)
    blocks = train.blocks(experiment, "target")
    indices = [train.shadows(experiment, "hqnn", "target", block).indices for block in blocks]
    assert [index for part in indices for index in part] == list(range(count))
    assert max(map(len, indices)) <= block


def test_a_method_is_handed_the_classes_of_the_data():
    assert BEFORE["ga hqnn"].model.classes == 10
