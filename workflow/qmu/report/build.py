"""The single entry of the report: draw every figure, write the HTML.

``build`` works in memory: the step that reads the tables calls it (see `evidence.gather` for the
shape of what it is given).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qmu.report.page.page import render
from qmu.report.results.results import Results
from qmu.tables.files import atomic

from . import draw as figures
from .catalogue import STEMS
from .drawing import theme


@dataclass(frozen=True)
class Built:
    """What was written: the HTML file, and name -> (SVG, PNG) of each figure."""

    report: Path
    figures: dict[str, tuple[Path, Path]]


def build(evidence: Results, figures_folder: str | Path, report: str | Path) -> Built:
    """Write ``figures_folder``/<name>.svg and .png for every figure, and the file ``report``.

    The same evidence gives the same bytes. Figures without data are files that say so; the page
    leaves them out.
    """
    folder, report = Path(figures_folder), Path(report)
    folder.mkdir(parents=True, exist_ok=True)
    saved, pictures = {}, {}
    for stem in STEMS:
        figure = figures.draw(stem, evidence)
        saved[stem] = theme.save(figure, folder / stem)
        if not theme.is_empty(figure):
            pictures[stem] = saved[stem][0].read_text(encoding="utf-8")
    with atomic(report) as temporary:
        temporary.write_text(render(evidence, pictures), encoding="utf-8")
    return Built(report, saved)
