"""The single entry of the report: draw every figure, write the HTML.

``build`` works in memory: the step that reads the tables calls it (see `evidence.gather` for the
shape of what it is given).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..tables import atomic
from . import figures, theme
from .catalogue import STEMS
from .evidence import Evidence
from .html import render


@dataclass(frozen=True)
class Built:
    """What was written: the HTML file, and name -> (SVG, PNG) of each figure."""

    report: Path
    figures: dict[str, tuple[Path, Path]]


def build(evidence: Evidence, figures_folder: str | Path, report: str | Path) -> Built:
    """Write ``figures_folder``/<name>.svg and .png for every figure, and the file ``report``.

    The same evidence gives the same bytes.
    """
    folder, report = Path(figures_folder), Path(report)
    folder.mkdir(parents=True, exist_ok=True)
    saved = {stem: theme.save(figures.draw(stem, evidence), folder / stem) for stem in STEMS}
    pictures = {stem: svg.read_text(encoding="utf-8") for stem, (svg, _) in saved.items()}
    with atomic(report) as temporary:
        temporary.write_text(render(evidence, pictures), encoding="utf-8")
    return Built(report, saved)
