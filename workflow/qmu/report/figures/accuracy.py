"""Accuracy of every variant on the four splits: forgotten and retained, trained on and not."""

from __future__ import annotations

from matplotlib.figure import Figure

from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import SPLITS


@theme.styled
def draw(results: Results) -> Figure:
    """Rows: models; columns: splits."""
    summary = results.summary
    models = [m for m in summary.models if _variants(results, m)]
    if not models:
        return theme.nothing("No accuracy was measured.")
    rows = [len(_variants(results, model)) for model in models]
    figure, axes = theme.grid(
        len(models),
        len(SPLITS),
        10.4,
        0.9 + sum(dots.ROW * n + 0.7 for n in rows),
        sharex=True,
        height_ratios=[n + 1.0 for n in rows],
    )
    for row, model in zip(axes, models, strict=True):
        variants = _variants(results, model)
        for ax, (split, title) in zip(row, SPLITS.items(), strict=True):
            cells = {v: summary.get(model, v, "accuracy", split) for v in variants}
            dots.rate_axis(ax)
            dots.panel(ax, results, variants, [dots.Series(cells)], dots.percent)
            ax.label_outer(remove_inner_ticks=True)
            if ax in axes[0]:
                ax.set_title(title)
        row[0].set_ylabel(model, fontweight="bold", fontsize=11)
    for ax in axes[-1]:
        ax.set_xlabel("accuracy")
    dots.legend(figure, dots.seeds_and_interval(results.confidence_level))
    return figure


def _variants(results: Results, model: str) -> list[str]:
    get = results.summary.get
    variants = results.summary.variants(model)
    return [v for v in variants if any(get(model, v, "accuracy", split) for split in SPLITS)]
