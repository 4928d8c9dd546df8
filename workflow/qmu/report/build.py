"""The single entry of the report: draw every figure, write the HTML.

``build`` works in memory: the step that reads the tables calls it (see `results.gather` for the
shape of what it is given).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from qmu.errors import QmuError
from qmu.report.evidence.results import Results
from qmu.report.page.page import render
from qmu.tables.files import atomic

from . import catalogue
from .drawing import theme


@dataclass(frozen=True)
class Built:
    """What was written: the HTML file, and name -> (SVG, PNG) of each figure."""

    report: Path
    figures: dict[str, tuple[Path, ...]]


def build(results: Results, figures_folder: str | Path, report: str | Path) -> Built:
    """Write ``figures_folder``/<name>.svg and .png for every figure, and the file ``report``.

    The same results give the same bytes. Figures without data are files that say so; the page
    leaves them out. Everything is written beside ``report`` first and moved into its place when all
    of it is drawn: where a figure or the page fails, the report that was there before is untouched.

    Snakemake removes a job's outputs before it runs the job, and goes on to take them for missing
    when it fails: only so is a failure not forgotten. Its flag ``update`` keeps them, but (9.27)
    takes the kept ones for those of the failed job. So the page, which needs no other file, has a
    copy that is no output: `last`, the last report that was drawn whole.
    """
    folder, report = Path(figures_folder), Path(report)
    with _workshop(report) as workshop:
        pictures = {}
        for stem in catalogue.stems():
            figure = draw(stem, results)
            svg, _ = theme.save(figure, workshop / stem)
            if not theme.is_empty(figure):
                pictures[stem] = svg.read_text(encoding="utf-8")
        page = workshop / report.name
        with atomic(page) as temporary:
            temporary.write_text(render(results, pictures), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        saved = {
            stem: tuple(_moved(workshop, folder, f"{stem}.{s}") for s in catalogue.SUFFIXES)
            for stem in catalogue.stems()
        }
        with atomic(last(report)) as temporary:
            shutil.copyfile(page, temporary)
        _moved(workshop, report.parent, report.name)
    return Built(report, saved)


def last(report: Path) -> Path:
    """The copy of the last report that was drawn whole, beside it: ``report.last.html``."""
    return report.with_suffix(f".last{report.suffix}")


def draw(stem: str, results: Results) -> Figure:
    """The figure of that name; where its numbers are missing, a figure that says so."""
    module = importlib.import_module(f"qmu.{catalogue.module(stem)}")
    if not hasattr(module, "draw"):
        raise QmuError(f"qmu/report/figures/{stem}.py: has no function draw(results)")
    return module.draw(results)


@contextlib.contextmanager
def _workshop(report: Path) -> Iterator[Path]:
    """An empty folder beside the report, removed afterwards; also one that a killed job left."""
    workshop = report.with_name(f".{report.name}.drawing")
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True)
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _moved(workshop: Path, folder: Path, name: str) -> Path:
    os.replace(workshop / name, folder / name)
    return folder / name
