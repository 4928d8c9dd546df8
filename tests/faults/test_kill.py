"""SIGKILL at any moment, two runs at once, a single job killed: a rerun ends at the same tables."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

from disturbed import Run, complaints, differences, leftovers
from qmu import seeds

KILLS = 20
DONE = "Finished jobid"


def killed(project, rng) -> bool:
    """Start the workflow and kill it at a random moment; False where it was finished before."""
    run = Run(project, "--cores", "2")
    if rng.random() < 0.15:
        time.sleep(rng.uniform(0.1, 2))  # while it reads the rules and plans
    else:
        run.reaches(DONE if (jobs := rng.integers(0, 3)) else "Execute", max(jobs, 1))
        time.sleep(rng.uniform(0, 2))
    return run.kill()


def test_twenty_kills_change_nothing(undisturbed, fresh, tally):
    outcome = tally(
        f"SIGKILL of the workflow and its jobs at {KILLS} random moments",
        "`snakemake --unlock`, then the same command resumes; the tables are bit-identical",
    )
    rng = seeds.generator("tests", "faults", "kills")
    chains, unlocked, progress = 1, 0, []
    while outcome.tried < KILLS:
        if not killed(fresh, rng):
            assert differences(fresh, undisturbed) == []
            assert leftovers(fresh) == []
            chains += 1
            fresh.forget()
            continue
        outcome.tried += 1
        progress.append(len(list(fresh.small.rglob("*.parquet"))))
        if fresh.locked():
            if unlocked < 2:
                refused = fresh.local("--cores", "2")
                assert refused.code != 0
                assert "--unlock" in refused.text
                assert "Traceback" not in refused.text
                assert fresh.local("--unlock").code == 0
            else:
                shutil.rmtree(fresh.folder / ".snakemake" / "locks")  # what --unlock does, faster
            unlocked += 1
        assert not fresh.locked()
    fresh.finish()
    print(f"{chains} chains, {unlocked} locks, tables at the kills: {progress}")
    assert unlocked >= 2
    assert max(progress) > 20
    assert leftovers(fresh) == []
    assert differences(fresh, undisturbed) == []
    assert "Nothing to be done" in fresh.local("-n").text
    outcome.held = outcome.tried


def test_jobs_that_outlive_their_workflow_do_no_harm(undisturbed, fresh, tally):
    outcome = tally(
        "SIGKILL of Snakemake alone, its jobs go on",
        "a resumed run beside them ends at the same tables",
    )
    for words in ("Train basic_qnn", "Measure basic_qnn"):
        outcome.tried += 1
        run = Run(fresh, "--cores", "2")
        assert run.reaches(words)
        time.sleep(1)
        run.process.kill()
        run.process.wait()
        shutil.rmtree(fresh.folder / ".snakemake" / "locks")
        fresh.finish()
        wait_for(lambda group=run.process.pid: group_is_gone(group))
        assert differences(fresh, undisturbed) == []
        assert leftovers(fresh) == []
        fresh.forget()
        outcome.held += 1


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


def test_a_second_run_is_refused_and_the_first_finishes(undisturbed, fresh, tally):
    outcome = tally(
        "two runs started in one folder",
        "the second is refused, the first finishes unharmed",
    )
    outcome.tried += 1
    first = Run(fresh, "--cores", "2")
    assert first.reaches("Execute")
    second = fresh.local("--cores", "2")
    assert second.code != 0
    assert "Directory cannot be locked" in second.text
    assert "Traceback" not in second.text
    ran = first.end()
    assert ran.code == 0, ran.text
    assert differences(fresh, undisturbed) == []
    assert leftovers(fresh) == []
    outcome.held += 1


def test_an_interrupt_cleans_up(undisturbed, fresh, tally):
    outcome = tally(
        "Ctrl-C, or SIGTERM to the workflow and its jobs",
        "jobs say so and leave nothing half-written, no lock stays, a rerun resumes",
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        outcome.tried += 1
        run = Run(fresh, "--cores", "2")
        # Both cores' jobs are beyond the start of Python, where nobody could catch the signal.
        logs = fresh.small / "logs"
        wait_for(lambda logs=logs: len(list(logs.glob("*/basic_qnn/**/*.log"))) >= 2)
        time.sleep(0.5)
        os.killpg(run.process.pid, number)
        ran = run.end()
        assert ran.code != 0
        told = complaints(ran)
        assert all("was ended from outside" in line for line in told), told
        assert not fresh.locked()
        assert [name for name in leftovers(fresh) if "/." in name] == []
        shutil.rmtree(fresh.small / "logs")
        outcome.held += 1
    fresh.finish()
    assert differences(fresh, undisturbed) == []
    assert leftovers(fresh) == []


def job_process(group: int, script: str) -> int | None:
    """The Python process of a running job of a process group."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            number = int((entry / "stat").read_text().rpartition(")")[2].split()[2])
        except OSError:
            continue
        if number == group and re.search(rf"\.snakemake/scripts/[^\0]*{script}\.py", words):
            return int(entry.name)
    return None


def test_a_job_killed_by_the_system_stops_only_its_dependants(undisturbed, fresh, tally):
    outcome = tally(
        "a single job killed (as by the out-of-memory killer)",
        "Snakemake names the rule, other jobs go on, a rerun finishes",
    )
    outcome.tried += 1
    run = Run(fresh, "--cores", "2")
    assert run.reaches("Train basic_qnn, retrain")
    job = wait_for(lambda: job_process(run.process.pid, "train"))
    os.kill(job, signal.SIGKILL)
    ran = run.end()
    assert ran.code != 0
    assert complaints(ran) == set()
    assert "Error in rule train:" in ran.text
    shadows = fresh.small / "shadows/basic_qnn/target/block-1/outputs.parquet"
    assert shadows.is_file(), ran.text
    assert not (fresh.small / "summary.parquet").exists()
    fresh.finish()
    assert differences(fresh, undisturbed) == []
    assert leftovers(fresh) == []
    outcome.held += 1
