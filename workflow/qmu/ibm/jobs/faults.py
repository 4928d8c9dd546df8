"""What went wrong at IBM's side, in one word, and calls that are tried again within bounds.

The client wraps errors in several layers, some of which drop the HTTP status; the chain of causes
still has it. A call that never answers is given up after a time of its own, because the client
reads without any limit when it is not told one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from qmu.errors import QmuError

from .secrets import Redactor

T = TypeVar("T")

WORTH_RETRYING = ("busy", "outage", "garbage", "slow")
# What the client's code stumbles over when an answer is not what it expects.
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


class NoAnswer(Exception):
    """A request took longer than it may."""


@dataclass(frozen=True)
class Fault:
    """kind: busy (429), outage, garbage, slow, auth, missing (404), refused or other."""

    kind: str
    text: str
    retry_after: float = 0.0


def classify(error: BaseException, redact: Redactor) -> Fault:
    """The fault behind an exception of the client."""
    chain = list(_chain(error))
    text = redact.line(error) or type(error).__name__
    if any(isinstance(item, NoAnswer) for item in chain):
        return Fault("slow", text)
    status, retry_after = _status(chain)
    if status == 401 or any(type(item).__name__ == "IBMNotAuthorizedError" for item in chain):
        return Fault("auth", text)
    if status == 404 or any(type(item).__name__ == "RuntimeJobNotFound" for item in chain):
        return Fault("missing", text)
    if status == 429:
        return Fault("busy", text, retry_after)
    if status is not None and 400 <= status < 500:
        return Fault("refused", text)
    if status is not None or any(_is_connection_error(item) for item in chain):
        return Fault("outage", text)
    if any(isinstance(item, _UNREADABLE) for item in chain):
        return Fault("garbage", text)
    return Fault("other", text)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        # __context__ even where it is suppressed: `raise ... from None` hides the status.
        error = error.__cause__ or error.__context__


def _status(chain: list[BaseException]) -> tuple[int | None, float]:
    """HTTP status and Retry-After, which may stand in different layers."""
    status, retry_after = None, 0.0
    for item in chain:
        response = getattr(item, "response", None)
        code = getattr(response, "status_code", None) or getattr(item, "status_code", None)
        code = code or getattr(item, "code", None)
        if status is None and isinstance(code, int) and code >= 400:
            status = code
        headers = getattr(response, "headers", None) or {}
        retry_after = retry_after or _seconds(headers.get("Retry-After", ""))
    return status, retry_after


def _seconds(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0


def _is_connection_error(item: BaseException) -> bool:
    if isinstance(item, ValueError):
        # `requests` calls an answer that is not JSON an OSError as well.
        return False
    outside = ("requests", "urllib3", "http.client")
    return isinstance(item, OSError) or type(item).__module__.startswith(outside)


def answer_within(seconds: float, call: Callable[[], T]) -> T:
    """The call's result; NoAnswer when it takes longer. The thread that still waits is left."""
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            outcome["value"] = call()
        except BaseException as error:
            outcome["error"] = error

    # A daemon: a connection that hangs must not keep the process from ending.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if "error" in outcome:
        raise outcome["error"]
    if "value" not in outcome:
        raise NoAnswer(f"no answer within {seconds:g} s")
    return outcome["value"]


@dataclass(frozen=True)
class Patience:
    """How calls are tried again: each within ``request_seconds``, all within ``outage_seconds``.

    A rejected token is tried again for ``token_seconds``: when IBM's identity service is down at
    the moment of renewal, the client sends what the platform rejects.
    """

    request_seconds: float
    outage_seconds: float
    token_seconds: float
    redact: Redactor
    report: Callable[[str], None]

    def call(self, doing: str, call: Callable[[], T], patient_with_missing: bool = False) -> T:
        """The call's result, after bounded attempts; QmuError says what was being done."""
        begin = time.monotonic()
        pause, misses = _FIRST_PAUSE, 0
        while True:
            try:
                return answer_within(self.request_seconds, call)
            except QmuError:
                raise
            except Exception as error:
                fault = classify(error, self.redact)
            misses += fault.kind == "missing"
            # A job that was just accepted may be unknown for a moment.
            again = patient_with_missing and fault.kind == "missing" and misses < 3
            if fault.kind not in (*WORTH_RETRYING, "auth") and not again:
                raise Failed(doing, fault)
            limit = self.outage_seconds if fault.kind != "auth" else self.token_seconds
            wait = max(pause, fault.retry_after)
            if time.monotonic() + wait >= begin + limit:
                raise Failed(doing, fault)
            self.report(f"{doing}: {fault.text}; trying again in {wait:.1f} s")
            time.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)


ADVICE = {
    "auth": (
        "the token is expired, revoked or not valid for this instance: put a valid one into "
        "QISKIT_IBM_TOKEN (or save the account again) and run again"
    ),
    "busy": "IBM limits the rate of requests: run again in a few minutes",
    "outage": "IBM's service did not answer properly: run again later",
    "slow": "IBM's service did not answer in time: run again later",
    "garbage": "IBM's service gave an answer that cannot be read: run again later",
}


class Failed(QmuError):
    """A call that was given up; ``fault`` says why."""

    def __init__(self, doing: str, fault: Fault) -> None:
        advice = ADVICE.get(fault.kind)
        super().__init__(f"{doing}: {advice + ' (' + fault.text + ')' if advice else fault.text}")
        self.fault = fault
