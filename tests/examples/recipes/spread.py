"""How far apart the variants' accuracies are, one bar per model."""

from matplotlib.figure import Figure
from qmu.report.drawing import theme
from qmu.report.evidence.results import Results


@theme.styled
def draw(results: Results) -> Figure:
    """One bar per model."""
    figure, axes = theme.grid(1, 1, 6.0, 2.0)
    models = list(results.summary.models)
    axes[0, 0].barh(models, [len(results.summary.variants(model)) for model in models])
    return figure
