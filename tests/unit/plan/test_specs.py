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
        "unlearning": {
            "ga": {},
            "strong": {"method": "ga", "step_length": 0.1, "stopping": {"path": False}},
            "ssd": {},
        },
        "attacks": {"loss_thr": {}, "su_graybox": {}, "label_only": {}},
        "quality": {"probe": {}, "relearn": {}},
        "shadows": {"count": 10, "block": 4, "unlearned": 8},
        "audit": {"ladder": [5, 100], "path": [0.5], "innocents": 1},
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
    specs = {f"innocents {model}": train.innocents(experiment, model)}
    for seed in experiment.common.seeds:
        for step in (train.retrained, train.ladder):
            specs[f"{step.__name__} {model} {seed}"] = step(experiment, model, seed)
        for variant in ("target", "retrain"):
            specs[f"{variant} {model} {seed}"] = train.train(experiment, model, seed, variant)
    for variant in experiment.variants(model):
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
        f"signal {model}": studies.signal(experiment, model),
    }
    for group in experiment.groups(model):
        for step in (attack.query, attack.score, audit.measure, audit.examine):
            specs[f"{step.__name__} {model} {group}"] = step(experiment, model, group)
    for variant in experiment.variants(model):
        specs[f"sweep {model} {variant}"] = studies.sweep(experiment, model, variant)
    return specs


def on_devices(experiment, model):
    """The jobs of one model on every device, or on one device of a kind."""
    specs = {
        f"fit_on {model}": devices.fit_attacks_on(experiment, model),
        f"decode {model} torino": ibm.decode(experiment, model, "torino"),
        f"correct {model}": devices.correct(experiment, model),
    }
    for variant in experiment.variants(model):
        specs[f"score_on {model} {variant}"] = devices.score_on(experiment, model, variant)
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


def audited(*groups):
    """The jobs that attack, measure and examine these groups of variants."""
    return jobs("query", "score", "measure", "examine") & of(*groups)


def along(*methods):
    """The jobs that audit methods along their paths: measures of quality look at no level."""
    return audited(*methods) - jobs("examine")


# Attacks on further devices: fitted and scored by jobs of their own.
ON = ("fit_on", "score_on")
# Jobs that read what models said, and build none.
WITHOUT_MODEL = jobs("attack_data", "fit", "score", "measure", *ON, "measure_on")

# Jobs that train or change many models in one program.
FLEETS = jobs("shadows", "retrained", "ladder")

CHANGES = [
    ("unlearning.ga.step_length", 0.1, jobs("ga") | shadows("ga")),
    ("devices.torino.shots", 128, jobs("prepare", "estimate", "submit", "collect")),
    ("devices.torino.images", {"train": 9}, jobs("prepare", "decode")),
    ("devices.torino.job", {"max_total_seconds": 9.0}, jobs("estimate")),
    ("devices.torino.job", {"max_execution_time": 9}, jobs("estimate", "submit", "collect")),
    ("devices.aer.shots", 128, jobs("with")),
    ("signal.images", 32, jobs("signal")),
    (
        "unlearning.strong.stopping",
        {"max_steps": 3, "path": False},
        jobs("strong") | shadows("strong"),
    ),
    (
        "unlearning.strong.stopping",
        {"path": True},
        jobs("strong") | shadows("strong") | along("strong"),
    ),
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
    ("fleet", {"precision": "double"}, FLEETS | jobs("query", "examine", "innocents")),
    ("fleet", {"width": 4}, FLEETS - shadows("ga", "strong", "ssd")),
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
    ("retrain", {"ensemble": 3}, jobs("retrained") | audited("retrain")),
    ("audit.ladder", [5, 50], jobs("ladder") | audited("residue")),
    ("audit.path", [0.5, 2], jobs("ga", "ssd") | along("ga", "ssd")),
    ("audit.innocents", 2, jobs("innocents") | audited("innocent")),
    (
        "shadows",
        {"count": 11, "block": 4, "unlearned": 8},
        jobs("attack_data") | of("2") & shadows("target"),
    ),
    # A model is built for as many numbers as it reads; the other model reads pixels.
    ("features", {"components": 128}, jobs("pool") | of("basic_qnn") - WITHOUT_MODEL),
    ("samples", {"train": 900}, jobs("request", "samples") | shadows("target", "retrain")),
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
    audit = jobs("fit", "query", "score", "measure", "examine")
    assert changed == RESULTS | on | methods | jobs("innocents") | audit
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
        if name.split()[0] not in ("attack_data", *ON)
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


@pytest.mark.parametrize(
    ("unlearned", "count", "reference"), [(0, 10, 4), (3, 10, 4), (8, 10, 8), (0, 2, 2)]
)
def test_methods_stop_by_retrained_shadow_models_that_are_always_there(unlearned, count, reference):
    raw = full_config() | {"shadows": {"count": count, "block": 4, "unlearned": unlearned}}
    experiment = parse(raw)
    blocks = train.blocks(experiment, "retrain")
    trained = [i for b in blocks for i in train.indices(experiment, "retrain", b)]
    assert trained == list(range(reference))
    assert unlearn.unlearn(experiment, "hqnn", "ga").reference == tuple(trained)
    for block in train.blocks(experiment, "ga"):
        shadow = unlearn.unlearn_shadows(experiment, "hqnn", "ga", block)
        assert shadow.reference == tuple(trained)
        assert set(shadow.indices) <= set(range(unlearned))


def test_a_method_with_a_goal_of_its_own_reads_no_shadow_model():
    raw = full_config()
    raw["unlearning"]["ga"] = {"stopping": {"forget_loss": 1.0}}
    raw["unlearning"]["logit_mask"] = {}
    experiment = parse(raw)
    for method in ("ga", "logit_mask"):
        assert not unlearn.refers(experiment, method)
        assert unlearn.unlearn(experiment, "hqnn", method).reference == ()
    assert unlearn.refers(experiment, "ssd")
    assert BEFORE["ga hqnn"].levels == (0.5,)
    assert BEFORE["strong hqnn"].levels == unlearn.unlearn(experiment, "hqnn", "logit_mask").levels
    assert BEFORE["strong hqnn"].levels == ()


def test_a_job_audits_all_variants_of_its_group():
    expected = {
        "target": ("target",),
        "retrain": ("retrain", *(f"retrain@{k}" for k in range(1, 5))),
        "ga": ("ga", "ga@0.5"),
        "strong": ("strong",),
        "residue": ("residue@5", "residue@100"),
        "innocent": tuple(f"innocent_{e}@1" for e in ("bias", "temperature", "head", "turn")),
    }
    for group, variants in expected.items():
        for step in ("query", "score", "measure"):
            assert BEFORE[f"{step} hqnn {group}"].variants == variants
        judged = tuple(v for v in variants if v != "ga@0.5")
        assert BEFORE[f"examine hqnn {group}"].variants == judged


def test_what_the_ladder_leaves_in_and_the_retrained_models_leave_out():
    assert BEFORE["ladder hqnn 1"].kept == {"residue@5": 5, "residue@100": 100}
    assert BEFORE["ladder hqnn 1"].indices == (0, 1)
    retrained = BEFORE["retrained hqnn 1"]
    assert set(retrained.kept.values()) == {0}
    assert list(retrained.kept) == [f"retrain@{k + 1}" for k in retrained.indices]
    assert BEFORE["innocents hqnn"].edits == ("bias", "temperature", "head", "turn")


def test_a_request_for_no_whole_class_allows_no_edit_of_a_bias():
    config = full_config() | {"forget": {"kind": "fraction", "percent": 5}}
    del config["quality"]["probe"]
    experiment = parse(config)
    assert train.innocents(experiment, "hqnn").edits == ("temperature", "head", "turn")
    edited = attack.query(experiment, "hqnn", "innocent").variants
    assert edited == ("innocent_temperature@1", "innocent_head@1", "innocent_turn@1")


def test_without_unlearned_shadows_the_first_still_calibrates():
    experiment = parse(small_config() | {"attacks": {"label_only": {}}})
    assert experiment.common.shadows.unlearned == 0
    assert attack.score(experiment, "basic_qnn", "target").indices == (0,)
