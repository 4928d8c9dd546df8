"""Horizontal dot plots, the form of most figures: variants down the side, intervals as lines.

A filled or hollow marker is the aggregate over seeds, the line its interval, small pale dots the
seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import Cell, Summary

from . import theme

ROW = 0.36
"""Height of one series of one variant, inches."""

BELOW = 6.5
"""How far under a marker its seeds are drawn, points."""


@dataclass(frozen=True)
class Size:
    """How large a panel's parts are: ``spread`` of the series within a row (rows), ``marker`` and
    ``text`` (points), and whether there is room for the seeds."""

    spread: float = 0.36
    marker: float = 6.5
    line: float = 1.8
    text: float = 8.5
    seeds: bool = True


LARGE = Size()
SMALL = Size(spread=0.46, marker=4.8, line=1.4, text=7.2, seeds=False)


@dataclass(frozen=True)
class Series:
    """One marker per variant. ``colour`` None takes each variant's own."""

    estimates: Mapping[str, Cell | None]
    marker: str = "o"
    filled: bool = True
    colour: str | None = None


def percent(value: float) -> str:
    """0.948 -> 95%."""
    return f"{100 * value:.0f}%"


def panel(
    ax: Axes,
    results: Results,
    variants: Sequence[str],
    series: Sequence[Series],
    text: Callable[[float], str],
    size: Size = LARGE,
) -> None:
    """Draw ``series`` for ``variants`` from top to bottom; set the x limits before calling, the
    value labels (``text``) stay inside them."""
    palette = theme.colours(results)
    offset = size.spread / max(len(series) - 1, 1)
    for row, variant in enumerate(variants):
        for place, one in enumerate(series):
            estimate = one.estimates.get(variant)
            if estimate is not None:
                y = row + offset * (place - (len(series) - 1) / 2)
                _one(ax, y, estimate, one, one.colour or palette[variant], text, size)
    ax.set_yticks(range(len(variants)), labels(results, variants))
    ax.set_ylim(len(variants) - 0.45, -0.55)
    theme.bare(ax)


def labels(results: Results, variants: Sequence[str]) -> list[str]:
    """What stands beside the rows: each variant, its caveat on a line below."""
    return [results.label(variant, "\n") for variant in variants]


def _one(
    ax: Axes,
    y: float,
    estimate: Cell,
    series: Series,
    colour: str,
    text: Callable[[float], str],
    size: Size,
) -> None:
    low, high = estimate.interval
    ax.plot([low, high], [y, y], color=colour, linewidth=size.line, solid_capstyle="butt", zorder=2)
    if size.seeds and len(estimate.seeds) > 1:
        values = [value for _, value in estimate.seeds]
        below = ax.transData + ScaledTranslation(0, -BELOW / 72, ax.figure.dpi_scale_trans)
        style = {"color": colour, "markersize": 3.5, "alpha": 0.6, "zorder": 3}
        ax.plot(values, [y] * len(values), ".", transform=below, **style)
    ax.plot(
        [estimate.value],
        [y],
        series.marker,
        color=colour,
        markerfacecolor=colour if series.filled else "white",
        markeredgewidth=0.25 * size.marker,
        markersize=size.marker,
        zorder=4,
        clip_on=False,
    )
    _value(ax, y, (low, estimate.value, high), text(estimate.value), size.text)


def _value(ax: Axes, y: float, ends: tuple[float, float, float], text: str, points: float) -> None:
    """Write the value right of its interval, or left of it, or beside the marker: where it fits."""
    to_axes = (ax.transData + ax.transAxes.inverted()).transform
    low, value, high = ends
    room = 0.2 if points > 8 else 0.24
    left = 1.0 - to_axes((high, y))[0] < room
    where, offset = (low, -6) if left else (high, 6)
    if left and to_axes((low, y))[0] < room:
        left = to_axes((value, y))[0] > 0.8
        where, offset = value, -9 if left else 9
    ax.annotate(
        text,
        (where, y),
        xytext=(offset, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=points,
        color=theme.INK,
        bbox=theme.BACKING,
        zorder=5,
    )


def rate_axis(ax: Axes) -> None:
    """A share from 0 to 100 percent."""
    ax.set_xlim(-0.04, 1.04)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25", "50", "75", "100%"])


def reference(ax: Axes, x: float) -> None:
    """A dashed vertical line to compare with."""
    ax.axvline(x, zorder=1, **theme.DASHED)


def gaps(ax: Axes, variants: Sequence[str], one: Series, other: Series) -> None:
    """A pale bar per variant from one series' value to the other's."""
    for row, variant in enumerate(variants):
        ends = [series.estimates.get(variant) for series in (one, other)]
        if None not in ends:
            left, right = sorted(end.value for end in ends)
            ax.barh(row, right - left, left=left, height=0.62, color=theme.GAP, zorder=0.5)


def called_members(
    ax: Axes, results: Results, summary: Summary, model: str, attack: str, size: Size
) -> None:
    """How often an attack calls members of the forget set so, and comparable unseen images."""
    variants = results.summary.variants(model)
    members = {v: summary.get(model, v, "mia_success", "forget_train", attack) for v in variants}
    others = {v: summary.non_members(model, v, attack) for v in variants}
    series = [
        Series(members, colour=theme.MEMBER),
        Series(others, "D", filled=False, colour=theme.NON_MEMBER),
    ]
    rate_axis(ax)
    panel(ax, results, variants, series, percent, size)
    gaps(ax, variants, *series)
    reference(ax, 0.5)


def legend(figure: Figure, entries: Sequence[Artist], columns: int = 5) -> None:
    """One legend for the whole figure, above the panels."""
    figure.legend(
        handles=list(entries),
        loc="outside upper left",
        ncols=min(len(entries), columns),
        handletextpad=0.5,
        columnspacing=1.6,
    )


def marker(name: str, colour: str, shape: str = "o", filled: bool = True) -> Line2D:
    """A legend entry that looks like a Series."""
    return Line2D(
        [],
        [],
        color=colour,
        marker=shape,
        markerfacecolor=colour if filled else "white",
        markeredgewidth=1.6,
        markersize=6.5,
        linewidth=1.8,
        label=name,
    )


def members_and_others() -> list[Line2D]:
    """Legend entries of the two series of `called_members`."""
    return [
        marker("members: trained on, to be forgotten", theme.MEMBER),
        marker("comparable, never trained on", theme.NON_MEMBER, "D", filled=False),
    ]


def interval(confidence: float) -> Line2D:
    """The legend entry that explains the lines."""
    return Line2D([], [], color=theme.QUIET, linewidth=1.8, label=f"{confidence:.0%} interval")


def seeds_and_interval(confidence: float) -> list[Line2D]:
    """Legend entries that explain the pale dots and the lines."""
    return [
        interval(confidence),
        Line2D(
            [],
            [],
            color=theme.QUIET,
            marker=".",
            alpha=0.6,
            linestyle="none",
            markersize=5,
            label="one seed",
        ),
    ]
