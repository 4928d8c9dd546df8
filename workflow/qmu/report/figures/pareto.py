"""Distance to retraining, what the strongest attack still finds, and cost: who is on the front."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
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
# Left, low, right, top.
Box = tuple[float, float, float, float]
# Where a name may stand beside its marker, in points: near first. One letter's size, likewise.
OFFSETS = tuple(
    (side * across, up)
    for across, ups in ((7, (5, -9)), (10, (-2, 14, -18)), (16, (24, -28, 34, -38)))
    for up in ups
    for side in (1, -1)
)
LETTER = (5.0, 10.0)


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
    found = Line2D([], [], color=theme.RETRAIN, linewidth=1.2, label="found of retrained models")
    dots.legend(figure, [*entries, floor, found], columns=3)
    return figure


def _panel(ax: Axes, results: Results, model: str, ranked: tuple[Ranked, ...]) -> None:
    floor, leakage = retrained(
        results.summary, model, results.attacks_at_half, results.confidence_level
    )
    if floor is not None:
        ax.axvspan(0, floor.value, color=theme.BAND, linewidth=0, zorder=0)
    if leakage is not None:
        ax.axhline(leakage.value, color=theme.RETRAIN, linewidth=1.2, zorder=1)
    _limits(ax, ranked, floor.value if floor else 0.0, leakage.value if leakage else 0.0)
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
    named = [one for one in ranked if one.front or one.ranks is None]
    places = _places(ax, [_point(one) for one in ranked], named)
    for one, (dx, dy) in zip(named, places, strict=True):
        ax.annotate(
            one.variant,
            _point(one),
            xytext=(dx, dy),
            textcoords="offset points",
            ha="left" if dx > 0 else "right",
            va="bottom",
            fontsize=8.5,
            color=theme.QUIET if one.ranks is None else theme.INK,
            zorder=5,
        )
    ax.set_title(model)
    ax.set_xlabel("distance to retraining (nats)")
    ax.set_ylabel("strongest attack: |AUC − ½|")


def _point(one: Ranked) -> tuple[float, float]:
    return one.cells["distance"].value, one.cells["leakage"].value


def _places(
    ax: Axes, markers: Sequence[tuple[float, float]], named: Sequence[Ranked]
) -> list[tuple[float, float]]:
    """An offset for every name, so that it covers the fewest markers and earlier names."""
    scale = 72 / ax.figure.dpi
    at = [tuple(scale * ax.transData.transform(point)) for point in markers]
    boxes = [(x - 4, y - 4, x + 4, y + 4) for x, y in at]
    chosen = []
    for one in named:
        x, y = scale * ax.transData.transform(_point(one))
        width = LETTER[0] * len(one.variant)

        def box(offset: tuple[float, float], x: float = x, y: float = y, w: float = width) -> Box:
            left = x + offset[0] - (0 if offset[0] > 0 else w)
            return left, y + offset[1], left + w, y + offset[1] + LETTER[1]

        best = min(OFFSETS, key=lambda offset: sum(_overlap(box(offset), b) for b in boxes))
        chosen.append(best)
        boxes.append(box(best))
    return chosen


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(up, 0.0)


def _limits(ax: Axes, ranked: tuple[Ranked, ...], floor: float, leakage: float) -> None:
    """Room for every mean and name; an interval may be cut."""
    far = max([floor, *(one.cells["distance"].value for one in ranked)])
    ax.set_xlim(0, 1.25 * far)
    top = max([leakage, *(one.cells["leakage"].value for one in ranked)])
    ax.set_ylim(-0.01, min(0.52, 1.25 * top + 0.03))


def _colour(one: Ranked) -> str:
    cost = one.cells["cost"].value
    return next(colour for limit, colour, _ in COSTS if cost < limit or limit > 1)
