"""Prints the reliability table of the tests' latest outcomes, or puts it into a document.

``python tests/reliability/table.py`` prints; ``python tests/reliability/table.py README.md``
replaces what stands between the document's two markers. The outcomes are those in the folder that
QMU_RELIABILITY names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import outcomes


def main(arguments: list[str]) -> None:
    """Print the table, or update the documents named."""
    found = outcomes.rows(outcomes.folder()) if outcomes.VARIABLE in os.environ else []
    if not found:
        sys.exit(f"no outcomes: {outcomes.VARIABLE} names no folder with any; see the Makefile")
    shown = outcomes.table(found)
    if not arguments:
        print(shown)
        return
    skipped = [row.fault for row in found if row.skipped]
    if skipped:
        sys.exit(f"not renewed, since tests were skipped: {'; '.join(skipped)}")
    for name in arguments:
        file = Path(name)
        before, begin, rest = file.read_text(encoding="utf-8").partition(outcomes.BEGIN)
        _, end, after = rest.partition(outcomes.END)
        if not begin or not end:
            sys.exit(f"{file}: has no lines {outcomes.BEGIN!r} and {outcomes.END!r}")
        file.write_text(f"{before}{begin}\n{shown}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
