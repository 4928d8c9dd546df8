"""How figures look and how they are saved: one style, one colour per variant, the same bytes.

Colours are those of Okabe and Ito (2008), distinguishable with every common form of colour-vision
deficiency; members and non-members have a purple and an orange of their own and differ in shape.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, NullLocator

from qmu.tables.files import atomic

if TYPE_CHECKING:
    from qmu.report.evidence.results import Results

INK, QUIET, GRID = "#1f2328", "#57606a", "#d8dee4"
GAP = "#eceaf2"
EMPTY = "nothing to show"
MEMBER, NON_MEMBER = "#542788", "#d9730d"

# Behind text that may stand on a line: legible, and far smaller in an SVG than outlined glyphs.
BACKING = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.4}

TARGET, RETRAIN = INK, "#009e73"
BAND = "#cfeee4"
"""What lies within the interval of retraining itself."""
CONTROLS = ("#8a8f98", "#5f6f61")
METHODS = (
    *("#d55e00", "#0072b2", "#c2559b", "#e69f00", "#56b4e9", "#6a3d9a"),
    *("#8c6d1f", "#117733", "#aa4466", "#44aa99", "#332288"),
)
DASHED = {"color": QUIET, "linewidth": 1, "linestyle": (0, (4, 3))}
"""A line to compare with: guessing, an ideal value, the cost of retraining."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9.5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.4,
    "figure.facecolor": "white",
    "figure.dpi": 100,
    "savefig.dpi": 150,
    "svg.hashsalt": "qmu",
    "svg.fonttype": "path",
}

Arguments = ParamSpec("Arguments")


def styled(function: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Run a figure's function under this style, whatever the user's matplotlibrc says."""

    @functools.wraps(function)
    def inner(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        with matplotlib.rc_context():
            _apply()
            return function(*args, **kwargs)

    return inner


def grid(rows: int, columns: int, width: float, height: float, **options: object) -> tuple:
    """A Figure of ``width`` x ``height`` inches and its axes, an array (rows, columns)."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.05)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def blocks(
    heads: Sequence[str], heights: Sequence[float], width: float, top: float = 0.5
) -> tuple[Figure, list[SubFigure]]:
    """A Figure of ``width`` inches with one titled part per entry of ``heads``, one below the
    other, of ``heights`` inches; ``top`` inches are left for the legend."""
    figure = Figure(figsize=(width, top + sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.05, wspace=0.01, hspace=0.04)
    parts = figure.subfigures(len(heads), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, head in zip(parts, heads, strict=True):
        part.suptitle(head, x=0.008, ha="left", fontsize=12, fontweight="bold")
    return figure, list(parts)


def wrapped(count: int, most: int) -> tuple[int, int]:
    """(rows, columns) that hold ``count`` panels with at most ``most`` in a row, evenly."""
    rows = -(-count // most)
    return rows, -(-count // rows)


def colours(results: Results) -> dict[str, str]:
    """Variant -> colour, the same in every figure: target, retrain and controls have colours of
    their own, the methods take theirs in the order of the experiment."""
    palette = {"target": TARGET, "retrain": RETRAIN}
    grey, bright = itertools.cycle(CONTROLS), itertools.cycle(METHODS)
    for variant in results.variants:
        if variant not in palette:
            palette[variant] = next(grey if results.is_control(variant) else bright)
    return palette


@styled
def nothing(message: str) -> Figure:
    """A figure that says why it is empty."""
    figure, axes = grid(1, 1, 6, 1.2)
    axes[0, 0].set_axis_off()
    axes[0, 0].text(0.5, 0.5, message, ha="center", va="center", color=QUIET)
    figure.set_label(EMPTY)
    return figure


def is_empty(figure: Figure) -> bool:
    """Whether a figure is one of `nothing`: pages leave it out."""
    return figure.get_label() == EMPTY


def plain_log(ax: Axes, which: str, unit: str = "") -> None:
    """Label the decades of a logarithmic axis 0.01, 0.1, 1 instead of powers of ten."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}{unit}"))
    axis.set_minor_locator(NullLocator())


def signed(value: float) -> str:
    """A tick of a difference: ``+0.1``, ``0``, or with a true minus sign."""
    return f"{value:+.3g}".replace("-", "−") if abs(value) > 1e-12 else "0"


def room(ax: Axes, values: Sequence[float], ends: Sequence[float], margin: float) -> None:
    """Limits of the vertical axis: every value with a ``margin`` (a share of their span), and of
    the intervals' ``ends`` what does not reach far beyond."""
    low, high = min(values), max(values)
    span = margin * max(high - low, 1e-3)
    ax.set_ylim(max(min(ends) - 0.1 * span, low - span), min(max(ends) + 0.1 * span, high + span))


def bare(ax: Axes) -> None:
    """Keep horizontal dot plots quiet: no vertical axis line, no row ticks."""
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)


def save(figure: Figure, stem: str | Path) -> tuple[Path, Path]:
    """Write ``stem``.svg and ``stem``.png; the same figure gives the same bytes."""
    stem = Path(stem)
    paths = stem.with_name(f"{stem.name}.svg"), stem.with_name(f"{stem.name}.png")
    with matplotlib.rc_context():
        _apply()
        # Settle the layout once, for both files. The canvases are called directly: savefig draws
        # every figure twice.
        figure.get_layout_engine().execute(figure)
        figure.set_layout_engine("none")
        with atomic(paths[0]) as temporary:
            FigureCanvasSVG(figure).print_svg(temporary, metadata={"Date": None})
        figure.dpi = STYLE["savefig.dpi"]
        with atomic(paths[1]) as temporary:
            FigureCanvasAgg(figure).print_png(temporary, metadata={"Software": None})
    return paths


def _apply() -> None:
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)
