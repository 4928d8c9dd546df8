"""Failures inside a job: not-a-number, and an exception that nobody foresaw."""

from __future__ import annotations

import copy
import re

import pytest
import yaml
from disturbed import EXPERIMENT, HERE, complaints, leftovers

SMALL = yaml.safe_load((HERE / "small.yaml").read_text())
NAN = {
    "train": "models/basic_qnn/seed-0/target/outputs.parquet",
    "train_shadows": "shadows/basic_qnn/target/block-0/outputs.parquet",
    "train_retrain_ensemble": "models/basic_qnn/seed-0/retrain_ensemble/outputs.parquet",
}


@pytest.mark.parametrize("rule", NAN)
def test_a_diverging_training_is_named_and_repaired(undisturbed, fresh, tally, rule):
    outcome = tally(
        "a loss that is not a number, in training a model or a fleet",
        "that job ends and names step, epoch and learning rate; nothing is measured on it",
    )
    outcome.tried += 1
    config = copy.deepcopy(SMALL)
    config["models"]["basic_qnn"]["training"]["learning_rate"] = 1e308
    target = f"results/{EXPERIMENT}/{NAN[rule]}"
    ran = fresh.snakemake("--cores", "1", target, config=config)
    told = complaints(ran)
    assert len(told) == 1, ran.text
    line = told.pop()
    assert re.search(r"the loss is not a number at step \d+ of epoch \d+", line), line
    assert "learning_rate" in line
    folder = (fresh.folder / target).parent
    assert not folder.exists() or not list(folder.iterdir())
    ran = fresh.local("--cores", "1", target)
    assert ran.code == 0, ran.text
    wanted = (undisturbed.folder / target).read_bytes()
    assert (fresh.folder / target).read_bytes() == wanted
    outcome.held += 1


def test_an_unforeseen_exception_is_told_in_one_line(undisturbed, fresh, tally):
    outcome = tally(
        "an unforeseen exception in a job",
        "one line names step and log, the log has the traceback, a rerun finishes",
    )
    outcome.tried += 1
    step = fresh.folder / "workflow/qmu/steps/samples.py"
    good = step.read_text()
    step.write_text(good.replace("clock.ready()", "clock.ready(); 1 / 0", 1))
    ran = fresh.local("--cores", "2", "data")
    log = f"results/{EXPERIMENT}/logs/samples/seed-0.log"
    told = [line for line in ran.stderr.splitlines() if line.startswith("qmu: ")]
    line = f"internal error in step samples: ZeroDivisionError: division by zero; see {log}"
    assert told == [f"qmu: {line}"], ran.text
    text = (fresh.folder / log).read_text()
    assert "Traceback (most recent call last)" in text
    assert "clock.ready(); 1 / 0" in text
    assert text.endswith(f"{line}\n")
    step.write_text(good)
    assert leftovers(fresh) == []
    ran = fresh.local("--cores", "2", "data")
    assert ran.code == 0, ran.text
    made = fresh.small / "data/seed-0/samples.parquet"
    assert made.read_bytes() == (undisturbed.small / "data/seed-0/samples.parquet").read_bytes()
    outcome.held += 1
