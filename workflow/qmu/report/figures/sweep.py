"""Leakage and accuracy against noise, shots, and an attacker who repeats the question.

Noise that lowers leakage by making the model worse is no privacy, so the target's leakage stands
beside that of an ideal model made equally inaccurate (see `qmu.studies.matched_accuracy`).
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from qmu.report.drawing import dots, theme
from qmu.report.results.results import Results
from qmu.report.results.sweep import Place, SweepResults
from qmu.variants import BASELINES

AUC = ("auc", "loss", "forget_train")
MATCHED = ("auc_matched", "loss", "forget_train")
ACCURACY = ("accuracy", None, "retain_test")
WIDTH, HEIGHT = 10.8, 4.9
DASHES = (0, (4, 2))


@dataclass(frozen=True)
class Course:
    """One column: what is varied, its places, and how far apart they stand on the axis."""

    title: str
    label: str
    places: tuple[Place, ...]
    ticks: tuple[str, ...]


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model; rows: loss AUC and accuracy; columns: noise, shots, repeats."""
    sweep = results.sweep
    if not sweep.models:
        return theme.nothing("No sweep over noise and shots was run.")
    columns = courses(sweep)
    figure, parts = theme.blocks(sweep.models, [HEIGHT] * len(sweep.models), WIDTH)
    variants = list(dict.fromkeys(v for model in sweep.models for v in sweep.variants(model)))
    palette = theme.colours(results)
    for part, model in zip(parts, sweep.models, strict=True):
        _block(part, sweep, model, columns, palette)
    handles = [Line2D([], [], color=palette[v], label=results.label(v)) for v in variants]
    matched = Line2D(
        [], [], color=theme.INK, linestyle=DASHES, label="ideal target at equal accuracy"
    )
    dots.legend(figure, [*handles, matched], columns=7)
    return figure


def courses(sweep: SweepResults) -> list[Course]:
    """The columns that the sweep's points allow."""
    places = sweep.places()
    scales = sorted({p for p in places if p[1] is None})
    columns = [
        Course(
            "exact values",
            "noise, times the configured one",
            tuple(scales),
            tuple(f"{scale:g}" for scale, *_ in scales),
        )
    ]
    finite = [p for p in places if p[1] is not None]
    if not finite:
        return columns
    scale = max(p[0] for p in finite)
    fewest = min(p[1] for p in finite)
    once = min(p[2] for p in finite)
    exact = (scale, None, 1)
    shots = sorted(p for p in finite if p[0] == scale and p[2] == once)
    asked = sorted((p for p in finite if p[:2] == (scale, fewest)), key=lambda p: p[2])
    at = f"noise x {scale:g}" if scale else "no noise"
    shown = tuple(f"{p[1]:,}" for p in shots)
    columns.append(Course(f"finite shots, {at}", "shots", (*shots, exact), (*shown, "exact")))
    if len(asked) > 1:
        times = tuple(str(p[2]) for p in asked)
        title = f"{fewest:,} shots asked again, {at}"
        columns.append(Course(title, "answers averaged", (*asked, exact), (*times, "exact")))
    return columns


def _block(
    part: SubFigure, sweep: SweepResults, model: str, columns: list[Course], palette: dict
) -> None:
    axes = part.subplots(2, len(columns), squeeze=False, sharex="col", sharey="row")
    for column, course in enumerate(columns):
        upper, lower = axes[:, column]
        upper.set_title(course.title)
        upper.axhline(0.5, color=theme.QUIET, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
        for variant in sweep.variants(model):
            _line(upper, sweep, (model, variant, *AUC), course, palette[variant])
            _line(lower, sweep, (model, variant, *ACCURACY), course, palette[variant])
        key = (model, "target", *MATCHED)
        _line(upper, sweep, key, course, palette["target"], DASHES)
        lower.set_xlabel(course.label)
        lower.xaxis.set_major_locator(FixedLocator(range(len(course.ticks))))
        lower.set_xticks(range(len(course.ticks)), course.ticks)
        lower.xaxis.set_minor_locator(NullLocator())
        lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}%"))
    axes[0, 0].set_ylabel("AUC of the loss,\nforget set")
    axes[1, 0].set_ylabel("accuracy, test images\nof retained data")


def _line(
    ax: Axes, sweep: SweepResults, key: tuple, course: Course, colour: str, dashes: object = "-"
) -> None:
    """A figure along a course with its band; it breaks where a value is missing."""
    cells = sweep.along(key, course.places)
    if not any(cells):
        return
    gap = float("nan")
    place = range(len(cells))
    values = [gap if e is None else e.value for e in cells]
    limits = [(gap, gap) if e is None else e.interval for e in cells]
    low, high = zip(*limits, strict=True)
    width = 2.2 if key[1] in BASELINES else 1.4
    if dashes == "-":
        ax.fill_between(place, low, high, color=colour, alpha=0.08, linewidth=0, zorder=2)
    ax.plot(place, values, color=colour, linestyle=dashes, linewidth=width, marker=".", zorder=4)
