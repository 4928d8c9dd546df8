"""Why a job runs again: keys and files instead of whole specs, pure and through Snakemake."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures import small_config
from qmu.config.parse import parse
from qmu.plan.reasons import differences, shortened

ROOT = Path(__file__).parents[3]
PARAMETERS = "Params have changed since last execution"

UNLEARN = {
    "experiment": "small",
    "root_seed": 0,
    "code": {"unlearning.methods.ga": "ab12", "steps": "cd34", "losses": "ef56"},
    "name": "hqnn",
    "seed": 0,
    "variant": "ga",
    "method": {
        "component": "ga",
        "settings": {"step_length": 0.1, "stopping": {"max_steps": 20}},
    },
    "model": {
        "component": "hqnn",
        "settings": {"layers": 5, "training": {"epochs": 3}},
        "classes": 10,
        "device": "lightning.qubit",
        "precision": "double",
    },
}
FLEET = {key: UNLEARN[key] for key in ("root_seed", "name", "model")} | {
    "width": 8,
    "indices": [0, 1],
    "members": 100,
    "without": [],
}
AUDIT = {
    "name": "hqnn",
    "variant": "target",
    "device": "lightning.qubit",
    "seeds": [0],
    "intervals": {"confidence": 0.95, "resamples": 1000},
    "attacks": {"loss": {"component": "loss_thr", "settings": {"threshold": "mean"}}},
    "loss": "ce",
}
POOL = {"dataset": {"component": "mnist_full", "settings": {"path": None}}, "components": 16}
REQUEST = {"forget": {"component": "class", "settings": {"label": 4}}}
QUERY = {
    "name": "hqnn",
    "attack": {"component": "label_only", "settings": {"shifts": 2}},
    "model": {"device": "x"},
}
SUBMIT = {"backend": "ibm_torino", "circuit": {"shots": 10}, "job": {"mode": "batch"}}


def edited(spec, path, value):
    """A copy of a spec with another value at a path."""
    changed = copy.deepcopy(spec)
    *sections, last = path
    holder = changed
    for section in sections:
        holder = holder[section]
    holder[last] = value
    return changed


# (spec, path, the configuration's key)
PLACES = [
    (UNLEARN, ("method", "settings", "step_length"), "unlearning.ga.step_length"),
    (UNLEARN, ("method", "settings", "stopping", "max_steps"), "unlearning.ga.stopping.max_steps"),
    (UNLEARN, ("method", "component"), "unlearning.ga.method"),
    (REQUEST, ("forget", "settings", "label"), "forget.label"),
    (REQUEST, ("forget", "component"), "forget.kind"),
    (UNLEARN, ("root_seed",), "root_seed"),
    (UNLEARN, ("model", "settings", "layers"), "models.hqnn.layers"),
    (UNLEARN, ("model", "settings", "training", "epochs"), "models.hqnn.training.epochs"),
    (UNLEARN, ("model", "component"), "models.hqnn.model"),
    (UNLEARN, ("model", "device"), "simulation.device"),
    (UNLEARN, ("model", "classes"), "model.classes"),
    (FLEET, ("model", "precision"), "fleet.precision"),
    (FLEET, ("width",), "fleet.width"),
    (FLEET, ("members",), "samples.train"),
    (FLEET, ("indices",), "shadows"),
    (FLEET, ("without",), "forget"),
    (AUDIT, ("seeds",), "seeds"),
    (AUDIT, ("device",), "simulation.device"),
    (AUDIT, ("intervals", "resamples"), "evaluation.bootstrap"),
    (AUDIT, ("intervals", "confidence"), "evaluation.confidence"),
    (AUDIT, ("attacks", "loss", "settings", "threshold"), "attacks.loss.threshold"),
    (AUDIT, ("attacks", "loss", "component"), "attacks.loss.attack"),
    (AUDIT, ("attacks", "more"), "attacks.more"),
    (AUDIT, ("loss",), "models.hqnn.training.loss"),
    (POOL, ("dataset", "component"), "dataset.name"),
    (POOL, ("dataset", "settings", "path"), "dataset.path"),
    (POOL, ("components",), "features.components"),
    (POOL, ("scale",), "features.scale"),
    (QUERY, ("attack", "settings", "shifts"), "attacks.label_only.shifts"),
    (QUERY, ("model", "device"), "fleet.device"),
    (SUBMIT, ("backend",), "devices.torino.backend"),
    (SUBMIT, ("circuit", "shots"), "devices.torino.shots"),
    (SUBMIT, ("job", "mode"), "devices.torino.job.mode"),
    ({}, ("something",), "something"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "path", "key"), PLACES, ids=[key for *_, key in PLACES])
def test_a_changed_setting_is_named_by_its_key(spec, path, key):
    wildcards = {"device": "torino"} if spec is SUBMIT else {}
    now = edited(spec, path, "other")
    assert differences(spec, now, wildcards) == [f"settings changed: {key}"]


def test_keys_of_a_whole_configuration_are_those_of_its_file():
    raw = small_config()
    changed = {
        **raw,
        "forget": {"kind": "class", "label": 7},
        "unlearning": {"ga": {"step_length": 0.5}, "strong": {"method": "ga"}},
    }
    before, now = ({"config": parse(c).model_dump(mode="json")} for c in (raw, changed))
    assert differences(before, now) == [
        "settings changed: forget.label, unlearning.ga.step_length, unlearning.strong"
    ]


def test_changed_code_is_named_by_its_files():
    changed = {"unlearning.methods.ga": "xx", "steps": "yy", "losses": "ef56", "metrics.roc": "zz"}
    assert differences(UNLEARN, UNLEARN | {"code": changed}) == [
        "code changed: metrics/roc.py, steps/__init__.py, unlearning/methods/ga.py"
    ]


def test_settings_stand_before_code_and_nothing_is_no_line():
    now = edited(UNLEARN, ("method", "settings", "step_length"), 0.2)
    now["code"] = {**UNLEARN["code"], "losses": "00"}
    lines = differences(UNLEARN, now)
    assert lines == ["settings changed: unlearning.ga.step_length", "code changed: losses.py"]
    assert differences(UNLEARN, UNLEARN) == []


def test_many_changes_are_counted():
    before = {"code": {f"module{number:02}": "a" for number in range(13)}}
    now = {"code": {f"module{number:02}": "b" for number in range(13)}}
    (line,) = differences(before, now)
    assert line == (
        "code changed: module00.py, module01.py, module02.py, module03.py, module04.py, "
        "module05.py and 7 more"
    )


def test_parameters_give_way_to_what_changed():
    long = f"Missing output files: a.parquet; {PARAMETERS}: before: {'x; ' * 5000} now: y "
    short = shortened(long, ["settings changed: unlearning.ga.step_length"])
    assert short == "Missing output files: a.parquet; settings changed: unlearning.ga.step_length"


def test_what_follows_the_parameters_is_kept():
    software = "Software environment definition has changed since last execution"
    assert shortened(f"{PARAMETERS}: before: a now: b ; {software}", ["code changed: a.py"]) == (
        f"code changed: a.py; {software}"
    )


def test_without_a_record_of_the_last_run_that_is_said():
    short = shortened(f"{PARAMETERS}: before: {'x' * 9000}", [])
    assert short == "settings or code changed (its last run left no record of them)"


@pytest.mark.parametrize(
    "label",
    [
        "Missing output files",
        "Updated input files",
        "Incomplete output files",
        "Input files updated by another job",
    ],
)
def test_many_files_are_counted(label):
    names = [f"results/{number:02}.parquet" for number in range(45)]
    assert shortened(f"{label}: {', '.join(names[::-1])}", []) == (
        f"{label}: results/00.parquet, results/01.parquet, results/02.parquet and 42 more"
    )
    assert shortened(f"{label}: a, b, c, d", []) == f"{label}: a, b, c, d"


@pytest.mark.parametrize(
    "reason", ["", "Forced execution", "Missing output files: a; Set of input files has changed"]
)
def test_other_reasons_stay_as_they_are(reason):
    assert shortened(reason, []) == reason


TOY = """
import sys
sys.path.insert(0, {package!r})
from qmu.plan.reasons import install
install(workflow)

def spec(w):
    return {{
        "name": "hqnn",
        "variant": w.variant,
        "method": {{
            "component": "ga",
            "settings": {{"step_length": config.get("step", 1), "padding": "long; " * 500}},
        }},
        "code": {{"unlearning.methods.ga": config.get("code", "aa")}},
    }}

rule all:
    input: expand("out/{{variant}}-{{i}}", variant=["ga", "ssd"], i=range(9))
rule start:
    output: "out/start"
    shell: "touch {{output}}"
rule one:
    input: "out/start"
    output: "out/{{variant}}-{{i}}"
    log: "logs/{{variant}}-{{i}}.log"
    params: spec=spec
    shell: "touch {{output}}"
"""


def toy_spec(step=1, code="aa"):
    """What a job of the toy's variant ga leaves beside its log."""
    settings = {"step_length": step, "padding": "long; " * 500}
    method = {"component": "ga", "settings": settings}
    names = {"name": "hqnn", "variant": "ga", "method": method}
    return {**names, "code": {"unlearning.methods.ga": code}}


def test_snakemake_prints_the_short_reasons(tmp_path):
    (tmp_path / "Snakefile").write_text(TOY.format(package=str(ROOT / "workflow")))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--rerun-triggers"]
    command += ["mtime", "params"]

    def call(*arguments):
        done = subprocess.run(
            [*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return re.findall("[Rr]eason: (.*)", done.stdout + done.stderr)

    assert len(call()) == 20
    for number in range(9):
        (tmp_path / f"logs/ga-{number}.spec.json").write_text(json.dumps(toy_spec()))
    reasons = call("-n", "--config", "step=2", "code=bb")
    assert max(map(len, reasons)) < 400
    changed = "settings changed: unlearning.ga.step_length; code changed: unlearning/methods/ga.py"
    assert reasons.count(changed) == 9
    unknown = "settings or code changed (its last run left no record of them)"
    assert reasons.count(unknown) == 9
    gathered = next(reason for reason in reasons if "out/ga-0" in reason)
    assert gathered == (
        "Input files updated by another job: out/ga-0, out/ga-1, out/ga-2 and 15 more"
    )
