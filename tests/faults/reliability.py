"""What the tests of faults found, as the rows of the README's reliability table.

Each test that causes a fault writes one small file: the fault, what happens then, how often it was
caused, and how often the workflow came through as promised. They go to the folder named by the
environment variable QMU_RELIABILITY, else to pytest's cache folder.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "QMU_RELIABILITY"
BEGIN, END = "<!-- reliability: begin -->", "<!-- reliability: end -->"
HEAD = "| fault | what happens | tried | came through |\n|---|---|---:|---:|"


@dataclass
class Tally:
    """One row: ``held`` of ``tried`` times the fault ended as ``happens`` says."""

    fault: str
    happens: str
    tried: int = 0
    held: int = 0

    def save(self, root: Path) -> None:
        """Write the row; a later run of the same test replaces it."""
        target = folder(root)
        target.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9]+", "-", self.fault.lower()).strip("-")
        (target / f"{name}.json").write_text(json.dumps(asdict(self), indent=1) + "\n")


def folder(root: Path) -> Path:
    """Where the rows are kept."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else root / ".pytest_cache" / "reliability"


def rows(root: Path) -> list[Tally]:
    """All rows that tests have written, by the name of the fault."""
    found = [Tally(**json.loads(file.read_text())) for file in folder(root).glob("*.json")]
    return sorted(found, key=lambda row: row.fault.lower())


def table(found: list[Tally]) -> str:
    """The rows as a Markdown table."""
    lines = [f"| {r.fault} | {r.happens} | {r.tried} | {r.held} |" for r in found]
    return "\n".join([HEAD, *lines])


def between_markers(text: str) -> str | None:
    """The table that a document shows; None where it has no markers."""
    found = re.search(re.escape(BEGIN) + r"\n(.*?)\n" + re.escape(END), text, re.S)
    return found and found[1]
