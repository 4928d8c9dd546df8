"""The whole pipeline through Snakemake on a backend that is a server of our own."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from paid_project import CONFIG, DISTINCT, EXPERIMENT, VARIANTS, complaints, edited, file, files
from qmu import paths
from qmu.tables import parquet as tables

SHOTS = CONFIG["devices"]["manila"]["shots"]


def table(project, template: str, variant: str) -> dict:
    """A table of outputs."""
    return tables.read(project.folder / file(template, variant), "outputs", experiment=EXPERIMENT)


def test_every_distinct_job_is_paid_once(whole):
    """Four variants; ``logit_mask`` and the target send the same circuits and share a job."""
    jobs = whole.record["jobs"]
    assert [status for _, status, _ in jobs] == ["Completed"] * DISTINCT
    assert len({tuple(tags) for *_, tags in jobs}) == DISTINCT
    records = {v: json.loads((whole.project.folder / file(paths.SUBMITTED, v)).read_text())
               for v in VARIANTS}  # fmt: skip
    assert {r["job_id"] for r in records.values()} == {name for name, *_ in jobs}
    assert records["target"]["job_id"] == records["logit_mask"]["job_id"]
    estimate = json.loads((whole.project.folder / file(paths.ESTIMATE)).read_text())
    assert estimate["jobs"] == DISTINCT


@pytest.mark.parametrize("variant", VARIANTS)
def test_outputs_are_the_simulations_within_shot_noise(whole, variant):
    """Every <Z> within six standard errors of the exact one, and not all of them equal to it."""
    measured = table(whole.project, paths.OUTPUTS_ON, variant)
    exact = table(whole.project, paths.VARIANT + "/outputs.parquet", variant)
    place = {int(s): i for i, s in enumerate(exact["sample_id"])}
    rows = [place[int(s)] for s in measured["sample_id"]]
    ideal, found = exact["expectation_values"][rows], measured["expectation_values"]
    error = np.sqrt(np.clip(1 - ideal**2, 1e-6, None) / SHOTS)
    assert np.max(np.abs(found - ideal) / error) < 6
    assert np.mean(np.abs(found - ideal)) > 1e-4
    assert 20 < len(rows) < len(exact["sample_id"])
    assert np.array_equal(measured["label"], exact["label"][rows])
    assert np.all(measured["embedding_fidelity"] > 1 - 1e-9)


def test_the_manifest_names_every_job_and_its_calibration(whole):
    """Four files, three jobs."""
    manifest = json.loads((whole.project.folder / file(paths.MANIFEST)).read_text())
    jobs = manifest["ibm_jobs"]["jobs"]
    assert set(jobs) == set(files(paths.SUBMITTED))
    assert {job["job_id"] for job in jobs.values()} == {j for j, *_ in whole.record["jobs"]}
    calibrations = manifest["ibm_jobs"]["calibrations"]
    assert {job["calibration"] for job in jobs.values()} == set(calibrations)
    assert all(found["available"] for found in calibrations.values())


@pytest.mark.fault(
    "two variants with the same circuits submit at the same moment",
    "one waits for the other and shares its job: one is paid",
)
def test_two_variants_that_submit_at_the_same_moment_share_a_job(prepared, platform):
    """The first is held up at the server until the second has been started as well."""
    platform.faults.add("post", seconds=4.0, accepted=True)
    same = ("target", "logit_mask")
    ran = prepared.finish("--resources", "qpu=3", "--", *files(paths.SUBMITTED, same))
    started = [line for line in ran.text.splitlines() if "Submit basic_qnn" in line]
    assert len(started) == 2
    assert ran.text.index(started[1]) < ran.text.index("Finished jobid")
    assert platform.submissions == 1
    assert len({(prepared.folder / f).read_bytes() for f in files(paths.SUBMITTED, same)}) == 1


@pytest.mark.parametrize("limit", [1, 3])
def test_qpu_limits_the_jobs_under_way(prepared, platform, limit):
    """By the server's own record; three distinct jobs that each take a while."""
    platform.seconds_before_end = float("inf")
    wanted = files(paths.RESULT, ("target", "retrain", "ga"))
    running = prepared.start("--cores", "3", "--resources", f"qpu={limit}", "--", *wanted)
    assert running.reaches(lambda: platform.submissions >= limit), running.said()
    time.sleep(4)  # further submissions would come in now
    platform.seconds_before_end = 0.0
    ran = running.end()
    assert ran.code == 0, ran.text
    assert platform.submissions == DISTINCT
    assert platform.most_under_way() == limit


def test_a_budget_that_is_too_small_is_refused_before_anything_is_sent(prepared, platform):
    """The line names the key; the server saw no job. Planning, which knows neither the circuits nor
    how many images of the forget set there are, finds 48 s."""
    prepared.write(edited(job={"max_total_seconds": 48.1}))
    ran = prepared.run("--cores", "2", "--", *files(paths.OUTPUTS_ON))
    (line,) = complaints(ran)
    assert "devices.manila: 3 jobs on ibmq_manila are estimated at" in line
    assert "job.max_total_seconds allows 48.1: nothing was submitted" in line
    assert "post" not in platform.requests
    assert platform.submissions == 0
    prepared.write(CONFIG)
    prepared.finish("--", file(paths.OUTPUTS_ON))
    assert platform.submissions == 1
