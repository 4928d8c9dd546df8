"""The published attack and the strongest one on every device, side by side.

The form of the paper's hardware table (Su et al. 2025, arXiv:2509.06086): success before and after
each method, in simulation, under noise, on a quantum computer. Beside each success stands the same
attack's rate on images that no model was trained on.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import Summary

WIDTH = 10.8


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model: a column per device, upper row success, lower row AUC."""
    devices, attack = results.devices, results.published_attack
    if not devices or attack is None:
        return theme.nothing("No further device was asked.")
    counts = [len(results.summary.variants(model)) for model in devices.models]
    heights = [1.7 + 2 * count * 0.31 for count in counts]
    figure, parts = theme.blocks(devices.models, heights, WIDTH, 0.4)
    for part, model in zip(parts, devices.models, strict=True):
        _block(part, results, model, attack)
    dots.legend(figure, [*dots.members_and_others(), dots.interval(results.confidence_level)])
    return figure


def _block(part: SubFigure, results: Results, model: str, attack: str) -> None:
    devices = results.devices
    strongest = devices.strongest(model)
    rows = 1 if strongest is None else 2
    axes = part.subplots(rows, len(devices.places), squeeze=False, sharey=True)
    for column, (place, summary) in enumerate(devices.places.items()):
        dots.called_members(axes[0, column], results, summary, model, attack, dots.SMALL)
        axes[0, column].set_title(place, fontsize=9.5)
        if strongest is not None:
            _area(axes[1, column], results, summary, model, strongest)
    for ax in axes.flat:
        ax.tick_params(labelsize=7.8)
    middle = axes[0, len(devices.places) // 2]
    middle.set_xlabel(f"share called “member” by {attack}", fontsize=9)
    if strongest is not None:
        axes[1, len(devices.places) // 2].set_xlabel(f"AUC of {strongest}", fontsize=9)


def _area(ax: Axes, results: Results, summary: Summary, model: str, attack: str) -> None:
    variants = results.summary.variants(model)
    cells = {v: summary.get(model, v, "auc", "forget_train", attack) for v in variants}
    ax.set_xlim(0.28, 1.02)
    ax.set_xticks([0.3, 0.5, 0.7, 0.9])
    series = [dots.Series(cells, colour=theme.INK)]
    dots.panel(ax, results, variants, series, "{:.2f}".format, dots.SMALL)
    dots.reference(ax, 0.5)
