"""What unlearning costs in units of retraining: gradient evaluations, and seconds."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from qmu.report.drawing import dots, theme
from qmu.report.results.results import Results
from qmu.report.results.summary import Cell

MEASURES = {
    "gradient_evaluations": ("gradient evaluations", "o", True),
    "seconds": ("seconds, wall clock", "s", False),
}


def relative_to_retrain(evidence: Results, model: str, variant: str, metric: str) -> Cell | None:
    """The variant's cost over retraining's, per seed where both have the seed; None if unknown."""
    own = evidence.summary.get(model, variant, metric)
    base = evidence.summary.get(model, "retrain", metric)
    if own is None or base is None or base.value <= 0:
        return None
    of_seed = dict(base.seeds)
    pairs = tuple((s, v / of_seed[s]) for s, v in own.seeds if of_seed.get(s, 0) > 0)
    return Cell(own.value / base.value, seeds=pairs)


@theme.styled
def draw(evidence: Results) -> Figure:
    """One panel per model on a logarithmic axis; 1 is retraining, free variants sit at the edge."""
    summary = evidence.summary
    panels = [
        (model, methods) for model in summary.models if (methods := _methods(evidence, model))
    ]
    if not panels:
        return theme.nothing("No cost relative to retraining was measured.")
    most = max(len(methods) for _, methods in panels)
    figure, axes = theme.grid(
        len(panels), 1, 9.0, 1.0 + len(panels) * (1.35 * dots.ROW * most + 0.7), sharex=True
    )
    low, high = _limits(evidence, panels)
    for (model, methods), ax in zip(panels, axes[:, 0], strict=True):
        ax.set_xscale("log")
        ax.set_xlim(low, high)
        theme.plain_log(ax, "x", "×")
        _panel(ax, evidence, model, methods, low)
        ax.set_title(model)
    axes[-1, 0].set_xlabel("cost relative to retraining (dashed line: as dear as retraining)")
    dots.legend(
        figure,
        [dots.marker(name, theme.INK, shape, filled) for name, shape, filled in MEASURES.values()],
    )
    return figure


def _panel(ax, evidence: Results, model: str, methods: list[str], low: float) -> None:
    series = []
    for place, (metric, (name, shape, filled)) in enumerate(MEASURES.items()):
        found = {v: relative_to_retrain(evidence, model, v, metric) for v in methods}
        shown = {v: one for v, one in found.items() if one is not None and one.value > 0}
        series.append(dots.Series(name, shown, shape, filled))
        for row, method in enumerate(methods):
            if found[method] is not None and found[method].value == 0:
                ax.text(
                    low * 1.15,
                    row + 0.36 * (place - 0.5),
                    "none",
                    va="center",
                    fontsize=8.5,
                    color=theme.QUIET,
                )
    labels = [evidence.label(v, "\n") for v in methods]
    dots.panel(ax, methods, labels, series, text=factor)
    dots.reference(ax, 1.0)


def factor(value: float) -> str:
    """0.0123 -> 0.012x, with two digits."""
    return f"{value:.2g}×" if value < 99.5 else f"{value:.0f}×"


def _methods(evidence: Results, model: str) -> list[str]:
    return [
        v
        for v in evidence.summary.variants(model)
        if v not in ("target", "retrain")
        and any(relative_to_retrain(evidence, model, v, metric) for metric in MEASURES)
    ]


def _limits(evidence: Results, panels: list) -> tuple[float, float]:
    found = [
        relative_to_retrain(evidence, model, v, metric)
        for model, methods in panels
        for v in methods
        for metric in MEASURES
    ]
    values = [1.0, *(e.value for e in found if e is not None and e.value > 0)]
    values += [v for e in found if e is not None for _, v in e.seeds if v > 0]
    low = math.floor(math.log10(min(values)) - 0.3)
    return 10.0**low, 10.0 ** math.ceil(math.log10(max(values)) + 0.2)
