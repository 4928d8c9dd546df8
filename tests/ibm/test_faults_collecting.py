"""Misbehaviour while a job is collected: the paid result arrives, or a line says what to do."""

from __future__ import annotations

import json

import pytest
from qmu.errors import QmuError
from qmu.ibm.jobs import raw_result

HTML = b"<html>Bad gateway</html>"
ROUTES = ["job", "results", "metrics", "properties"]
TROUBLE = pytest.mark.fault(
    "outage, rate limit, garbage or silence while a job is collected",
    "waited out within bounds, then one line; a rerun fetches the paid result",
)
ENDED = pytest.mark.fault(
    "a job that failed, was cancelled, vanished or never ends",
    "one line says why and how to submit it again, which finishes",
)
EXPIRED = pytest.mark.fault(
    "a token that expires while a job is waited for",
    "nothing is lost: a rerun with a valid one fetches the paid result",
)


def collected(run, platform, job_id: str, **settings) -> None:
    """The result is there, and the job was paid once."""
    path = run.collect(job_id, **settings)
    assert raw_result.read_result(path)[0]["job_id"] == job_id
    assert platform.submissions == 1


def stopped(run, job_id: str, match: str, **settings) -> str:
    """Collecting ends with one line that matches, and leaves no result behind."""
    with pytest.raises(QmuError, match=match) as caught:
        run.collect(job_id, **settings)
    assert "\n" not in str(caught.value)
    assert not (run.folder / "result.json").exists()
    assert not list(run.folder.glob(".*"))
    return str(caught.value)


@TROUBLE
@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"status": 429}, {"drop": True}, {"seconds": 0.3}, {"status": 200}],
    ids=["503", "429", "dropped", "slow", "garbage"],
)
def test_short_trouble_is_waited_out(run, platform, fault):
    """Each kind of trouble, once at every request that collecting makes."""
    job_id = run.submit()
    body = {"body": HTML} if fault.get("status") == 200 else {}
    for route in ROUTES:
        platform.faults.add(route, times=1, **fault, **body)
    collected(run, platform, job_id)
    assert all(platform.faults.spent(route) for route in ROUTES)
    assert json.loads((run.folder / "calibration.json").read_text())["available"]


@TROUBLE
def test_long_outage_is_waited_out(run, platform):
    """Six refused polls: all that the client tries by itself."""
    job_id = run.submit()
    platform.faults.add("job", times=6, status=502)
    collected(run, platform, job_id)


@TROUBLE
@pytest.mark.parametrize("route", ["job", "results"])
def test_trouble_without_end_ends_clearly(run, platform, route):
    """After ``outage_seconds``; a rerun fetches the paid result."""
    job_id = run.submit()
    platform.faults.add(route, times=999, status=429)
    message = stopped(run, job_id, "limits the rate of requests", outage_seconds=1.0)
    assert f"IBM job {job_id} is not lost" in message
    platform.faults.clear()
    collected(run, platform, job_id)


@TROUBLE
@pytest.mark.parametrize("body", [HTML, b"", b"[]", b'{"__type__": "ndarray", "__value__": "x"}'])
def test_garbage_results_are_never_stored(run, platform, body):
    """What cannot be decoded is no result."""
    job_id = run.submit()
    platform.faults.add("results", times=999, status=200, body=body)
    stopped(run, job_id, "cannot be read", outage_seconds=1.0)
    platform.faults.clear()
    collected(run, platform, job_id)


@TROUBLE
def test_status_that_never_answers(run, platform):
    """A poll that hangs is given up and repeated."""
    job_id = run.submit()
    platform.faults.add("job", times=1, seconds=6.0)
    collected(run, platform, job_id, request_seconds=1.0)


@ENDED
@pytest.mark.parametrize(
    ("outcome", "reason", "match"),
    [
        ("Failed", "Error in circuit", "failed: .*Error in circuit.*; delete .*job.json to submit"),
        ("Cancelled", "Ran too long", "raise max_execution_time .300 s. and delete .*job.json"),
        ("Cancelled", "", "was cancelled; delete .*job.json to submit it again"),
    ],
)
def test_job_that_ended_badly(run, platform, outcome, reason, match):
    """The message says how to submit again, and doing that finishes."""
    job_id = run.submit()
    platform.outcome, platform.reason = outcome, reason
    stopped(run, job_id, match)
    stopped(run, job_id, match)
    assert platform.submissions == 1
    platform.outcome, platform.reason = "Completed", ""
    (run.folder / "job.json").unlink()
    run.both()
    assert platform.submissions == 2
    assert [job.status for job in platform.jobs.values()] == [outcome, "Completed"]


@ENDED
def test_job_that_vanished(run, platform):
    """Deleted on IBM's side: said so, and submitted again on demand."""
    job_id = run.submit()
    platform.jobs.clear()
    stopped(run, job_id, "is not known to this instance any more.*delete .*job.json")
    (run.folder / "job.json").unlink()
    run.both()
    assert len(platform.paid) == 1


@ENDED
def test_job_that_vanishes_while_it_is_waited_for(run, platform):
    """Between two polls."""
    job_id = run.submit()
    platform.polls_before_end = 99
    platform.faults.once("received", "list", platform.jobs.clear)
    stopped(run, job_id, "is not known to this instance any more")


@TROUBLE
def test_job_that_is_unknown_for_a_moment(run, platform):
    """Two 404s right after acceptance are no verdict."""
    job_id = run.submit()
    platform.faults.add("job", times=2, status=404)
    collected(run, platform, job_id)


@EXPIRED
def test_token_expires_while_waiting(run, platform):
    """Said so, nothing lost, a rerun with a good token finishes."""
    job_id = run.submit()
    platform.faults.once("answered", "job", lambda: setattr(platform, "expired", True))
    message = stopped(run, job_id, "token is expired, revoked or not valid")
    assert f"IBM job {job_id} is not lost" in message
    platform.expired = False
    collected(run, platform, job_id)


@EXPIRED
def test_token_that_is_rejected_for_a_moment(run, platform):
    """As when IBM's identity service is down at the moment of renewal."""
    job_id = run.submit()
    platform.faults.add("job", times=2, status=401)
    collected(run, platform, job_id, token_seconds=10.0)


def test_collecting_without_the_record_of_the_job(run, platform):
    """A job id from elsewhere: the result and the calibration of all qubits."""
    job_id = run.submit()
    (run.folder / "job.json").unlink()
    collected(run, platform, job_id)
    found = json.loads((run.folder / "calibration.json").read_text())
    assert found["backend"] == "ibmq_manila"
    assert len(found["qubits"]) == 5


@ENDED
def test_long_queue_ends_clearly(run, platform):
    """A bound of our own; the job stays where it is."""
    job_id = run.submit()
    platform.polls_before_end = 10_000
    stopped(run, job_id, "still RUNNING after 0.5 s: run again", max_wait_seconds=0.5)
    platform.polls_before_end = 1
    collected(run, platform, job_id)


@TROUBLE
def test_missing_calibration_does_not_hold_up_a_result(run, platform):
    """It is noted as missing, with the reason."""
    job_id = run.submit()
    platform.faults.add("properties", times=99, status=400)
    collected(run, platform, job_id)
    found = json.loads((run.folder / "calibration.json").read_text())
    assert found["available"] is False
    assert "400" in found["reason"]
