"""Methods as paths: leakage, distance to retraining and retained accuracy at every level of
forgetting, with the level at which the method ends by itself marked.

Where a line meets the shaded corner, the method is at that level as retrained models are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from qmu.report.drawing import dots, theme
from qmu.report.evidence.paths import Around, Point, Range
from qmu.report.evidence.results import Results

WIDTH, HEIGHT = 5.2, 2.25
ROWS = ("leakage", "distance", "accuracy")
MARGIN = 0.25
"""Room around the values at most, as a share of their span."""


@theme.styled
def draw(results: Results) -> Figure:
    """Columns: models; rows: leakage, distance to retraining, retained accuracy."""
    paths = results.paths
    if not paths.models:
        return theme.nothing("No method was audited along its path.")
    figure, axes = theme.grid(
        len(ROWS),
        len(paths.models),
        max(WIDTH * len(paths.models), 7.5),
        1.2 + HEIGHT * len(ROWS),
        sharex=True,
        sharey="row",
    )
    palette = theme.colours(results)
    for column, model in zip(axes.T, paths.models, strict=True):
        own, around = paths.of(model), paths.around[model]
        for ax, name in zip(column, ROWS, strict=True):
            _panel(ax, own, around, name, palette)
        column[0].set_title(f"{model}: AUC of {around.attack}" if around.attack else model)
        column[-1].set_xlabel("forget loss, in units of a uniform guess's (log C)")
    names = {"leakage": "AUC, minus\nretrained models'", "distance": "JS to retrain\n(nats)"}
    names["accuracy"] = "accuracy, test rows\nof retained data"
    for ax, name in zip(axes[:, 0], ROWS, strict=True):
        ax.set_ylabel(names[name])
        _limits(ax, results, name)
    axes[0, 0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: theme.signed(value)))
    axes[2, 0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    _reach(axes[0, 0], results)
    dots.legend(figure, _legend(results, palette), columns=4 if len(paths.models) > 1 else 3)
    return figure


def _panel(
    ax: Axes, own: dict[str, Sequence[Point]], around: Around, name: str, palette: dict[str, str]
) -> None:
    _band(ax, around.loss, "x")
    _band(ax, getattr(around, name), "y")
    ax.axvline(1, zorder=1, **theme.DASHED)
    for method, points in own.items():
        _line(ax, points, name, palette[method])


def _band(ax: Axes, limits: Range | None, axis: str) -> None:
    if limits is None:
        return
    low, high = limits
    # Shades of two bands add up where they cross: there a model is as retrained ones are.
    style = {"color": theme.RETRAIN, "alpha": 0.16, "linewidth": 0, "zorder": 0}
    (ax.axvspan if axis == "x" else ax.axhspan)(low, high, **style)
    line = ax.axvline if axis == "x" else ax.axhline
    line((low + high) / 2, color=theme.RETRAIN, linewidth=0.8, alpha=0.6, zorder=0.5)


def _line(ax: Axes, points: Sequence[Point], name: str, colour: str) -> None:
    """A line through the levels, with intervals; it breaks where a figure is missing."""
    gap = float("nan")
    cells = [getattr(point, name) for point in points]
    x = np.array([point.loss for point in points])
    y = [gap if cell is None else cell.value for cell in cells]
    ends = [(gap, gap) if cell is None else cell.interval for cell in cells]
    low, high = zip(*ends, strict=True)
    ax.vlines(x, low, high, color=colour, linewidth=1.1, alpha=0.6, zorder=3)
    ax.plot(x, y, color=colour, linewidth=1.4, marker="o", markersize=3.6, zorder=4)
    for point, value in zip(points, y, strict=True):
        if point.default:
            style = {"markerfacecolor": "white", "markeredgewidth": 1.8, "markersize": 8.5}
            ax.plot([point.loss], [value], "o", color=colour, **style, zorder=5)


def _limits(ax: Axes, results: Results, name: str) -> None:
    """Limits of a row that hold every value and band, and every interval of an accuracy."""
    paths = results.paths
    cells = [getattr(point, name) for points in paths.points.values() for point in points]
    known = [cell for cell in cells if cell is not None]
    bands = [v for one in paths.around.values() for v in getattr(one, name) or ()]
    values = [*(cell.value for cell in known), *bands]
    ends = [*values, *(v for cell in known for v in cell.interval)]
    if values:
        # What a share may lose lies between none and all of it: no interval is cut.
        theme.room(ax, ends if name == "accuracy" else values, ends, MARGIN)


def _reach(ax: Axes, results: Results) -> None:
    """From no loss to a little beyond the largest of a method or of retrained models."""
    paths = results.paths
    values = [point.loss for points in paths.points.values() for point in points]
    values += [around.loss[1] for around in paths.around.values() if around.loss]
    ax.set_xlim(0, 1.06 * max([1.0, *values]))


def _legend(results: Results, palette: dict[str, str]) -> list[Line2D | Patch]:
    methods = dict.fromkeys(method for _, method in results.paths.points)
    shown = [Line2D([], [], color=palette[m], marker=".", label=results.label(m)) for m in methods]
    default = Line2D(
        *([], []),
        **{"color": theme.QUIET, "marker": "o", "markerfacecolor": "white", "linestyle": "none"},
        **{"markeredgewidth": 1.8, "markersize": 8.5, "label": "where the method ends by itself"},
    )
    band = Patch(color=theme.BAND, label="range of retrained models")
    guess = Line2D([], [], label="a uniform guess", **theme.DASHED)
    return [*shown, default, band, guess, dots.interval(results.confidence_level)]
