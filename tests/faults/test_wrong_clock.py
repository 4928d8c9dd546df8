"""Files dated a year ahead or back: no endless reruns, and never other tables."""

from __future__ import annotations

import os
import shutil
import time

import pytest
import yaml
from disturbed import EXPERIMENT, complaints, require_same
from pipeline import ROOT

YEAR = 365 * 86400
POOL = f"results/{EXPERIMENT}/data/pool.parquet"
TOUCHED = (POOL, f"results/{EXPERIMENT}/models/basic_qnn/seed-0/target/outputs.parquet")


def date(project, name: str, years: int) -> None:
    """Set a file's times by the wall clock and a jump of so many years."""
    moment = time.time() + years * YEAR
    os.utime(project.folder / name, (moment, moment))


@pytest.mark.fault(
    "files of a finished run dated a year ahead or back",
    "no job runs: content counts, by checksum",
)
@pytest.mark.parametrize("years", [1, -1], ids=["ahead", "back"])
def test_wrong_times_cause_no_reruns(undisturbed, carried, tries, years):
    tries.tried = len(TOUCHED)
    for name in TOUCHED:
        date(carried, name, years)
    assert "Nothing to be done" in carried.local("-n").text
    assert "Nothing to be done" in carried.finish().text
    require_same(carried, undisturbed)
    tries.held = tries.tried


@pytest.mark.fault(
    "a clock set back: an input from the future",
    "Snakemake names both files and their times; after `touch` the run finishes",
)
def test_a_job_beside_a_file_from_the_future_says_so(undisturbed, carried):
    target = f"results/{EXPERIMENT}/data/seed-0/samples.parquet"
    (carried.folder / target).unlink()
    date(carried, POOL, 1)
    ran = carried.local("--cores", "1", target)
    assert complaints(ran) == set()
    assert "has older modification time" in ran.text
    assert f"than input {POOL}" in ran.text
    assert not (carried.folder / target).exists()
    date(carried, POOL, 0)
    carried.finish(target)
    require_same(carried, undisturbed, "data")
    assert "Nothing to be done" in carried.local("-n").text


def test_it_is_the_content_that_counts(carried):
    """As long as a table is smaller than the profiles' limit; real changes are still seen."""
    outputs = carried.folder / TOUCHED[1]
    date(carried, TOUCHED[1], 1)
    assert "fit_attacks" in carried.local("-n", "--max-checksum-file-size", "1000").text
    assert "Nothing to be done" in carried.local("-n").text
    shutil.copy(outputs.parents[1] / "retrain" / outputs.name, outputs)
    assert "fit_attacks" in carried.local("-n").text


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_the_limit_of_a_profile_is_above_all_tables(name):
    """The largest of a full audit has 23 MB; Snakemake's own limit is 1 MB."""
    profile = yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())
    assert profile["max-checksum-file-size"] == "100MB"
