"""Failures inside a job: not-a-number, and an exception that nobody foresaw."""

from __future__ import annotations

import copy
import re

import pytest
import yaml
from disturbed import EXPERIMENT, HERE, complaints, leftovers, require_same

SMALL = yaml.safe_load((HERE / "small.yaml").read_text())
NAN = {
    "train": "models/basic_qnn/seed-0/target/outputs.parquet",
    "train_shadows": "shadows/basic_qnn/target/block-0/outputs.parquet",
    "train_retrained": "models/basic_qnn/seed-0/retrain@1/outputs.parquet",
    "train_ladder": "models/basic_qnn/seed-0/residue@50/outputs.parquet",
}


@pytest.mark.fault(
    "a loss that is not a number, in training a model or a fleet",
    "that job ends and names step, epoch and learning rate; nothing is measured on it",
)
def test_diverging_trainings_are_named_and_repaired(undisturbed, carried, tries):
    targets = [f"results/{EXPERIMENT}/{name}" for name in NAN.values()]
    carried.forget("models", "shadows", "scores", "audit")
    config = copy.deepcopy(SMALL)
    config["models"]["basic_qnn"]["training"]["learning_rate"] = 1e308
    tries.tried = len(targets)
    ran = carried.snakemake("--cores", "2", "all", *targets, config=config)
    for rule in NAN:
        assert f"Error in rule {rule}:" in ran.text, ran.text
    told = complaints(ran)
    assert told, ran.text
    for line in told:
        assert re.search(r"the loss is not a number at step \d+ of epoch \d+", line), line
        assert "learning_rate" in line
        assert "1e+308" in line
    for target in targets:
        folder = (carried.folder / target).parent
        assert not folder.exists() or not list(folder.iterdir())
    for name in ("scores", "audit", "summary.parquet"):
        assert not list((carried.small).glob(f"{name}/**/*.parquet"))
    carried.finish(*targets)
    for target in targets:
        same = (carried.folder / target).read_bytes() == (undisturbed.folder / target).read_bytes()
        tries.held += same
    assert tries.held == tries.tried


@pytest.mark.fault(
    "an unforeseen exception in a job",
    "one line names step and log, the log has the traceback, a rerun finishes",
)
def test_an_unforeseen_exception_is_told_in_one_line(undisturbed, carried):
    carried.forget("data/seed-0")
    step = carried.folder / "workflow/qmu/steps/data/samples.py"
    good = step.read_text()
    step.write_text(good.replace("clock.ready()", "clock.ready(); 1 / 0", 1))
    ran = carried.local("--cores", "2", "data")
    log = f"results/{EXPERIMENT}/logs/samples/seed-0.log"
    told = [line for line in ran.stderr.splitlines() if line.startswith("qmu: ")]
    line = f"internal error in step data.samples: ZeroDivisionError: division by zero; see {log}"
    assert told == [f"qmu: {line}"], ran.text
    text = (carried.folder / log).read_text()
    assert "Traceback (most recent call last)" in text
    assert "clock.ready(); 1 / 0" in text
    assert text.endswith(f"{line}\n")
    step.write_text(good)
    assert leftovers(carried) == []
    carried.finish("data")
    require_same(carried, undisturbed, "data")
