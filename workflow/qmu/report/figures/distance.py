"""How far each variant's predictions are from the retrained model's, beside the floor.

The floor is the distance between retrained models that differ in their random seed alone: nothing
below it can be told from retraining.
"""

from __future__ import annotations

import math

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import FLOOR, SPLITS

METRICS = {"kl_to_retrain": "KL", "js_to_retrain": "JS"}
TINY = 1e-6


@theme.styled
def draw(results: Results) -> Figure:
    """Rows: models x {KL, JS}; columns: splits; logarithmic axes, floor shaded."""
    summary = results.summary
    rows = [
        (model, metric, variants)
        for model in summary.models
        for metric in METRICS
        if (variants := _variants(results, model, metric))
    ]
    if not rows:
        return theme.nothing("No distance to a retrained model was measured.")
    sizes = [len(variants) for *_, variants in rows]
    figure, axes = theme.grid(
        len(rows),
        len(SPLITS),
        10.4,
        0.9 + sum(dots.ROW * n + 0.5 for n in sizes),
        height_ratios=[n + 0.9 for n in sizes],
    )
    limits = {metric: _limits(results, metric) for metric in METRICS}
    for index, (model, metric, variants) in enumerate(rows):
        row = axes[index]
        for ax, (split, title) in zip(row, SPLITS.items(), strict=True):
            ax.set_xscale("log")
            ax.set_xlim(*limits[metric])
            _panel(ax, results, model, metric, split, variants)
            ax.set_title(title if index == 0 else "")
            theme.plain_log(ax, "x")
            if index == len(rows) - 1:
                ax.set_xlabel("nats")
            if ax is not row[0]:
                ax.set_yticklabels([])
        row[0].set_ylabel(
            f"{model}\n{METRICS[metric]} to retrain", fontweight="bold", fontsize=10.5
        )
    floor = Patch(color=theme.BAND, label="within the retrain-to-retrain floor")
    dots.legend(figure, [floor, *dots.seeds_and_interval(results.confidence_level)])
    return figure


def _panel(ax, results: Results, model: str, metric: str, split: str, variants: list) -> None:
    get = results.summary.get
    floor = get(model, "retrain", metric + FLOOR, split)
    left = ax.get_xlim()[0]
    if floor is not None:
        ax.axvspan(left, max(floor.interval[1], TINY), color=theme.BAND, zorder=0, linewidth=0)
        ax.axvline(max(floor.value, TINY), color=theme.RETRAIN, linewidth=1, zorder=1)
    cells = {v: get(model, v, metric, split) for v in variants}
    dots.panel(ax, results, variants, [dots.Series(cells)], "{:.2g}".format)


def _variants(results: Results, model: str, metric: str) -> list[str]:
    """Every variant with a distance, but the retrained model itself."""
    get = results.summary.get
    return [
        v
        for v in results.summary.variants(model)
        if v != "retrain" and any(get(model, v, metric, split) for split in SPLITS)
    ]


def _limits(results: Results, metric: str) -> tuple[float, float]:
    """Whole decades around every value, interval and floor of a metric."""
    summary = results.summary
    cells = [
        cell
        for key, cell in summary.cells.items()
        if key[2] in (metric, metric + FLOOR) and (key[1] != "retrain" or key[2] != metric)
    ]
    values = [max(v, TINY) for cell in cells for v in (cell.value, *cell.interval) if v > 0]
    values = values or [1e-2, 1.0]
    low = 10.0 ** math.floor(math.log10(min(values)) - 0.1)
    return max(low, TINY / 2), 10.0 ** math.ceil(math.log10(max(values)) + 0.1)
