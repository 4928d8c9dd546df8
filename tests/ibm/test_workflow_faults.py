"""Every fault of the platform once through the whole workflow: a clear line, and a way on."""

from __future__ import annotations

import re

import pytest
from loopback_platform import GONE
from paid_project import DISTINCT, complaints, files
from qmu import paths

THREE = ("target", "retrain", "ga")


@pytest.mark.fault(
    "bursts of 5xx, dropped connections and lost answers during a whole run",
    "waited out; every job is paid once",
)
def test_bursts_and_lost_answers_are_waited_out(prepared, platform, whole):
    """At submitting (before and after acceptance), polling and fetching."""
    platform.faults.add("post", times=2, status=503)
    platform.faults.add("post", times=1, drop=True, accepted=True)
    for route in ("list", "job", "results", "properties"):
        platform.faults.add(route, times=2, status=502)
        platform.faults.add(route, times=1, drop=True)
    prepared.finish("--", *files(paths.OUTPUTS_ON))
    assert platform.faults.spent("post")
    assert len([job for job in platform.jobs.values() if job.result]) == DISTINCT
    assert len(platform.paid) == DISTINCT
    assert prepared.outputs() == whole.project.outputs()


@pytest.mark.fault(
    "jobs of one run that failed, were cancelled and vanished",
    "one line each names the file to delete; deleting it submits once more, which finishes",
)
def test_dead_jobs_are_paid_again_only_on_demand(prepared, platform, whole):
    """The advice is followed to the letter."""
    platform.ends = [("Failed", "the circuit is too deep"), ("Cancelled", ""), (GONE, "")]
    wanted = ["--keep-going", "--", *files(paths.OUTPUTS_ON, THREE)]
    lines = complaints(prepared.run("--cores", "2", *wanted))
    reasons = (
        "failed: .*the circuit is too deep",
        "was cancelled",
        "is not known to this instance",
    )
    for reason in reasons:
        assert sum(bool(re.search(reason, line)) for line in lines) == 1, lines
    assert len(lines) == 3
    assert platform.submissions == DISTINCT
    # Without following the advice nothing is paid.
    assert len(complaints(prepared.run("--cores", "2", *wanted))) == 3
    assert platform.submissions == DISTINCT
    for line in lines:
        (prepared.folder / re.search(r"delete (\S+) to submit it again", line)[1]).unlink()
    prepared.finish(*wanted)
    assert platform.submissions == 2 * DISTINCT
    assert [job.status for job in platform.jobs.values()][DISTINCT:] == ["Completed"] * DISTINCT
    for variant in THREE:
        assert prepared.outputs_of(variant) == whole.project.outputs_of(variant)


def test_a_dead_job_that_two_variants_share_is_not_paid_again_unasked(prepared, platform, whole):
    """The target's collection fails before ``logit_mask`` submits: it finds the dead job."""
    platform.ends = [("Failed", "the circuit is too deep")]
    both = ("target", "logit_mask")
    wanted = ["--keep-going", "--", *files(paths.OUTPUTS_ON, both)]
    lines = complaints(prepared.run("--cores", "1", *wanted))
    assert len(lines) == 2
    assert platform.submissions == 1
    advised = [re.search(r"delete (\S+) to submit it again", line)[1] for line in lines]
    assert sorted(advised) == sorted(files(paths.SUBMITTED, both))
    (prepared.folder / advised[0]).unlink()
    # The other file still names the dead job.
    (line,) = complaints(prepared.run("--cores", "2", *wanted))
    assert platform.submissions == 2
    (prepared.folder / re.search(r"results/manila/\S+/job\.json", line)[0]).unlink()
    prepared.finish(*wanted)
    assert platform.submissions == 2
    assert all(prepared.outputs_of(v) == whole.project.outputs_of(v) for v in both)


@pytest.mark.fault(
    "a token that expires while the workflow waits for jobs",
    "one line says so; a rerun with a valid token fetches the same jobs",
)
def test_an_expired_token_loses_nothing(prepared, platform, whole):
    """Expired as soon as the first job is accepted."""

    def expire() -> None:
        platform.expired = True

    platform.faults.once("answered", "post", expire)
    wanted = ["--", *files(paths.OUTPUTS_ON, ("target",))]
    lines = complaints(prepared.run("--cores", "2", *wanted))
    assert all("token is expired, revoked" in line for line in lines), lines
    assert platform.submissions == 1
    platform.expired = False
    prepared.finish(*wanted)
    assert platform.submissions == 1
    assert prepared.outputs_of("target") == whole.project.outputs_of("target")
