"""Prints the reliability table of the tests' latest outcomes, or puts it into a document.

``python tests/faults/table.py`` prints; ``python tests/faults/table.py README.md`` replaces what
stands between the document's two markers.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

import reliability  # noqa: E402


def main(arguments: list[str]) -> None:
    """Print the table, or update the documents named."""
    found = reliability.rows(ROOT)
    if not found:
        sys.exit(f"no outcomes in {reliability.folder(ROOT)}: run pytest tests/faults first")
    shown = reliability.table(found)
    if not arguments:
        print(shown)
    for name in arguments:
        file = Path(name)
        text = file.read_text(encoding="utf-8")
        before = reliability.between_markers(text)
        if before is None:
            sys.exit(f"{file}: has no line {reliability.BEGIN!r}")
        file.write_text(text.replace(before, shown), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
