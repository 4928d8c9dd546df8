"""Opening IBM's service and finding a backend, with errors that say what to do.

The client swallows errors in both places (a rejected token, an outage and an unknown name look
alike); here they are told apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qmu.errors import QmuError
from qmu.ibm.account import MISSING
from qmu.ibm.settings import Waiting

from .faults import Failed, Patience
from .secrets import Redactor, discreet


def open_service(waiting: Waiting, report: Callable[[str], None]) -> Any:
    """A QiskitRuntimeService for the account in the environment, or else the saved one.

    Raises QmuError where there is no account, the token is not accepted or IBM does not answer.
    """
    from qiskit_ibm_runtime import QiskitRuntimeService
    from qiskit_ibm_runtime.accounts import AccountNotFoundError

    redact = Redactor.of()
    patience = patience_of(waiting, redact, report)

    def connect() -> Any:
        try:
            return QiskitRuntimeService()
        except AccountNotFoundError:
            raise QmuError(MISSING) from None

    with discreet(redact, report):
        try:
            return patience.call("opening IBM's service", connect)
        except Failed as failed:
            # IBM's identity service answers 400 or 403 to a token that it does not know.
            if failed.fault.kind == "refused":
                raise Failed("opening IBM's service", replace(failed.fault, kind="auth")) from None
            raise


def patience_of(waiting: Waiting, redact: Redactor, report: Callable[[str], None]) -> Patience:
    """The patience that the settings ask for."""
    return Patience(
        waiting.request_seconds,
        waiting.outage_seconds,
        waiting.token_seconds,
        redact,
        lambda line: report(redact(line)),
    )


def find_backend(service: Any, name: str, patience: Patience) -> Any:
    """The backend; QmuError where this instance has none of that name."""
    from qiskit.providers.exceptions import QiskitBackendNotFoundError

    def ask() -> Any:
        try:
            return service.backend(name)
        except QiskitBackendNotFoundError:
            # This request fails aloud if the one before failed silently.
            service.usage()
            return None

    doing = f"looking up backend {name!r}"
    for attempt in range(3):
        backend = patience.call(doing, ask)
        if backend is not None:
            return backend
        time.sleep(0.2 * (attempt + 1))
    raise QmuError(f"{doing}: this instance has no such backend, or its description is unreadable")
