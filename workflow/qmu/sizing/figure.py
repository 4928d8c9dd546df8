"""How a run scales over cores and over sizes of its jobs, and the chain of jobs that ends it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from qmu.report.drawing import theme

from .study import SHOWN, Study
from .words import spell

LINE, FIRST, CHAIN = theme.INK, "#0072b2", "#d55e00"
BY_CORES = dict(zip(SHOWN, ("#56b4e9", "#0072b2", "#1f2328"), strict=True))
TICKS = (15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000, 86400)
ROW = 0.235


@theme.styled
def draw(study: Study) -> Figure:
    """The figure of one run."""
    rows = len(study.chain)
    figure = Figure(figsize=(11, 5.2 + ROW * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08, wspace=0.04, hspace=0.04)
    axes = figure.subplot_mosaic(
        [["cores", "blocks"], ["chain", "chain"]],
        width_ratios=[1.5, 1],
        height_ratios=[4.1, 0.6 + ROW * rows],
    )
    _cores(axes["cores"], study)
    _blocks(axes["blocks"], study)
    _chain(axes["chain"], study)
    low = 0.7 * min(p.bound for p in study.points)
    high = 1.25 * max([study.points[0].median, *(max(b.seconds.values()) for b in study.blocks)])
    for name in ("cores", "blocks"):
        _times(axes[name], low, high)
    return figure


def _cores(ax: Axes, study: Study) -> None:
    cores = np.array([p.cores for p in study.points])
    fine = np.geomspace(cores[0], cores[-1], 200)
    chain, at = study.chain_seconds, study.balance
    ax.axvspan(at, cores[-1] * 1.15, color=CHAIN, alpha=0.07, linewidth=0)
    ax.plot(fine, study.work / fine, color=theme.QUIET, linewidth=1, linestyle=(0, (1, 2)))
    ax.axhline(chain, color=CHAIN, linewidth=1, linestyle=(0, (4, 2)))
    ax.fill_between(
        cores,
        [p.shortest for p in study.points],
        [p.longest for p in study.points],
        color=LINE,
        alpha=0.15,
        linewidth=0,
    )
    ax.plot(cores, [p.chain_first for p in study.points], color=FIRST, linewidth=1.2)
    ax.plot(cores, [p.median for p in study.points], color=LINE, linewidth=1.8)
    for number in SHOWN:
        p = study.at(number)
        last = number == cores[-1]
        ax.plot(number, p.median, "o", color=LINE, markersize=6)
        ax.annotate(
            f"{number} cores: {spell(p.median)}",
            (number, p.median),
            xytext=(4, -9) if last else (8, 7),
            ha="right" if last else "left",
            va="top" if last else "bottom",
            textcoords="offset points",
            fontweight="bold",
        )
    _measured(ax, study)
    _notes(ax, study)
    ax.set_xscale("log", base=2)
    ax.set_xlim(cores[0] / 1.1, cores[-1] * 1.15)
    ticks = [c for c in (1, 2, 4, 8, 16, 32, 64) if c <= cores[-1]]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("cores")
    ax.set_ylabel("time of the whole run")
    ax.set_title(f"{study.jobs} jobs of `{study.experiment}`, simulated from measured times")


def _measured(ax: Axes, study: Study) -> None:
    if study.check is None:
        return
    c = study.check
    ax.plot(c.cores, c.measured, "D", mfc="none", mec=CHAIN, markersize=11, markeredgewidth=1.5)
    ax.annotate(
        f"measured: {spell(c.measured)}",
        (c.cores, c.measured),
        xytext=(8, 20),
        textcoords="offset points",
        color=CHAIN,
    )


def _notes(ax: Axes, study: Study) -> None:
    at, chain = study.balance, study.chain_seconds
    small = {"fontsize": 8.5, "bbox": theme.BACKING}
    ax.text(1.0, chain * 1.04, f"longest chain: {spell(chain)}", color=CHAIN, va="bottom", **small)
    ax.text(
        1.0,
        chain * 0.96,
        "no number of cores is faster",
        color=CHAIN,
        va="top",
        **small,
    )
    ax.text(
        5, 0.8 * study.work / 5, "work ÷ cores", color=theme.QUIET, ha="right", va="top", **small
    )
    lead = {"arrowstyle": "-", "linewidth": 0.8}
    ax.annotate(
        "longest chain first",
        (20, np.interp(20, [p.cores for p in study.points], [p.chain_first for p in study.points])),
        xytext=(9.5, 1.35 * chain),
        ha="right",
        va="center",
        color=FIRST,
        fontsize=8.5,
        arrowprops=lead | {"color": FIRST},
    )
    ax.annotate(
        "jobs in any order:\nmedian, shortest\nto longest",
        (24, study.at(24).longest),
        xytext=(28, 18),
        textcoords="offset points",
        fontsize=8.5,
        arrowprops=lead | {"color": LINE},
    )
    top = {"transform": ax.get_xaxis_transform(), "va": "top", "fontsize": 9.5}
    ax.text(at / 1.06, 0.985, f"the work limits, up to {at:.0f} cores", ha="right", **top)
    ax.text(at * 1.06, 0.985, "the chain limits", color=CHAIN, **top)


def _blocks(ax: Axes, study: Study) -> None:
    sizes = [b.size for b in study.blocks]
    ax.axvline(study.block, color=theme.QUIET, linewidth=1, linestyle=(0, (1, 2)))
    ax.text(
        study.block,
        0.985,
        " this run",
        transform=ax.get_xaxis_transform(),
        va="top",
        color=theme.QUIET,
        fontsize=8.5,
    )
    for cores, colour in BY_CORES.items():
        seconds = [b.seconds[cores] for b in study.blocks]
        ax.plot(sizes, seconds, "o-", color=colour, markersize=4.5)
        best = min(study.blocks, key=lambda b: (b.seconds[cores], b.size))
        ax.plot(best.size, best.seconds[cores], "o", mfc="none", mec=colour, markersize=10)
        ax.annotate(
            f"{cores} cores",
            (sizes[0], seconds[0]),
            xytext=(2, 8),
            textcoords="offset points",
            color=colour,
            fontweight="bold",
        )
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("shadow models per job (ring: the shortest)")
    ax.set_title("Size of a job: start-up against idle cores")


def _chain(ax: Axes, study: Study) -> None:
    start, whole = 0.0, study.chain_seconds
    longest = max(step.seconds for step in study.chain)
    for row, step in enumerate(study.chain):
        colour = CHAIN if step.seconds == longest else "#e9a26b"
        ax.barh(row, step.seconds, left=start, height=0.66, color=colour)
        end = start + step.seconds
        # Beside the bar, on the side with more room.
        right = whole - end > start
        text = f"{step.name}: {step.seconds:.1f} s"
        x, side = (end + 0.005 * whole, "left") if right else (start - 0.005 * whole, "right")
        ax.text(x, row, text, va="center", ha=side)
        start = end
    ax.set_yticks([])
    ax.invert_yaxis()
    ax.set_xlim(0, whole * 1.01)
    ax.set_xlabel("seconds from the start, with a core for every job")
    ax.set_title(f"Why it stops: each of these jobs waits for the one before it, {spell(whole)}")
    theme.bare(ax)


def _times(ax: Axes, low: float, high: float) -> None:
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    ax.yaxis.set_major_locator(FixedLocator(_within(TICKS, low, high)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    ax.yaxis.set_minor_locator(NullLocator())


def _within(values: Sequence[float], low: float, high: float) -> list[float]:
    return [value for value in values if low <= value <= high]


def _tick(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"
