"""The one exception that is meant for people: its text is the whole message they see."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# A path may have 4,096 characters; what is longer is no message.
LONGEST = 6000

# Letters of a list in a message of one line.
LISTED = 200


class QmuError(Exception):
    """Bad input or a failed computation, told in one line that names key, file, column or row.

    Whatever the text quotes, it stays one line and sends no control sequence to a terminal.
    """

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text))


class ConfigError(QmuError):
    """The configuration cannot be run; the text names the key and suggests a valid one."""


def one_line(text: str) -> str:
    """The text with line breaks as spaces and what cannot be printed as escapes, cut at its end."""
    text = " ".join(text[: LONGEST + 1].split())
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def suggestion(word: str, valid: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` when a valid word is near, else what is valid: of a long list the
    first words and how many there are."""
    options = sorted(str(option) for option in valid)
    near = difflib.get_close_matches(str(word), options, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {near[0]!r}?"
    text = ", ".join(options)
    if len(text) > LISTED:
        shown = text[:LISTED].rpartition(", ")[0]
        return f" Valid: {shown}, ... ({len(options)} in all)."
    return f" Valid: {text}." if options else ""
