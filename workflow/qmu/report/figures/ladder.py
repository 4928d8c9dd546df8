"""What each attack sees of models that a known share of the forget set was left in.

All attacks are drawn, in grey; named are those that see the smallest residue, and the published
one. A filled marker is a rung that the attack tells from retrained models.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from qmu.audit.verdicts.power import Detection
from qmu.audit.verdicts.questions import TITLES
from qmu.report.drawing import dots, theme
from qmu.report.evidence.ladder import AREA, FOUND
from qmu.report.evidence.results import Results

NAMED = 4
"""How many attacks are named beside the published one."""
COLOURS = (
    *("#6a3d9a", "#1f78b4", "#c51b7d", "#33855c", "#b15928", "#00788a", "#a6761d", "#525c9e"),
)
GREY = "#b6bcc4"
ROWS = {metric: TITLES[metric] for metric in (AREA, FOUND)}
WIDTH, HEIGHT = 5.6, 2.9
MARGIN = 0.2
DODGE = 1.035
"""Factor between the places of neighbouring attacks, so that their intervals stay apart."""
APART = 0.075
"""Smallest distance of two labels, in heights of a panel."""


@theme.styled
def draw(results: Results) -> Figure:
    """Columns: models; rows: AUC and members found, minus those of retrained models."""
    models = results.ladder.models
    if not models:
        return theme.nothing("No models with a known residue were audited.")
    # With too few non-members no attack has a rate at 1% false positives.
    rows = [m for m in ROWS if any(one.metric == m for one in results.ladder.detections)]
    figure, axes = theme.grid(
        len(rows),
        len(models),
        max(WIDTH * len(models), 7.5),
        0.7 + HEIGHT * len(rows),
        sharex="col",
        sharey="row",
    )
    palette = _palette(results)
    for column, model in zip(axes.T, models, strict=True):
        for ax, metric in zip(column, rows, strict=True):
            _panel(ax, results, model, metric, palette)
        column[0].set_title(model)
        column[-1].set_xlabel("share of the forget set left in")
    for ax, metric in zip(axes[:, 0], rows, strict=True):
        ax.set_ylabel(f"{ROWS[metric]},\nminus retrained models'")
        # Labels want room above each other; the scale is that of the whole row.
        _room(ax, [one for one in results.ladder.detections if one.metric == metric])
    for column, model in zip(axes.T, models, strict=True):
        for ax, metric in zip(column, rows, strict=True):
            _labels(ax, results, model, metric, palette)
    dots.legend(figure, _legend(results), columns=5 if len(models) > 1 else 3)
    return figure


def named(results: Results, model: str, metric: str) -> list[str]:
    """The attacks that stand out: those that see the smallest residue, then the published one."""
    ladder, published = results.ladder, results.published_attack
    ranked = ladder.ranked(model, metric)
    seeing = [one for one in ranked if ladder.smallest(model, one, metric) is not None][:NAMED]
    return [*seeing, *(one for one in ranked if one == published and one not in seeing)]


def seen(results: Results, model: str, attack: str, metric: str) -> str:
    """The smallest residue that an attack sees, as a label: ``10%`` or ``none``."""
    share = results.ladder.smallest(model, attack, metric)
    return "none" if share is None else f"{100 * share:g}%"


def _palette(results: Results) -> dict[str, str]:
    """Attack -> colour, the same in every panel; the published one is drawn in ink."""
    models = results.ladder.models
    every = [a for metric in ROWS for model in models for a in named(results, model, metric)]
    colours = itertools.cycle(COLOURS)
    others = (a for a in dict.fromkeys(every) if a != results.published_attack)
    return {results.published_attack or "": theme.INK} | {a: next(colours) for a in others}


def _panel(ax: Axes, results: Results, model: str, metric: str, palette: dict[str, str]) -> None:
    shares = results.ladder.shares(model)
    ax.set_xscale("log")
    ax.set_xlim(shares[0] / 1.25, 1.2)
    ax.xaxis.set_major_locator(FixedLocator(shares))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: theme.signed(value)))
    ax.axhline(0, color=theme.QUIET, linewidth=0.8, zorder=1)
    ax.axvline(results.risk.residue, zorder=1, **theme.DASHED)
    chosen = named(results, model, metric)
    for attack in results.ladder.ranked(model, metric):
        if attack not in chosen:
            _line(ax, results.ladder.curve(model, attack, metric), GREY, 0)
    for place, attack in enumerate(chosen):
        dodged = place - (len(chosen) - 1) / 2
        curve = results.ladder.curve(model, attack, metric)
        _line(ax, curve, palette[attack], dodged, named=True)


def _line(
    ax: Axes, curve: Sequence[Detection], colour: str, place: float, named: bool = False
) -> None:
    """A line through the rungs; of an attack that is named, with intervals."""
    x = [one.share * DODGE**place for one in curve]
    y = [one.difference.value for one in curve]
    order = 4 if named else 2
    ax.plot(x, y, color=colour, linewidth=1.4 if named else 0.8, zorder=order)
    for at, one in zip(x, curve, strict=True):
        if named:
            ends = [one.difference.low, one.difference.high]
            ax.plot([at, at], ends, color=colour, linewidth=1.1, alpha=0.75, zorder=order)
        ax.plot(
            [at],
            [one.difference.value],
            "o",
            color=colour,
            markerfacecolor=colour if one.detected else "white",
            markeredgewidth=1.2 if named else 0.8,
            markersize=5.4 if named else 3.2,
            zorder=order + 0.5,
        )


def _room(ax: Axes, drawn: Sequence[Detection]) -> None:
    values = [one.difference.value for one in drawn]
    ends = [v for one in drawn for v in (one.difference.low, one.difference.high)]
    theme.room(ax, values, ends, MARGIN)


def _labels(ax: Axes, results: Results, model: str, metric: str, palette: dict[str, str]) -> None:
    """Names at the lines' ends, moved apart, each with the smallest residue that is seen."""
    chosen = named(results, model, metric)
    bottom, top = ax.get_ylim()
    ends = [results.ladder.curve(model, attack, metric)[-1].difference.value for attack in chosen]
    heights = spread([(end - bottom) / (top - bottom) for end in ends], APART)
    for attack, end, height in zip(chosen, ends, heights, strict=True):
        ax.annotate(
            f"{attack} {seen(results, model, attack, metric)}",
            (1.2, end),
            xycoords=("data", "data"),
            xytext=(1.045, height),
            textcoords="axes fraction",
            ha="left",
            va="center",
            fontsize=8,
            color=palette[attack],
            annotation_clip=False,
            arrowprops={
                **{"arrowstyle": "-", "color": palette[attack], "linewidth": 0.6},
                **{"relpos": (0, 0.5), "shrinkA": 1, "shrinkB": 0},
            },
        )


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """The heights moved as little as is needed to be ``apart``, in their order."""
    if not heights:
        return []
    order = np.argsort(heights, kind="stable")
    steps = apart * np.arange(len(heights))
    # With the steps taken off, labels that are apart are an ascending sequence.
    free = np.asarray(heights, float)[order] - steps
    moved = np.empty(len(heights))
    blocks: list[list[float]] = []
    for value in free:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, m), (other, n) = blocks[-2:]
            blocks[-2:] = [[(one * m + other * n) / (m + n), m + n]]
    # All of them inside the panel, where there is room.
    highest = max(1 - apart / 2 - steps[-1], apart / 2)
    places = np.repeat([b[0] for b in blocks], [int(b[1]) for b in blocks])
    moved[order] = np.clip(places, apart / 2, highest) + steps
    return moved.tolist()


def _legend(results: Results) -> list[Line2D]:
    level = 1 - results.risk.false_accusations
    tolerated = f"tolerated: {100 * results.risk.residue:g}%"
    return [
        dots.marker("told from retrained models", theme.QUIET),
        dots.marker("not told", theme.QUIET, filled=False),
        dots.interval(level),
        Line2D([], [], color=GREY, linewidth=1, label="other attacks"),
        Line2D([], [], label=tolerated, **theme.DASHED),
    ]
