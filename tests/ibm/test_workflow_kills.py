"""SIGKILL of the whole workflow while jobs are submitted, waited for, fetched and decoded."""

from __future__ import annotations

import time

import pytest
from paid_project import DISTINCT, PaidProject, files
from qmu import paths
from qmu.seeds import generator

KILLS = 10
WANTED = ("--", *files(paths.OUTPUTS_ON))


def moment(rng, running, platform):
    """A condition that holds at a random moment: of the server's requests, or of the run."""
    if rng.random() < 0.6:
        seen, more = len(platform.requests), int(rng.integers(1, 40))
        return lambda: len(platform.requests) >= seen + more
    words, delay = ("Finished jobid", "Execute")[int(rng.integers(2))], rng.uniform(0, 2.5)
    reached: list[float] = []

    def later() -> bool:
        if not reached and words in running.said():
            reached.append(time.monotonic())
        return bool(reached) and time.monotonic() > reached[0] + delay

    return later


def unlock(project: PaidProject, times: int) -> None:
    """Take a dead run's lock away: the first time as the README says, later what that does."""
    if times == 0:
        refused = project.run("--cores", "2", *WANTED)
        assert refused.code != 0
        assert "--unlock" in refused.text
        assert project.run("--unlock").code == 0
        return
    for lock in (project.folder / ".snakemake" / "locks").glob("*.lock"):
        lock.unlink()


@pytest.mark.fault(
    "SIGKILL of the workflow and its jobs at a random moment between preparing and decoding",
    "`snakemake --unlock`, then the same command resumes; one payment a job, bit-identical tables",
)
def test_ten_kills_pay_nothing_twice(prepared, platform, whole, tries):
    """The jobs that the server counts are those of an undisturbed run."""
    rng = generator("tests", "hardware", "workflow-kills")
    locks, progress = 0, []
    prepared.forget_device(prepared=True)
    while tries.tried < KILLS:
        running = prepared.start("--cores", "2", *WANTED)
        running.reaches(moment(rng, running, platform))
        if not running.kill():
            assert prepared.outputs() == whole.project.outputs(), running.said()
            prepared.forget_device()
            continue
        tries.tried += 1
        progress.append(len(list(prepared.results.rglob("on-manila/**/*.*"))))
        if prepared.locked():
            unlock(prepared, locks)
            locks += 1
    prepared.finish(*WANTED)
    print(f"{locks} locks, files at the kills: {progress}")
    assert locks >= 1
    assert len(set(progress)) > 2, progress
    assert prepared.outputs() == whole.project.outputs()
    assert len(platform.paid) == DISTINCT
    assert sum(bool(job.result) for job in platform.jobs.values()) == DISTINCT
    assert "Nothing to be done" in prepared.run("-n", *WANTED).text
    tries.held = tries.tried
