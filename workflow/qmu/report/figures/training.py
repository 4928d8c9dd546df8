"""How the models came about: training of target and retrain, and the path of unlearning runs."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from qmu.report.drawing import dots, theme
from qmu.report.results.results import History, Results
from qmu.report.results.summary import baselines_first
from qmu.variants import BASELINES

FLOOR = 1e-4
WIDE = 20.0
"""Ratio of the largest to the smallest loss from which the axis is logarithmic."""


@theme.styled
def draw(results: Results) -> Figure:
    """Rows: models; columns: training loss, training accuracy, forget loss while unlearning."""
    courses = [h for h in results.histories if len(h.epoch)]
    models = list(dict.fromkeys(h.model for h in courses))
    if not models:
        return theme.nothing("No training histories were given.")
    figure, axes = theme.grid(len(models), 3, 10.4, 0.7 + 2.5 * len(models))
    variants = baselines_first(h.variant for h in courses)
    palette = theme.colours(results)
    for row, model in zip(axes, models, strict=True):
        own = [h for h in courses if h.model == model]
        _training(row[0], row[1], [h for h in own if h.variant in BASELINES], palette)
        _unlearning(row[2], [h for h in own if h.variant not in BASELINES], palette, results)
        row[0].set_title(f"{model}: training loss")
        row[1].set_title("training accuracy")
        row[2].set_title("forget loss while unlearning")
    dots.legend(
        figure,
        [Line2D([], [], color=palette[v], linewidth=2, label=results.label(v)) for v in variants],
        columns=7,
    )
    return figure


def _training(losses, accuracies, courses: list[History], palette: dict[str, str]) -> None:
    for course in courses:
        dash = "-" if course.variant == "target" else (0, (3.5, 1.8))
        style = {"color": palette[course.variant], "linewidth": 1.2, "linestyle": dash}
        losses.plot(course.epoch, course.loss, **style)
        accuracies.plot(course.epoch, course.accuracy, **style)
    losses.set_ylabel("mean loss")
    losses.set_ylim(bottom=0)
    accuracies.set_ylim(-0.02, 1.02)
    for ax in (losses, accuracies):
        ax.set_xlabel("epoch")


def _unlearning(ax, courses: list[History], palette: dict[str, str], results: Results) -> None:
    if not courses:
        ax.set_axis_off()
        return
    for course in courses:
        short = {"marker": "o", "markersize": 3} if len(course.epoch) < 20 else {}
        loss = np.maximum(np.where(np.isfinite(course.loss), course.loss, np.nan), FLOOR)
        style = {"color": palette[course.variant], "linewidth": 1.1, "alpha": 0.85}
        ax.plot(course.epoch, loss, **style, **short)
    losses = np.concatenate([course.loss[np.isfinite(course.loss)] for course in courses])
    if len(losses) and losses.max() > WIDE * max(losses.min(), FLOOR):
        ax.set_yscale("log")
        theme.plain_log(ax, "y")
    if max(len(course.epoch) for course in courses) > 30:
        ax.set_xscale("log")
        theme.plain_log(ax, "x")
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("step")
    ax.set_ylabel("mean cross-entropy")
    if results.classes:
        _uniform_guess(ax, results.classes)


def _uniform_guess(ax, classes: int) -> None:
    goal = math.log(classes)
    ax.axhline(goal, **theme.DASHED)
    room = 2.2 if ax.get_yscale() == "log" else 1.15
    ax.set_ylim(top=max(ax.get_ylim()[1], room * goal))
    ax.annotate(
        f"log {classes}: uniform guess",
        (0.02, goal),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        va="bottom",
        fontsize=8.5,
        color=theme.QUIET,
    )
