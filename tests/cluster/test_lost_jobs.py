"""What SLURM can do to a job of the pipeline: the workflow goes on, or a rerun resumes."""

from __future__ import annotations

import time

import pytest
import slurm
from pipeline import planned
from submitted import same

MODEL = "models/basic_qnn/seed-0"
TARGET, RETRAIN = f"{MODEL}/target/outputs.parquet", f"{MODEL}/retrain/outputs.parquet"
PATHS = tuple(f"results/cluster/{name}" for name in (TARGET, RETRAIN))


def assert_as_local(project, local, *names):
    for name in names:
        assert same(project.small / name, local.small / name), name


@pytest.mark.fault("a node goes down in mid-job", "the job runs again elsewhere; the run finishes")
def test_a_job_of_a_lost_node_is_trained_on_another_node(healthy, prepared, local):
    submission = prepared.submit(healthy, PATHS[0])
    job = submission.running("train")
    healthy.stop_daemon(job.node, slurm.signal.SIGKILL)
    slurm.ask("scontrol", "update", f"NodeName={job.node}", "State=DOWN", "Reason=test")
    ran = submission.end()
    assert ran.code == 0, ran.text
    assert f"SLURM-job '{job.id}' failed due to a node failure" in ran.text
    assert "Trying to restart job" in ran.text
    assert_as_local(prepared, local, TARGET)


@pytest.mark.fault("the controller is away", "waited for; the run finishes with the same tables")
def test_a_controller_that_was_away_is_waited_for(healthy, prepared, local):
    submission = prepared.submit(healthy, *PATHS)
    submission.running("train", jobs=2)
    healthy.stop_daemon("slurmctld")
    # Until a look at the jobs has failed: the executor turns to sacct when it does.
    slurm.wait_for(lambda: "Falling back to 'sacct'" in submission.said(), "a failed look")
    time.sleep(5)
    healthy.start_daemon("slurmctld")
    ran = submission.end()
    assert ran.code == 0, ran.text
    assert_as_local(prepared, local, TARGET, RETRAIN)


@pytest.mark.fault("a cancelled job", "named; a rerun makes that job alone")
def test_a_cancelled_job_is_named_and_a_rerun_makes_it_alone(healthy, prepared, local):
    submission = prepared.submit(healthy, "--retries", "0", *PATHS)
    job = submission.running("train")
    slurm.ask("scancel", job.id)
    ran = submission.end()
    assert ran.code == 1, ran.text
    assert f"SLURM-job '{job.id}' failed, SLURM status is: 'CANCELLED'" in ran.text
    missing = [name for name in (TARGET, RETRAIN) if not (prepared.small / name).exists()]
    assert len(missing) == 1, ran.text
    variant = missing[0].split("/")[-2]
    assert planned(prepared.local("-n", *PATHS)) == {f"Train basic_qnn, {variant}, seed 0"}
    again = prepared.local("--cores", "1", *PATHS)
    assert again.code == 0, again.text
    assert_as_local(prepared, local, TARGET, RETRAIN)
