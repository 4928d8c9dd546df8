"""The pipeline as a picture: which kind of job feeds which."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from qmu.report.drawing import theme
from qmu.report.evidence.results import Results

STEP = 2.7
WIDTH, HEIGHT = 2.2, 0.66
FILL = {
    "data": "#e4ecf7",
    "training": "#fdf0d9",
    "unlearning": "#f9ddd2",
    "audit": "#e9e3f3",
    "result": "#dbf2ea",
}


@dataclass(frozen=True)
class Node:
    """A kind of job: its column and height, what it does, and which kinds it reads."""

    column: int
    y: float
    title: str
    note: str
    kind: str
    reads: tuple[str, ...] = ()

    @property
    def x(self) -> float:
        return STEP * self.column


NODES = {
    "data": Node(0, 2.0, "data", "images, PCA, splits", "data"),
    "shadows": Node(1, 3.0, "shadows", "members known", "training", ("data",)),
    "target": Node(1, 2.0, "target", "trained on everything", "training", ("data",)),
    "retrain": Node(1, 1.0, "retrain", "without the forget set", "training", ("data",)),
    "further": Node(1, 0.1, "more retrained", "ladder, innocent edits", "training", ("data",)),
    "attack": Node(2, 3.0, "attacks", "fitted, then frozen", "audit", ("shadows", "target")),
    "unlearn": Node(2, 1.5, "unlearn", "one job per method", "unlearning", ("target", "shadows")),
    "score": Node(
        3,
        2.0,
        "score",
        "each group attacked",
        "audit",
        ("attack", "target", "unlearn", "retrain", "further"),
    ),
    "summary": Node(4, 2.0, "summary", "rates, AUC, cost", "result", ("score", "further")),
    "report": Node(4, 0.55, "report", "figures, tables, HTML", "result", ("summary",)),
}


@theme.styled
def draw(results: Results | None = None) -> Figure:
    """Boxes in five columns; lines run right and join before the box that reads them."""
    figure, axes = theme.grid(1, 1, 10.0, 3.5)
    ax = axes[0, 0]
    ax.set_axis_off()
    ax.set_xlim(-WIDTH / 2 - 0.1, 4 * STEP + WIDTH / 2 + 0.1)
    ax.set_ylim(0.1 - HEIGHT / 2 - 0.08, 3.0 + HEIGHT / 2 + 0.08)
    for node in NODES.values():
        for source in node.reads:
            _line(ax, NODES[source], node)
        _box(ax, node)
    return figure


def _box(ax: Axes, node: Node) -> None:
    corner = (node.x - WIDTH / 2, node.y - HEIGHT / 2)
    shape = "round,pad=0,rounding_size=0.09"
    ax.add_patch(
        FancyBboxPatch(
            corner,
            WIDTH,
            HEIGHT,
            boxstyle=shape,
            facecolor=FILL[node.kind],
            edgecolor=theme.QUIET,
            linewidth=0.9,
            zorder=3,
        )
    )
    centred = {"ha": "center", "va": "center", "zorder": 4}
    ax.text(node.x, node.y + 0.13, node.title, fontweight="bold", fontsize=11, **centred)
    ax.text(node.x, node.y - 0.15, node.note, fontsize=9, **centred)


def _line(ax: Axes, source: Node, node: Node) -> None:
    if source.column == node.column:
        _arrow(ax, (source.x, source.y - HEIGHT / 2), (node.x, node.y + HEIGHT / 2))
        return
    start, join, end = source.x + WIDTH / 2, node.x - STEP / 2, node.x - WIDTH / 2
    style = {"color": theme.QUIET, "linewidth": 1.1, "zorder": 2, "solid_joinstyle": "round"}
    ax.plot([start, join, join, end], [source.y, source.y, node.y, node.y], **style)
    _arrow(ax, (join, node.y), (end, node.y))


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": theme.QUIET, "linewidth": 1.1}
    ax.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0}, zorder=2)
