"""The job's log: progress as soon as it is known, secrets hidden, a full disk survived."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

from .environment import CACHE_WARNING


def report(line: str) -> None:
    """Print progress to the job's log, each line as soon as it is known."""
    print(line, flush=True)


class Log(io.TextIOBase):
    """The job's log. A line that the disk has no room for is dropped: the tables tell the fault."""

    def __init__(self, path: Path) -> None:
        self.redact: Callable[[str], str] = str
        self._stream = open(path, "w", buffering=1, encoding="utf-8", errors="replace")  # noqa: SIM115
        self.cache_damaged = False

    def write(self, text: str) -> int:
        """Always the whole text's length."""
        self.cache_damaged |= CACHE_WARNING in text
        with contextlib.suppress(OSError):
            self._stream.write(self.redact(text))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back; a full disk is no error here."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def fileno(self) -> int:
        """The file's descriptor, for code that prints from outside Python."""
        return self._stream.fileno()

    def close(self) -> None:
        """Close the file."""
        super().close()
        with contextlib.suppress(OSError):
            self._stream.close()
