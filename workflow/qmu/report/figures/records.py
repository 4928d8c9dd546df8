"""Which attack finds which record: combinations of attacks on the original, and what unlearning
leaves of each attack's finds.

Left an UpSet plot (Lex, Gehlenborg, Strobelt, Vuillemot and Pfister 2014, IEEE TVCG 20): a column
per combination of attacks, a bar for the records that these and no others find. Right, in the same
rows, the finds of every attack on every variant, the most on each in bold.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from qmu.report.drawing import dots, theme
from qmu.report.evidence.records import Finds
from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import baselines_first
from qmu.variants import TARGET

MOST = 12
"""Combinations that are shown; where there are fewer than `FEWEST`, their room stays."""
FEWEST = 6
ROW, BARS, WIDTH = 0.27, 1.35, 10.8
STRIPE = "#f6f7f9"
SCALE = LinearSegmentedColormap.from_list("found", ["#ffffff", "#c9bbdd", theme.MEMBER])
LEVEL = 6
"""Variants whose names stand side by side; those of more stand upright."""
DARK = 0.5
"""From this share of the forget set on, a cell's text is white."""


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model: combinations on the original, then attacks by variants."""
    shown = {m: finds for m in results.summary.models if (finds := results.records.of(m))}
    if not shown:
        return theme.nothing("No attack finds a single record.")
    attacks = {model: _attacks(finds) for model, finds in shown.items()}
    heights = [1.1 + BARS + ROW * len(names) for names in attacks.values()]
    figure, parts = theme.blocks(list(shown), heights, WIDTH, 0.1)
    for part, (model, finds) in zip(parts, shown.items(), strict=True):
        _block(part, results, finds, attacks[model])
    return figure


def _attacks(finds: dict[str, Finds]) -> list[str]:
    """The attacks that find anything, by what they find on the original, then on all variants."""
    counts = {variant: found.by_attack() for variant, found in finds.items()}
    names = {name for of in counts.values() for name in of}
    first = counts.get(TARGET, {})

    def rank(name: str) -> tuple[float, float, str]:
        return -first.get(name, 0.0), -sum(of.get(name, 0.0) for of in counts.values()), name

    return sorted(names, key=rank)


def _block(part: SubFigure, results: Results, finds: dict[str, Finds], attacks: list[str]) -> None:
    variants = baselines_first(finds)
    sets = dict(finds[TARGET].by_set()) if TARGET in finds else {}
    columns = list(sets)[:MOST]
    places = part.add_gridspec(
        2,
        2,
        height_ratios=(BARS, ROW * len(attacks)),
        width_ratios=(max(len(columns), FEWEST), 1.75 * len(variants)),
    )
    matrix = part.add_subplot(places[1, 0])
    bars = part.add_subplot(places[0, 0], sharex=matrix)
    table = part.add_subplot(places[1, 1], sharey=matrix)
    _bars(bars, [sets[names] for names in columns], len(sets))
    bars.set_title(_title(finds.get(TARGET), sets), fontsize=10, pad=10)
    _matrix(matrix, columns, attacks)
    _table(table, results, finds, variants, attacks)


def _title(found: Finds | None, sets: dict) -> str:
    """How many records of the original are found."""
    if found is None or not sets:
        return f"{TARGET}: no record is found"
    return f"{TARGET}: {number(sum(sets.values()))} of {number(found.members)} records found"


def number(value: float) -> str:
    """A mean of the seeds with one decimal, a whole number as one."""
    return f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.1f}"


def _bars(ax: Axes, heights: list[float], combinations: int) -> None:
    ax.bar(range(len(heights)), heights, width=0.62, color=theme.MEMBER)
    for place, height in enumerate(heights):
        ax.text(place, height, number(height), ha="center", va="bottom", fontsize=8)
    if combinations > len(heights):
        note = f"{len(heights)} of {combinations} combinations"
        style = {"ha": "right", "va": "top", "fontsize": 8, "color": theme.QUIET}
        ax.text(1.0, 0.97, note, transform=ax.transAxes, **style)
    if not heights:
        ax.set_axis_off()
    ax.set_ylabel("records per seed", fontsize=8.5)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.set_ylim(0, 1.12 * max(heights, default=1.0))
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.tick_params(axis="y", labelsize=8)
    ax.grid(axis="x", visible=False)
    ax.spines["bottom"].set_visible(False)


def _matrix(ax: Axes, columns: list[frozenset[str]], attacks: list[str]) -> None:
    width = max(len(columns), FEWEST)
    _stripes(ax, len(attacks), width)
    for place, names in enumerate(columns):
        rows = [row for row, attack in enumerate(attacks) if attack in names]
        ax.plot([place] * len(attacks), range(len(attacks)), "o", color=theme.GRID, markersize=5.5)
        ax.plot([place] * len(rows), rows, "-o", color=theme.INK, markersize=6.5, linewidth=1.6)
    ax.set_xlim(-0.6, width - 0.4)
    ax.set_ylim(len(attacks) - 0.5, -0.5)
    ax.set_yticks(range(len(attacks)), attacks)
    ax.set_xticks([])
    _bare(ax)


def _table(
    ax: Axes,
    results: Results,
    finds: dict[str, Finds],
    variants: tuple[str, ...],
    attacks: list[str],
) -> None:
    for column, variant in enumerate(variants):
        found = finds[variant]
        counts = found.by_attack()
        most = max(counts.values(), default=0.0)
        for row, attack in enumerate(attacks):
            count = counts.get(attack, 0.0)
            share = count / found.members if found.members else 0.0
            corner = (column - 0.47, row - 0.45)
            ax.add_patch(
                Rectangle(corner, 0.94, 0.9, facecolor=shade(share), edgecolor=theme.GRID, lw=0.7)
            )
            ink = "white" if share >= DARK else theme.INK if count else theme.QUIET
            weight = "bold" if count and count == most else "normal"
            style = {"ha": "center", "va": "center", "fontsize": 8.5, "color": ink}
            ax.text(column, row, number(count), weight=weight, **style)
    ax.set_xlim(-0.5, len(variants) - 0.5)
    ax.set_xticks([])
    ax.tick_params(axis="y", labelleft=False)
    _heads(ax, dots.labels(results, variants))
    _bare(ax)


def _heads(ax: Axes, labels: list[str]) -> None:
    """The columns' names above the table: texts, for ticks there would part bars and dots."""
    style = {"textcoords": "offset points", "va": "bottom", "annotation_clip": False}
    upright = len(labels) > LEVEL
    for column, label in enumerate(labels):
        where = {"xytext": (0, 5), "ha": "center", "fontsize": 7.8, "rotation": 90 * upright}
        ax.annotate(label, (column, -0.5), **where, **style).set_in_layout(False)
    above = 70 if upright else 34
    title = {"xytext": (0, above), "ha": "left", "fontsize": 10, "weight": "bold"}
    ax.annotate("records found per seed", (-0.47, -0.5), **title, **style).set_in_layout(False)


def shade(share: float) -> str:
    """The colour of a share of the forget set."""
    return to_hex(SCALE(min(share, 1.0)))


def _stripes(ax: Axes, rows: int, width: int) -> None:
    for row in range(0, rows, 2):
        ax.add_patch(Rectangle((-0.6, row - 0.5), width + 0.2, 1, facecolor=STRIPE, zorder=0))


def _bare(ax: Axes) -> None:
    ax.tick_params(length=0)
    ax.tick_params(axis="y", labelsize=8.5)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
