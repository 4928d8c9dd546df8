"""Unlearning quality: every measure of every variant beside what retraining itself reaches.

The line is the retrained model's own value, or the floor: the same measure between models that
were retrained with different seeds. Only what differs from it tells a method from retraining.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from qmu.report.drawing import dots, theme
from qmu.report.evidence import measures
from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import FLOOR, Cell

if TYPE_CHECKING:
    from qmu.quality.exam import Metric

COLUMNS = 4
WIDTH = 10.8
DECADES = 30.0
"""An axis is logarithmic where its values span more than this factor."""


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model, one panel per measure, variants down the side."""
    shown = {m: panels for m in results.summary.models if (panels := measures.drawn(results, m))}
    if not shown:
        return theme.nothing("No measure of unlearning quality was configured.")
    heights = [
        0.45 + theme.wrapped(len(panels), COLUMNS)[0] * (0.72 + 0.26 * len(_variants(results, m)))
        for m, panels in shown.items()
    ]
    figure, parts = theme.blocks(list(shown), heights, WIDTH, 0.45)
    for part, (model, panels) in zip(parts, shown.items(), strict=True):
        _block(part, results, model, panels)
    dots.legend(
        figure,
        [
            Line2D([], [], color=theme.RETRAIN, linewidth=1.4, label="retraining itself"),
            Patch(color=theme.BAND, label="its interval"),
            Line2D([], [], label="ideal, where it is known beforehand", **theme.DASHED),
            dots.interval(results.confidence_level),
        ],
    )
    return figure


def _block(part: SubFigure, results: Results, model: str, panels: list) -> None:
    rows, columns = theme.wrapped(len(panels), COLUMNS)
    axes = part.subplots(rows, max(columns, 2), squeeze=False, sharey=True)
    for ax, (metric, split) in zip(axes.flat, panels, strict=False):
        _panel(ax, results, model, metric, split)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()


def _panel(ax: Axes, results: Results, model: str, metric: Metric, split: str | None) -> None:
    variants = _variants(results, model)
    get = results.summary.get
    cells = {v: _finite(get(model, v, metric.name, split)) for v in variants}
    base = _finite(measures.of_retrain(results, model, metric.name, split))
    if "retrain" in cells:
        cells["retrain"] = base
    every = [cell for cell in (*cells.values(), base) if cell is not None]
    _scale(ax, [v for cell in every for v in (cell.value, *cell.interval)], metric.ideal)
    if base is not None:
        ax.axvspan(*base.interval, color=theme.BAND, linewidth=0, zorder=0)
        ax.axvline(base.value, color=theme.RETRAIN, linewidth=1.4, zorder=1)
    if metric.ideal is not None:
        dots.reference(ax, metric.ideal)
    dots.panel(ax, results, variants, [dots.Series(cells)], "{:.2g}".format, dots.SMALL)
    ax.set_title(metric.title, fontsize=9)
    ax.tick_params(labelsize=7.8)


def _scale(ax: Axes, values: list[float], ideal: float | None) -> None:
    values = [*values, *([] if ideal is None else [ideal])]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low > 0 and high / low > DECADES:
        ax.set_xscale("log")
        ax.set_xlim(low / 1.6, high * 1.6)
        theme.plain_log(ax, "x")
        return
    margin = 0.08 * (high - low) or 0.05
    ax.set_xlim(low - margin, high + margin)
    ax.xaxis.set_major_locator(MaxNLocator(4))


def _finite(estimate: Cell | None) -> Cell | None:
    finite = estimate is not None and all(map(math.isfinite, (estimate.value, *estimate.interval)))
    return estimate if finite else None


def _variants(results: Results, model: str) -> list[str]:
    """Every variant with a measure; the retrained model also for its floor."""
    panels, get = measures.present(results, model), results.summary.get
    return [
        v
        for v in results.summary.variants(model)
        if any(get(model, v, m, s) or get(model, v, m + FLOOR, s) for m, s in panels)
    ]
