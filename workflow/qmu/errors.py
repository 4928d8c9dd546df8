"""The one exception that is meant for people: its text is the whole message they see."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class QmuError(Exception):
    """Bad input or a failed computation, told in one line that names key, file, column or row."""


class ConfigError(QmuError):
    """The configuration cannot be run; the text names the key and suggests a valid one."""


def suggestion(word: str, valid: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` when a valid word is near, else the list of what is valid."""
    options = sorted(str(option) for option in valid)
    near = difflib.get_close_matches(str(word), options, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {near[0]!r}?"
    return f" Valid: {', '.join(options)}." if options else ""
