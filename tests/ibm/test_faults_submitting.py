"""Misbehaviour while a job is submitted: one job in the end, found again rather than paid again."""

from __future__ import annotations

import pytest
from qmu.errors import QmuError
from qmu.ibm.jobs import raw_result

HTML = b"<html>Bad gateway</html>"
OUTAGE = pytest.mark.fault(
    "outage, rate limit or silence while a job is submitted",
    "waited out within bounds, then one line; a rerun submits one job",
)
LOST = pytest.mark.fault(
    "a job is accepted, but its answer is lost, garbled or late",
    "found again by its tag and not paid twice; what is too many is cancelled or named",
)
ACCOUNT = pytest.mark.fault(
    "an expired or missing token, or a plan or request that IBM refuses",
    "one line says what to change; nothing was submitted twice, and a rerun finishes",
)


def finish(run, platform, **settings) -> None:
    """A rerun finishes, with one job that was not cancelled and its own result."""
    path = run.both(**settings)
    assert len(platform.paid) == 1
    assert raw_result.read_result(path)[0]["job_id"] == platform.paid[0].id


def refused(run, match: str, **settings) -> None:
    """Submitting ends with one line that matches."""
    with pytest.raises(QmuError, match=match) as caught:
        run.submit(**settings)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


@OUTAGE
def test_short_outage_is_waited_out(run, platform):
    """The client repeats the request by itself."""
    platform.faults.add("post", times=1, status=500)
    platform.faults.add("post", times=1, status=503)
    run.submit()
    assert platform.submissions == 1
    finish(run, platform)


@OUTAGE
def test_long_outage_ends_clearly_and_a_rerun_submits(run, platform):
    """A 5xx that the client does not repeat: nothing was accepted, the next run submits."""
    platform.faults.add("post", times=9, status=501)
    refused(run, "IBM's service did not answer properly.*IBM lists no job with tag qmu-")
    assert platform.submissions == 0
    platform.faults.clear()
    finish(run, platform)
    assert platform.submissions == 1


@OUTAGE
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "2"}])
def test_rate_limit_on_submission_is_waited_out(run, platform, headers):
    """429 is final for the client; qmu looks for the job and submits again."""
    platform.faults.add("post", times=1, status=429, headers=headers)
    run.submit()
    assert run.said(f"submitting again in {headers.get('Retry-After', '1')}.0 s")
    assert platform.submissions == 1
    finish(run, platform)


@OUTAGE
def test_endless_rate_limit_ends_clearly(run, platform):
    """Within bounds: a line that says so, and a rerun that finishes."""
    platform.faults.add("post", times=99, status=429)
    refused(run, "limits the rate of requests", outage_seconds=2.0)
    assert platform.submissions == 0
    platform.faults.clear()
    finish(run, platform)


@OUTAGE
def test_rate_limit_on_every_other_request(run, platform):
    """429 without Retry-After fails in the client, sometimes silently; qmu tries again."""
    routes = ["list", "usage", "open", "backends"]
    for route in routes:
        platform.faults.add(route, times=1, status=429)
    run.submit()
    assert all(platform.faults.spent(route) for route in routes)
    finish(run, platform)
    assert platform.submissions == 1


@LOST
@pytest.mark.parametrize("fault", [{"status": 504}, {"drop": True}])
def test_accepted_but_answer_lost(run, platform, fault):
    """The client repeats what was accepted; one of the two jobs is kept, one cancelled."""
    platform.faults.add("post", times=1, accepted=True, **fault)
    run.submit()
    assert len(platform.paid) == 1
    assert platform.submissions <= 2
    finish(run, platform)


@LOST
def test_accepted_again_and_again_but_never_answered(run, platform):
    """Six accepted jobs and no id: one is found by its tag, five are cancelled."""
    platform.faults.add("post", times=6, status=504, accepted=True)
    run.submit()
    assert platform.submissions == 6
    assert len(platform.paid) == 1
    assert run.said("not paid again")
    finish(run, platform)


@LOST
@pytest.mark.parametrize("body", [HTML, b"{}", b"[]"])
def test_garbage_instead_of_the_id(run, platform, body):
    """The answer cannot be read, the job is there."""
    platform.faults.add("post", times=1, status=200, body=body, accepted=True)
    run.submit()
    assert platform.submissions == 1
    finish(run, platform)


@LOST
def test_accepted_job_that_is_listed_late(run, platform):
    """The list of jobs lags behind; looking again finds it."""
    platform.listing_lag = 1.0
    platform.faults.add("post", times=1, status=200, body=HTML, accepted=True)
    run.submit(settle_seconds=4.0)
    assert platform.submissions == 1
    finish(run, platform)


@LOST
def test_accepted_job_that_is_listed_too_late(run, platform):
    """Unknown answer, no job in the list: never submitted again at once; the rerun finds it."""
    platform.listing_lag = 1.5
    platform.faults.add("post", times=1, status=200, body=HTML, accepted=True)
    refused(run, "gave an answer that cannot be read.*IBM lists no job with tag")
    finish(run, platform, settle_seconds=6.0)
    assert platform.submissions == 1


@LOST
def test_unknown_whether_accepted_when_the_list_fails_too(run, platform):
    """No id and no list: the message says that it is unknown, the rerun finds the job."""
    platform.faults.add("post", times=1, status=200, body=HTML, accepted=True)
    platform.faults.once("effective", "post", lambda: platform.faults.add("list", 99, status=429))
    refused(run, "whether the job was accepted is unknown", outage_seconds=2.0)
    assert platform.submissions == 1
    platform.faults.clear()
    finish(run, platform)
    assert platform.submissions == 1


@LOST
def test_duplicate_seen_only_when_collecting(run, platform):
    """The repeated job is listed after submit has ended: collect cancels it."""
    platform.listing_lag, platform.polls_before_end = 60.0, 8
    platform.faults.add("post", times=1, status=504, accepted=True)
    job_id = run.submit()
    assert len(platform.paid) == 2
    for job in platform.jobs.values():
        job.listed_at = 0.0
    run.collect(job_id)
    assert [job.id for job in platform.paid] == [job_id]


@LOST
def test_extra_that_cannot_be_cancelled_is_reported(run, platform):
    """Honesty where money may be lost: the line names both jobs."""
    platform.faults.add("post", times=1, status=504, accepted=True)
    platform.faults.add("cancel", times=1, status=409)
    run.submit()
    assert run.said("could not be cancelled; it may be billed")


@OUTAGE
def test_slow_answers_are_waited_for(run, platform):
    """A moment is no fault, at any request."""
    routes = ["search", "token", "backends", "list", "usage", "status", "open", "post"]
    for route in routes:
        platform.faults.add(route, times=1, seconds=0.3)
    finish(run, platform)
    assert all(platform.faults.spent(route) for route in routes)
    assert platform.submissions == 1


@OUTAGE
def test_answer_that_never_comes_does_not_hang(run, platform):
    """The client has no read limit; qmu gives the request up and asks again."""
    platform.faults.add("list", times=1, seconds=6.0)
    run.submit(request_seconds=1.0)
    assert run.said("no answer within 1 s; trying again")
    finish(run, platform)


@ACCOUNT
def test_expired_token(run, platform):
    """At the start, and between opening the service and submitting."""
    platform.expired = True
    refused(run, "token is expired, revoked or not valid", outage_seconds=3.0)
    platform.expired = False
    platform.faults.once("received", "usage", lambda: setattr(platform, "expired", True))
    refused(run, "put a valid one into QISKIT_IBM_TOKEN")
    assert platform.submissions == 0
    platform.expired = False
    finish(run, platform)


@ACCOUNT
def test_no_account(run, platform, monkeypatch, tmp_path):
    """Neither token nor saved account, whatever this machine's user has saved."""
    from qiskit_ibm_runtime.accounts import management

    nowhere = str(tmp_path / "accounts.json")
    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", nowhere)
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    refused(run, "no IBM account: set QISKIT_IBM_TOKEN")


@ACCOUNT
def test_sessions_refused_to_an_open_plan(run, platform):
    """The message says which modes there are."""
    platform.faults.add("open", times=9, status=403)
    refused(run, "open plan has no sessions: set mode to batch or job", mode="session")
    platform.faults.clear()
    finish(run, platform, mode="batch")


@LOST
def test_answered_job_that_is_not_listed_while_its_duplicate_is(run, platform):
    """The job whose id came back is kept, the listed one cancelled."""

    def list_late() -> None:
        platform.listing_lag = 60.0

    platform.faults.add("post", times=1, status=504, accepted=True)
    platform.faults.once("effective", "post", list_late)
    job_id = run.submit()
    assert [job.id for job in platform.paid] == [job_id]
    assert platform.submissions == 2


@ACCOUNT
def test_rejected_request_is_not_repeated(run, platform):
    """A 400 says what IBM said."""
    body = b'{"error": {"code": 1234, "message": "circuit is not accepted"}}'
    platform.faults.add("post", times=9, status=400, body=body)
    refused(run, "circuit is not accepted")
    assert platform.requests.count("post") == 1
