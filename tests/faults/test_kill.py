"""SIGKILL of the workflow, of Snakemake alone, of one job: a rerun ends at the same tables."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from disturbed import Run, complaints, require_same
from qmu import seeds

KILLS = 20
DONE = "Finished jobid"


def killed(project, rng) -> bool:
    """Start the workflow and kill it at a random moment; False where it was finished before."""
    run = Run(project, "--cores", "2")
    if rng.random() < 0.15:
        time.sleep(rng.uniform(0.1, 1.5))  # while it reads the rules and plans
    else:
        run.reaches(DONE if rng.random() < 0.4 else "Execute")
        time.sleep(rng.uniform(0, 1.2))
    return run.kill()


def unlock(project, unlocked: int) -> None:
    """Take a dead run's lock away; the first two times as a user must."""
    if unlocked >= 2:
        project.unlock()
        return
    refused = project.local("--cores", "2")
    assert refused.code != 0
    assert "--unlock" in refused.text
    assert "Traceback" not in refused.text
    assert project.local("--unlock").code == 0


@pytest.mark.fault(
    "SIGKILL of the workflow and its jobs at a random moment",
    "`snakemake --unlock`, then the same command resumes; the tables are bit-identical",
)
def test_twenty_kills_change_nothing(undisturbed, fresh, tries):
    rng = seeds.generator("tests", "faults", "kills")
    unlocked, progress = 0, []
    while tries.tried < KILLS:
        if not killed(fresh, rng):
            require_same(fresh, undisturbed)
            fresh.forget()
            continue
        tries.tried += 1
        progress.append(len(list(fresh.small.rglob("*.parquet"))))
        if fresh.locked():
            unlock(fresh, unlocked)
            unlocked += 1
        assert not fresh.locked()
    fresh.finish()
    print(f"{unlocked} locks, tables at the kills: {progress}")
    assert unlocked >= 2
    assert min(progress) < 3
    assert max(progress) > 20
    require_same(fresh, undisturbed)
    assert "Nothing to be done" in fresh.local("-n").text
    tries.held = tries.tried


@pytest.mark.fault(
    "SIGKILL of Snakemake alone, its jobs go on",
    "a resumed run beside them ends at the same tables",
)
@pytest.mark.parametrize(
    ("parts", "words"),
    [(("models", "scores", "audit"), "Train basic_qnn"), (("audit",), "Measure basic_qnn")],
    ids=["training", "measuring"],
)
def test_jobs_that_outlive_their_workflow_do_no_harm(undisturbed, carried, parts, words):
    carried.forget(*parts)
    run = Run(carried, "--cores", "2")
    assert run.reaches(words)
    time.sleep(0.3)
    run.process.kill()
    run.process.wait()
    assert not group_is_gone(run.process.pid)
    carried.unlock()
    carried.finish()
    wait_for(lambda: group_is_gone(run.process.pid))
    require_same(carried, undisturbed)


def group_is_gone(group: int) -> bool:
    """Whether no process of a killed run is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(found, seconds: float = 60):
    """Waits until ``found()`` is true, and returns it."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, f"nothing in {seconds} s"
        time.sleep(0.02)
    return result


@pytest.mark.fault(
    "Ctrl-C, or SIGTERM to the workflow and its jobs",
    "jobs say so and leave nothing half-written, no lock stays, a rerun resumes",
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupt_cleans_up(undisturbed, carried, number):
    carried.forget("models/basic_qnn/seed-0/target", "shadows", "attacks", "logs")
    run = Run(carried, "--cores", "2", "target", "attacks")
    # Both cores' jobs are beyond the start of Python, where nobody could catch the signal.
    logs = carried.small / "logs"
    wait_for(lambda: len(list(logs.glob("*/basic_qnn/**/*.log"))) >= 2)
    time.sleep(0.5)
    os.killpg(run.process.pid, number)
    ran = run.end()
    assert ran.code != 0
    if "terminate called" not in ran.text:  # C++ ends a process that is loading its libraries
        told = complaints(ran)
        assert all("was ended from outside" in line for line in told), told
    assert not carried.locked()
    carried.finish("target", "attacks", "shadows")
    require_same(carried, undisturbed, "data", "models", "shadows", "attacks")


def job_process(group: int, log: Path) -> int | None:
    """The Python process of a running job of a process group, by the log that it writes."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            files = {os.readlink(one) for one in (entry / "fd").iterdir()}
            number = int((entry / "stat").read_text().rpartition(")")[2].split()[2])
        except OSError:
            continue
        if number == group and str(log.resolve()) in files:
            return int(entry.name)
    return None


@pytest.mark.fault(
    "a single job killed (as by the out-of-memory killer)",
    "Snakemake names the rule, other jobs go on, a rerun finishes",
)
def test_a_job_killed_by_the_system_stops_only_its_dependants(undisturbed, carried):
    shadows = "shadows/basic_qnn/target/block-1"
    carried.forget("models/basic_qnn/seed-0/retrain", shadows, "attacks", "audit")
    run = Run(carried, "--cores", "2")
    assert run.reaches("Train basic_qnn, retrain")
    log = carried.small / "logs/train/basic_qnn/seed-0/retrain.log"
    job = wait_for(lambda: job_process(run.process.pid, log))
    os.kill(job, signal.SIGKILL)
    ran = run.end()
    assert ran.code != 0
    assert complaints(ran) == set()
    assert "Error in rule train:" in ran.text
    assert (carried.small / shadows / "outputs.parquet").is_file(), ran.text
    assert not (carried.small / "summary.parquet").exists()
    carried.finish()
    require_same(carried, undisturbed)


@pytest.mark.fault(
    "two runs started in one folder", "the second is refused, the first finishes unharmed"
)
def test_a_second_run_is_refused_and_the_first_finishes(undisturbed, carried):
    carried.forget("scores", "audit")
    first = Run(carried, "--cores", "2")
    assert first.reaches("Execute")
    second = carried.local("--cores", "2")
    assert second.code != 0
    assert "Directory cannot be locked" in second.text
    assert "Traceback" not in second.text
    ran = first.end()
    assert ran.code == 0, ran.text
    require_same(carried, undisturbed)
