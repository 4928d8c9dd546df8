"""Distance to retraining, what the strongest attack still finds, and cost: who is on the front."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from qmu.report.drawing import dots, theme
from qmu.report.evidence.ranking import Ranked, retrained
from qmu.report.evidence.results import Results

# Cost below so many retrainings -> colour and words; the last has no limit.
COSTS = (
    (0.01, "#f0c14b", "cost below 1% of retraining"),
    (0.1, "#56b4e9", "below 10%"),
    (1.0, "#0072b2", "below 100%"),
    (float("inf"), "#882255", "dearer than retraining"),
)
# Labels of neighbours take turns above and below their marker, points.
OFFSETS = ((7, 7), (7, -13), (-7, 9), (-7, -15))


@theme.styled
def draw(results: Results) -> Figure:
    """One panel per model: distance by leakage, the colour by cost; the front is named."""
    panels = [(m, rows) for m in results.summary.models if (rows := results.ranking(m))]
    if not panels:
        return theme.nothing("No method has a distance to retraining, an attack's AUC and a cost.")
    rows, columns = theme.wrapped(len(panels), 2)
    width = 10.4 if columns == 2 else 7.2
    figure, axes = theme.grid(rows, columns, width, 1.1 + 3.9 * rows)
    for ax, (model, ranked) in zip(axes.flat, panels, strict=False):
        _panel(ax, results, model, ranked)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    entries = [dots.marker(words, colour) for _, colour, words in COSTS]
    entries.append(dots.marker("control", theme.CONTROLS[0], "X"))
    floor = Patch(color=theme.BAND, label="within the retrain-to-retrain floor")
    dots.legend(figure, [*entries, floor], columns=3)
    return figure


def _panel(ax: Axes, results: Results, model: str, ranked: tuple[Ranked, ...]) -> None:
    floor, leakage = retrained(results.summary, model, results.confidence_level)
    if floor is not None:
        ax.axvspan(0, floor.value, color=theme.BAND, linewidth=0, zorder=0)
    if leakage is not None:
        ax.axhline(leakage.value, color=theme.RETRAIN, linewidth=1.2, zorder=1)
    named = 0
    for one in sorted(ranked, key=lambda r: (r.cells["distance"].value, r.variant)):
        x, y = one.cells["distance"].value, one.cells["leakage"].value
        (left, right), (low, high) = (one.cells[n].interval for n in ("distance", "leakage"))
        ax.plot([left, right], [y, y], color=theme.GRID, linewidth=1.2, zorder=2)
        ax.plot([x, x], [low, high], color=theme.GRID, linewidth=1.2, zorder=2)
        control = one.ranks is None
        ax.scatter(
            [x],
            [y],
            s=52 if one.front else 28,
            marker="X" if control else "o",
            color=theme.CONTROLS[0] if control else _colour(one),
            edgecolor=theme.INK if one.front else "white",
            linewidth=1.2 if one.front else 0.6,
            zorder=4 if one.front else 3,
        )
        if one.front or control:
            dx, dy = OFFSETS[named % len(OFFSETS)]
            named += 1
            ax.annotate(
                one.variant,
                (x, y),
                xytext=(dx, dy),
                textcoords="offset points",
                ha="left" if dx > 0 else "right",
                fontsize=8.5,
                color=theme.QUIET if control else theme.INK,
                bbox=theme.BACKING,
                zorder=2.5,
            )
    _limits(ax, ranked, floor.value if floor else 0.0, leakage.value if leakage else 0.0)
    ax.set_title(model)
    ax.set_xlabel("distance to retraining (nats)")
    ax.set_ylabel("strongest attack: |AUC − ½|")


def _limits(ax: Axes, ranked: tuple[Ranked, ...], floor: float, leakage: float) -> None:
    """Room for every mean and name; an interval may be cut."""
    far = max([floor, *(one.cells["distance"].value for one in ranked)])
    ax.set_xlim(0, 1.25 * far)
    top = max([leakage, *(one.cells["leakage"].value for one in ranked)])
    ax.set_ylim(-0.01, min(0.52, 1.25 * top + 0.03))


def _colour(one: Ranked) -> str:
    cost = one.cells["cost"].value
    return next(colour for limit, colour, _ in COSTS if cost < limit or limit > 1)
