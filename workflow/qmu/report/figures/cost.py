"""What unlearning costs in units of retraining: gradient evaluations, and seconds."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from qmu.report.drawing import dots, theme
from qmu.report.results.results import Results
from qmu.variants import BASELINES

MEASURES = {
    "gradient_evaluations": ("gradient evaluations", "o", True),
    "seconds": ("seconds, wall clock", "s", False),
}


@theme.styled
def draw(results: Results) -> Figure:
    """One panel per model on a logarithmic axis; 1 is retraining, free variants sit at the edge."""
    summary = results.summary
    panels = [(model, methods) for model in summary.models if (methods := _methods(results, model))]
    if not panels:
        return theme.nothing("No cost relative to retraining was measured.")
    most = max(len(methods) for _, methods in panels)
    figure, axes = theme.grid(
        len(panels), 1, 9.0, 1.0 + len(panels) * (1.35 * dots.ROW * most + 0.7), sharex=True
    )
    low, high = _limits(results, panels)
    for (model, methods), ax in zip(panels, axes[:, 0], strict=True):
        ax.set_xscale("log")
        ax.set_xlim(low, high)
        theme.plain_log(ax, "x", "×")
        _panel(ax, results, model, methods, low)
        ax.set_title(model)
    axes[-1, 0].set_xlabel("cost relative to retraining (dashed line: as dear as retraining)")
    dots.legend(
        figure,
        [dots.marker(name, theme.INK, shape, filled) for name, shape, filled in MEASURES.values()],
    )
    return figure


def _panel(ax, results: Results, model: str, methods: list[str], low: float) -> None:
    series = []
    for place, (metric, (_, shape, filled)) in enumerate(MEASURES.items()):
        costs = {v: results.summary.relative_to_retrain(model, v, metric) for v in methods}
        shown = {v: cost for v, cost in costs.items() if cost is not None and cost.value > 0}
        series.append(dots.Series(shown, shape, filled))
        for row, method in enumerate(methods):
            if costs[method] is not None and costs[method].value == 0:
                ax.text(
                    low * 1.15,
                    row + 0.36 * (place - 0.5),
                    "none",
                    va="center",
                    fontsize=8.5,
                    color=theme.QUIET,
                )
    dots.panel(ax, results, methods, series, factor)
    dots.reference(ax, 1.0)


def factor(value: float) -> str:
    """0.0123 -> 0.012x, with two digits."""
    return f"{value:.2g}×" if value < 99.5 else f"{value:.0f}×"


def _methods(results: Results, model: str) -> list[str]:
    return [
        v
        for v in results.summary.variants(model)
        if v not in BASELINES
        and any(results.summary.relative_to_retrain(model, v, metric) for metric in MEASURES)
    ]


def _limits(results: Results, panels: list) -> tuple[float, float]:
    costs = [
        results.summary.relative_to_retrain(model, v, metric)
        for model, methods in panels
        for v in methods
        for metric in MEASURES
    ]
    values = [1.0, *(e.value for e in costs if e is not None and e.value > 0)]
    values += [v for e in costs if e is not None for _, v in e.seeds if v > 0]
    low = math.floor(math.log10(min(values)) - 0.3)
    return 10.0**low, 10.0 ** math.ceil(math.log10(max(values)) + 0.2)
