"""Unlearning quality: every measure of every variant beside what retraining itself reaches.

The line is the retrained model's own value, or the floor: the same measure between models that
were retrained with different seeds. Only what differs from it tells a method from retraining.
"""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from qmu.report.drawing import dots, theme
from qmu.report.results import measures
from qmu.report.results.results import Results
from qmu.report.results.summary import Cell

BAND = "#cfeee4"
COLUMNS = 4
WIDTH = 10.8
DECADES = 30.0
"""An axis is logarithmic where its values span more than this factor."""


@theme.styled
def draw(evidence: Results) -> Figure:
    """One block per model, one panel per measure, variants down the side."""
    shown = {m: measures.drawn(evidence, m) for m in evidence.summary.models}
    shown = {model: panels for model, panels in shown.items() if panels}
    if not shown:
        return theme.nothing("No measure of unlearning quality was configured.")
    heights = [
        0.45 + theme.wrapped(len(panels), COLUMNS)[0] * (0.72 + 0.26 * len(_variants(evidence, m)))
        for m, panels in shown.items()
    ]
    figure, parts = theme.blocks(list(shown), heights, WIDTH, 0.45)
    for part, (model, panels) in zip(parts, shown.items(), strict=True):
        _block(part, evidence, model, panels)
    green = theme.FIXED["retrain"]
    dashes = {"color": theme.QUIET, "linewidth": 1, "linestyle": (0, (4, 3))}
    dots.legend(
        figure,
        [
            Line2D([], [], color=green, linewidth=1.4, label="retraining itself"),
            Patch(color=BAND, label="its interval"),
            Line2D([], [], label="ideal, where it is known beforehand", **dashes),
            dots.interval(evidence.confidence_level),
        ],
    )
    return figure


def _block(part: SubFigure, evidence: Results, model: str, panels: list) -> None:
    rows, columns = theme.wrapped(len(panels), COLUMNS)
    axes = part.subplots(rows, max(columns, 2), squeeze=False, sharey=True)
    for ax, (metric, split) in zip(axes.flat, panels, strict=False):
        _panel(ax, evidence, model, metric, split)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()


def _panel(ax: Axes, evidence: Results, model: str, metric: str, split: str | None) -> None:
    variants = _variants(evidence, model)
    found = {v: _finite(evidence.summary.get(model, v, metric, split)) for v in variants}
    base = _finite(measures.of_retrain(evidence, model, metric, split))
    if "retrain" in found:
        found["retrain"] = base
    one = measures.MEASURES[metric]
    every = [e for e in (*found.values(), base) if e is not None]
    _scale(ax, [v for e in every for v in (e.value, *e.interval)], one.ideal)
    if base is not None:
        ax.axvspan(*base.interval, color=BAND, linewidth=0, zorder=0)
        ax.axvline(base.value, color=theme.FIXED["retrain"], linewidth=1.4, zorder=1)
    if one.ideal is not None:
        dots.reference(ax, one.ideal)
    labels = [evidence.label(v, "\n") for v in variants]
    series = [dots.Series(metric, found)]
    dots.panel(ax, variants, labels, series, text="{:.2g}".format, size=dots.SMALL)
    ax.set_title(one.title, fontsize=9)
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


def _variants(evidence: Results, model: str) -> list[str]:
    """Every variant with a measure; the retrained model also for its floor."""
    panels, get = measures.present(evidence, model), evidence.summary.get
    return [
        v
        for v in evidence.summary.variants(model)
        if any(get(model, v, m, s) or get(model, v, m + measures.FLOOR, s) for m, s in panels)
    ]
