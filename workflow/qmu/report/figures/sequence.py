"""A sequence of requests: leakage of all rows asked for so far, retained accuracy, the cost of all
requests so far and what is certified, after each of them."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results
from qmu.report.evidence.sequence import Line, SequenceResults
from qmu.variants import RETRAIN

WIDTH, HEIGHT = 5.2, 2.3
ROWS = {
    "area": "AUC on all rows\nasked for so far",
    "accuracy": "accuracy, retained\ntest rows",
    "cost": "gradient evaluations\nso far",
    "certified": "ε certified",
}
SPREAD = 0.4
"""How far apart the variants of one request stand, all together; requests are 1 apart."""


@theme.styled
def draw(results: Results) -> Figure:
    """Columns: models; rows: leakage, retained accuracy, cost, and certificates where there are."""
    sequence = results.sequence
    if not sequence.models:
        return theme.nothing("There is one request alone.")
    models = sequence.models
    rows = {name: text for name, text in ROWS.items() if name != "certified" or sequence.certified}
    figure, axes = theme.grid(
        len(rows),
        len(models),
        max(WIDTH * len(models), 7.5),
        1.2 + HEIGHT * len(rows),
        sharex=True,
        sharey="row",
    )
    palette = theme.colours(results)
    for column, model in zip(axes.T, models, strict=True):
        for ax, name in zip(column, rows, strict=True):
            _panel(ax, sequence.of(model), name, palette)
        attack = sequence.attacks.get(model)
        column[0].set_title(f"{model}: AUC of {attack}" if attack else model)
        column[0].axhline(0.5, zorder=1, **theme.DASHED)
        column[-1].set_xticks(range(len(sequence.names)), _ticks(sequence))
        column[-1].set_xlabel("request")
    for ax, label in zip(axes[:, 0], rows.values(), strict=True):
        ax.set_ylabel(label)
    axes[1, 0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    _cost_axis(axes[2, 0], sequence)
    if sequence.certified:
        axes[3, 0].set_ylim(bottom=0)
    dots.legend(figure, _legend(results, palette), columns=4 if len(models) > 1 else 3)
    return figure


def _panel(ax: Axes, lines: dict[str, Line], name: str, palette: dict[str, str]) -> None:
    step = SPREAD / max(len(lines) - 1, 1)
    for place, (variant, line) in enumerate(lines.items()):
        style = {"color": palette[variant], "zorder": 3}
        shift = step * (place - (len(lines) - 1) / 2)
        x = [number + shift for number in range(len(line.cost))]
        if name == "cost":
            values = [math.nan if one is None else one for one in line.cost]
        else:
            cells = getattr(line, name)
            values = [math.nan if cell is None else cell.value for cell in cells]
            ends = [(math.nan, math.nan) if cell is None else cell.interval for cell in cells]
            low, high = zip(*ends, strict=True)
            ax.vlines(x, low, high, linewidth=1.2, alpha=0.7, **style)
            if variant == RETRAIN:
                # The floor: nothing that is to be like retraining needs to lie below it.
                ax.fill_between(x, low, high, color=theme.RETRAIN, alpha=0.16, linewidth=0)
        ax.plot(x, values, linewidth=1.4, marker="o", markersize=4, **style)


def _ticks(sequence: SequenceResults) -> list[str]:
    return [f"{number}\n{name}" for number, name in enumerate(sequence.names, 1)]


def _cost_axis(ax: Axes, sequence: SequenceResults) -> None:
    """Powers of ten, and room for methods that cost nothing."""
    ax.set_yscale("symlog", linthresh=10)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    most = max(max(filter(None, line.cost), default=1) for line in sequence.lines.values())
    ax.set_ylim(-1, 3 * most)


def _legend(results: Results, palette: dict[str, str]) -> list[Line2D | Patch]:
    variants = dict.fromkeys(variant for _, variant in results.sequence.lines)
    shown = [Line2D([], [], color=palette[v], marker=".", label=results.label(v)) for v in variants]
    band = Patch(color=theme.BAND, label="interval of retraining")
    return [*shown, band, dots.interval(results.confidence_level)]
