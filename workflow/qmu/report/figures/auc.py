"""How well each attack ranks members above comparable non-members: the area under its ROC curve.

One half is chance, but not for every attack what perfect unlearning reads: rows of attacks that
find the deletion itself are starred, and are to be read against ``retrain``. Far below one half is
leakage too: the attack is right when it is inverted. A cell is coloured only where its whole
interval lies on one side of one half.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch, Rectangle

from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import Cell

POPULATIONS = {"forget_train": "forget set", "retain_train": "retained data"}
CHANCE = 0.5
CELL = 0.37
WIDTH = 10.8

# Brown and teal: told apart with every common form of colour-vision deficiency, neither of them a
# colour of members, non-members or a variant.
SCALE = LinearSegmentedColormap.from_list(
    "leak", ["#01665e", "#80cdc1", "#ffffff", "#dfc27d", "#8c510a"]
)


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model: attacks down the side, variants across, both populations."""
    shown = {m: attacks for m in results.summary.models if (attacks := _attacks(results, m))}
    if not shown:
        return theme.nothing("No AUC was measured.")
    heights = [1.35 + CELL * len(attacks) for attacks in shown.values()]
    figure, parts = theme.blocks(list(shown), heights, WIDTH, 0.4)
    for part, (model, attacks) in zip(parts, shown.items(), strict=True):
        _block(part, results, model, attacks)
    dots.legend(
        figure,
        [
            Patch(color=shade(0.72), label="above 0.5: members score higher"),
            Patch(color=shade(0.28), label="below 0.5: leaks when inverted"),
            Patch(facecolor="white", edgecolor=theme.GRID, label="interval holds 0.5"),
        ],
    )
    return figure


def leaks(estimate: Cell) -> bool:
    """Whether the interval lies wholly on one side of one half."""
    low, high = estimate.low, estimate.high
    return low is not None and high is not None and (low > 0.5 or high < 0.5)


def shade(value: float) -> str:
    """The colour of an AUC that differs from chance, deepest from 0.85 up and from 0.15 down."""
    return to_hex(SCALE(0.5 + (value - 0.5) / 0.7))


def _block(part: SubFigure, results: Results, model: str, attacks: list[str]) -> None:
    splits = [s for s in POPULATIONS if results.summary.attacks_with(model, "auc", s)]
    axes = part.subplots(1, len(splits), squeeze=False, sharey=True)[0]
    for ax, split in zip(axes, splits, strict=True):
        _table(ax, results, model, attacks, split)
        ax.set_title(POPULATIONS[split], fontsize=10, pad=8)


def _table(ax: Axes, results: Results, model: str, attacks: list[str], split: str) -> None:
    variants = results.summary.variants(model)
    for row, attack in enumerate(attacks):
        for column, variant in enumerate(variants):
            estimate = results.summary.get(model, variant, "auc", split, attack)
            _draw_cell(ax, row, column, estimate)
    ax.set_xlim(-0.5, len(variants) - 0.5)
    ax.set_ylim(len(attacks) - 0.5, -0.5)
    ax.set_yticks(range(len(attacks)), [label(results, attack) for attack in attacks])
    ax.set_xticks(range(len(variants)), dots.labels(results, variants))
    ax.tick_params(length=0, labelsize=8.5)
    ax.tick_params(axis="x", labelsize=7.8)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def label(results: Results, attack: str) -> str:
    """Starred where a perfectly retrained model does not read one half by the attack's card."""
    known = attack in results.cards.attacks
    return f"{attack} *" if known and results.expected_area(attack) != CHANCE else attack


def _draw_cell(ax: Axes, row: int, column: int, estimate: Cell | None) -> None:
    marked = estimate is not None and leaks(estimate)
    ax.add_patch(
        Rectangle(
            (column - 0.48, row - 0.46),
            0.96,
            0.92,
            facecolor=shade(estimate.value) if marked else "white",
            edgecolor=theme.GRID,
            linewidth=0.7,
        )
    )
    if estimate is None:
        ax.text(column, row, "–", ha="center", va="center", color=theme.QUIET)
        return
    dark = marked and abs(estimate.value - 0.5) > 0.25
    ink = "white" if dark else theme.INK if marked else theme.QUIET
    style = {"ha": "center", "color": ink}
    weight = "bold" if marked else "normal"
    if None in (estimate.low, estimate.high):
        ax.text(column, row, f"{estimate.value:.2f}", va="center", fontsize=9, **style)
        return
    ax.text(
        column, row - 0.16, f"{estimate.value:.2f}", va="center", fontsize=9, weight=weight, **style
    )
    interval = f"{estimate.low:.2f}–{estimate.high:.2f}"
    ax.text(column, row + 0.24, interval, va="center", fontsize=6.6, **style)


def _attacks(results: Results, model: str) -> list[str]:
    measured = {s: results.summary.attacks_with(model, "auc", s) for s in POPULATIONS}
    return [a for a in results.summary.attacks if any(a in of for of in measured.values())]
