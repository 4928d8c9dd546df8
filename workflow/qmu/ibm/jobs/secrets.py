"""The IBM token: where it may come from, and how it is kept out of every text that leaves a job.

The token is read from the environment (``QISKIT_IBM_TOKEN``) or the account that Qiskit saved; it
is never an argument, a configuration value or part of a file. Everything that the client logs,
warns or raises passes a ``Redactor`` before it is shown.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import urllib.parse
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from qmu.ibm.account import saved_tokens

HIDDEN = "<token>"
_SHORTEST = 4
# A bearer token is derived from the account's token and is as good while it lasts: hide any.
_BEARER = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
_HEADER = re.compile(r"(?i)\b(bearer|apikey)([ =:]+)([^\s'\",;&<>]{8,})")


class Redactor:
    """Replaces tokens, in every encoding a client uses, by ``<token>``."""

    def __init__(self, tokens: Iterable[str]) -> None:
        forms = {form for token in tokens if len(token) >= _SHORTEST for form in _forms(token)}
        # The longest first: a form that contains another must go as a whole.
        ordered = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    @classmethod
    def of(cls, service: object | None = None) -> Redactor:
        """For the token in the environment, those of saved accounts and, given a service, for the
        one it uses."""
        import os

        tokens = [os.environ.get("QISKIT_IBM_TOKEN", ""), *saved_tokens()]
        account = getattr(service, "active_account", dict)() or {}
        tokens.append(str(account.get("token") or ""))
        return cls(tokens)

    def __call__(self, text: object) -> str:
        """The text without any token."""
        clean = str(text)
        if self._known is not None:
            clean = self._known.sub(HIDDEN, clean)
        return _HEADER.sub(rf"\1\2{HIDDEN}", _BEARER.sub(HIDDEN, clean))

    def line(self, text: object, longest: int = 300) -> str:
        """The text without any token, on one line, cut to ``longest`` characters."""
        clean = " ".join(self(text).split())
        return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _forms(token: str) -> set[str]:
    raw = token.encode()
    forms = {token, urllib.parse.quote(token), urllib.parse.quote(token, safe="")}
    forms.add(urllib.parse.quote_plus(token))
    forms |= {json.dumps(token)[1:-1], repr(token)[1:-1], raw.hex(), raw.hex().upper()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            # Inside a longer text ("apikey:<token>") base64 depends on where the token begins;
            # only the characters that hold nothing but the token are compared.
            first, last = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6
            inner = encode(bytes(offset) + raw).decode()[first:last]
            if len(inner) >= _SHORTEST:
                forms.add(inner)
    return forms


@contextmanager
def discreet(redact: Redactor, report: Callable[[str], None]) -> Iterator[None]:
    """While it lasts, log records are redacted and warnings are reported as redacted lines."""
    usual = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = usual(*args, **kwargs)
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        record.msg, record.args = redact(text), ()
        if record.exc_info and record.exc_info[1] is not None:
            # A formatted traceback could hold what the message no longer does.
            record.msg += f" ({redact.line(record.exc_info[1])})"
            record.exc_info = None
        return record

    told: set[str] = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        line = redact.line(message)
        if line not in told:
            told.add(line)
            report(f"warning from IBM's client: {line}")

    logging.setLogRecordFactory(factory)
    with warnings.catch_warnings():
        warnings.showwarning = show
        try:
            yield
        finally:
            logging.setLogRecordFactory(usual)
