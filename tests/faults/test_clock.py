"""Files dated a year ahead or back: no endless reruns, and never other tables."""

from __future__ import annotations

import os
import time

import pytest
from disturbed import EXPERIMENT, complaints, differences, leftovers

YEAR = 365 * 86400
POOL = f"results/{EXPERIMENT}/data/pool.parquet"
TOUCHED = (POOL, f"results/{EXPERIMENT}/models/basic_qnn/seed-0/target/outputs.parquet")


def date(project, name: str, years: int) -> None:
    """Set a file's times by the wall clock and a jump of so many years."""
    moment = time.time() + years * YEAR
    os.utime(project.folder / name, (moment, moment))


@pytest.mark.parametrize("years", [1, -1], ids=["ahead", "back"])
def test_wrong_times_cause_no_endless_reruns(undisturbed, carried, tally, years):
    outcome = tally(
        f"files of a finished run dated a year {'ahead' if years > 0 else 'back'}",
        "nothing to do, or their dependants once: content counts, by checksum",
    )
    for name in TOUCHED:
        outcome.tried += 1
        date(carried, name, years)
        carried.finish()
        again = carried.local("-n")
        assert "Nothing to be done" in again.text, again.text
        outcome.held += 1
    assert differences(carried, undisturbed) == []
    assert leftovers(carried) == []


def test_a_job_beside_a_file_from_the_future_says_so(undisturbed, carried, tally):
    outcome = tally(
        "a clock set back: an input from the future",
        "Snakemake names both files and their times; after `touch` the run finishes",
    )
    outcome.tried += 1
    target = f"results/{EXPERIMENT}/data/seed-0/samples.parquet"
    (carried.folder / target).unlink()
    date(carried, POOL, 1)
    ran = carried.local("--cores", "1", target)
    assert complaints(ran) == set()
    assert "has older modification time" in ran.text
    assert f"than input {POOL}" in ran.text
    assert not (carried.folder / target).exists()
    date(carried, POOL, 0)
    ran = carried.local("--cores", "1", target)
    assert ran.code == 0, ran.text
    carried.finish()
    assert differences(carried, undisturbed) == []
    assert leftovers(carried) == []
    outcome.held += 1


def test_a_finished_run_plans_nothing(undisturbed):
    ran = undisturbed.local("-n")
    assert ran.code == 0
    assert "Nothing to be done" in ran.text
    assert (undisturbed.small / "report.html").is_file()
