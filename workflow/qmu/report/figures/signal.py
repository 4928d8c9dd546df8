"""What a backend leaves of every model's signal, against the gates that the embedding costs.

More layers embed an image better and cost gates, each of which costs signal: the slope of noisy
against exact expectation values falls, and the shots that make up for it grow as 1 / slope**2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, NullLocator

from qmu.metrics.intervals import clopper_pearson
from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results
from qmu.report.evidence.signal import Embedding

WIDTH, HEIGHT = 10.8, 3.7
# Accuracy -> name in the legend, colour, marker, filled, and how far aside it is drawn.
CURVES = {
    "ideal": ("ideal circuit", theme.INK, "o", False, -0.3),
    "embedded": ("this embedding, no noise", "#009e73", "s", False, -0.15),
    "noisy": ("noise, exact values", "#d55e00", "v", True, 0.0),
    "corrected": ("noise corrected, exact values", "#0072b2", "^", False, 0.15),
    "sampled": ("noise corrected, {shots:,} shots", "#0072b2", "D", True, 0.3),
}
SLOPE, CORRELATION = "#0072b2", "#d9730d"
GAP = float("nan")


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model: slope and correlation, shots to make up for it, accuracies."""
    shown = {
        model: _distinct(one for one in embeddings if one.slope is not None)
        for model, embeddings in results.signal.items()
    }
    shown = {model: embeddings for model, embeddings in shown.items() if embeddings}
    if not shown:
        return theme.nothing("What a backend leaves of the signal was not measured.")
    first = next(iter(shown.values()))[0]
    heads = [f"{model} on {one[0].backend}" for model, one in shown.items()]
    figure, parts = theme.blocks(heads, [HEIGHT] * len(shown), WIDTH, 0.7)
    for part, embeddings in zip(parts, shown.values(), strict=True):
        _block(part, embeddings, results.confidence_level)
    handles = [
        dots.marker("slope", SLOPE),
        dots.marker("correlation", CORRELATION, "s"),
        *(
            dots.marker(name.format(shots=first.shots), colour, shape, filled)
            for name, colour, shape, filled, _ in CURVES.values()
        ),
        dots.interval(results.confidence_level),
    ]
    dots.legend(figure, handles, columns=4)
    return figure


def _distinct(embeddings: Iterable[Embedding]) -> list[Embedding]:
    """Each embedding once: the bound may have found a number of layers that was asked for."""
    once: dict[tuple[str, int], Embedding] = {}
    for one in embeddings:
        key = (one.name, one.layers)
        if key not in once or one.limit is not None:
            once[key] = one
    return list(once.values())


def _block(part: SubFigure, embeddings: Sequence[Embedding], confidence: float) -> None:
    left, middle, right = part.subplots(1, 3, width_ratios=[1, 1, 1.5])
    style = {"markersize": 5, "linewidth": 1.2}
    places = range(len(embeddings))
    for name, colour, shape in (("slope", SLOPE, "-o"), ("correlation", CORRELATION, "-s")):
        values = [getattr(one, name) for one in embeddings]
        left.plot(places, values, shape, color=colour, **style)
    left.set_ylim(min(-0.03, left.get_ylim()[0]), 1.05)
    left.set_ylabel("noisy against exact ⟨Z⟩")
    factors = [GAP if one.shots_factor is None else one.shots_factor for one in embeddings]
    middle.plot(places, factors, "-o", color=theme.INK, **style)
    middle.set_yscale("log")
    middle.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}×"))
    middle.yaxis.set_minor_locator(NullLocator())
    middle.set_ylabel("shots to make up for the slope")
    for place, one in enumerate(embeddings):
        _accuracies(right, place, one, confidence)
    right.set_ylim(-0.03, 1.05)
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: dots.percent(value)))
    right.set_ylabel(f"accuracy, {embeddings[0].samples} test rows")
    for ax in (left, middle, right):
        ax.set_xticks(places, [f"{one.gates}\n{one.label}" for one in embeddings])
        ax.set_xlim(-0.5, len(embeddings) - 0.5)
        ax.grid(axis="x", visible=False)
    middle.set_xlabel("two-qubit gates (below: layers; * fewest within the bound)")


def _accuracies(ax: Axes, place: int, one: Embedding, confidence: float) -> None:
    """The accuracies of one embedding side by side, with binomial intervals."""
    for kind, (_, colour, shape, filled, aside) in CURVES.items():
        value = one.accuracy[kind]
        limits = clopper_pearson(round(value * one.samples), one.samples, confidence)
        x = place + aside
        ax.plot([x, x], limits, color=colour, linewidth=1.2, zorder=2)
        face = colour if filled else "white"
        ax.plot(x, value, shape, color=colour, markerfacecolor=face, markersize=4.5, zorder=4)
