"""The report's figures, found by file name: ``figures/x.py`` draws what ``workflow/report/x.rst``
explains.

The caption begins with comments of reStructuredText, which ``snakemake --report`` does not show; a
long one goes on in lines that begin with spaces::

    .. title: Ranking members above non-members (AUC)
    .. category: Membership inference
    .. order: 20
    .. alt: Table of the AUC of every attack on every variant with its interval.

Nothing is listed twice: dropping the two files into their folders puts the figure into the report,
among those of its category by its order. The Snakefile reads this to declare outputs, so it imports
nothing that draws.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qmu.errors import QmuError

CAPTIONS = Path(__file__).parents[2] / "report"
DRAWN = Path(__file__).parent / "figures"
TEMPLATE = Path(__file__).parent / "templates" / "report.html.j2"
PARTS = tuple(sorted(TEMPLATE.parent.glob("*.*")))
SUFFIXES = ("svg", "png")
FIELDS = ("title", "category", "order", "alt")


@dataclass(frozen=True)
class Entry:
    """One figure. ``alt`` says in words what the picture shows, for those who cannot see it;
    ``text`` is the caption as reStructuredText, its paragraphs apart by blank lines."""

    stem: str
    title: str
    category: str
    order: int
    alt: str
    text: str

    @property
    def caption(self) -> str:
        """Name of the caption file, relative to the folder of captions."""
        return f"{self.stem}.rst"

    @property
    def labels(self) -> dict[str, str]:
        """What ``snakemake --report`` shows in the figure's row."""
        return {"figure": self.title}


@cache
def figures() -> tuple[Entry, ...]:
    """Every figure, by order and then by name; QmuError where a caption is missing or malformed."""
    stems = sorted(file.stem for file in DRAWN.glob("*.py") if file.stem != "__init__")
    return tuple(sorted(map(_entry, stems), key=lambda entry: entry.order))


def stems() -> tuple[str, ...]:
    """The figures' names, in their order."""
    return tuple(entry.stem for entry in figures())


def module(stem: str) -> str:
    """Where a figure's code stands, below the package: ``report.figures.auc``."""
    return f"report.figures.{stem}"


def text_digest() -> str:
    """Hex digest (16 characters) of the page's templates and the captions: what the report depends
    on besides code and data."""
    digest = hashlib.sha256()
    for file in (*PARTS, *(CAPTIONS / entry.caption for entry in figures())):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _entry(stem: str) -> Entry:
    file = CAPTIONS / f"{stem}.rst"
    name = "/".join(file.parts[-3:])
    try:
        head, _, text = file.read_text(encoding="utf-8").strip().partition("\n\n")
    except (OSError, UnicodeError):
        raise QmuError(f"{name}: cannot be read; the figure {stem} needs this caption") from None
    fields = _fields(name, head)
    if not text.strip():
        raise QmuError(f"{name}: no caption after its comments and a blank line")
    if not fields["order"].isdecimal():
        raise QmuError(f"{name}: order: a whole number is needed, not {fields['order']!r}")
    return Entry(stem=stem, text=text.strip(), **(fields | {"order": int(fields["order"])}))


def _fields(file: str, head: str) -> dict[str, str]:
    """The comments at a caption's top by name; a caption has each of `FIELDS` once."""
    fields: dict[str, str] = {}
    # What a line that begins with spaces says belongs to the line before it.
    for line in re.sub(r"\n[ \t]+", " ", head).splitlines():
        comment = re.fullmatch(r"\.\. (\w+): *(.*\S) *", line)
        if comment is None:
            raise QmuError(f"{file}: {line!r} is no comment such as '.. title: ...'")
        name, value = comment.groups()
        if name not in FIELDS or name in fields:
            wrong = "stands twice" if name in fields else f"is none of {', '.join(FIELDS)}"
            raise QmuError(f"{file}: the comment {name!r} {wrong}")
        fields[name] = value
    for name in FIELDS:
        if name not in fields:
            raise QmuError(f"{file}: no comment '.. {name}: ...' at its top")
    return fields
