"""The central picture: what an attack says of members, and of rows nobody trained on.

The published metric is the purple dot alone (Su et al. 2025, arXiv:2509.06086). The orange one is
the same attack on comparable rows that the model never saw; only the gap between the two
speaks of membership.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results

WIDTH = 10.8
FEW, MOST = 3, 5
"""Up to FEW attacks have large panels in one row; more stand in rows of up to MOST small ones."""


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model, one panel per attack; both rates per variant with intervals."""
    summary = results.summary
    measured = {m: summary.attacks_with(m, "mia_success", "forget_train") for m in summary.models}
    shown = {model: attacks for model, attacks in measured.items() if attacks}
    if not shown:
        return theme.nothing("No attack was scored.")
    small = max(map(len, shown.values())) > FEW
    heights = [
        0.75 + theme.wrapped(len(attacks), MOST)[0] * _height(results, model, small)
        for model, attacks in shown.items()
    ]
    figure, parts = theme.blocks(list(shown), heights, WIDTH, 0.6)
    for part, (model, attacks) in zip(parts, shown.items(), strict=True):
        _block(part, results, model, attacks, small)
    explained = [dots.interval(results.confidence_level)]
    dots.legend(
        figure,
        [
            *dots.members_and_others(),
            Patch(color=theme.GAP, label="the gap: what the attack can tell"),
            *(explained if small else dots.seeds_and_interval(results.confidence_level)),
        ],
        columns=4 if small else 3,
    )
    return figure


def _height(results: Results, model: str, small: bool) -> float:
    count = len(results.summary.variants(model))
    return 0.34 + count * (0.31 if small else 1.5 * dots.ROW)


def _block(part: SubFigure, results: Results, model: str, attacks: list, small: bool) -> None:
    rows, columns = theme.wrapped(len(attacks), MOST)
    axes = part.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for ax, attack in zip(axes.flat, attacks, strict=False):
        _panel(ax, results, model, attack, small)
    for ax in axes.flat[len(attacks) :]:
        ax.set_axis_off()
    for column in axes.T:
        lowest = [ax for ax in column if ax.axison][-1]
        lowest.tick_params(labelbottom=True)
    part.supxlabel("share of the forget set called “member”", fontsize=9.5)


def _panel(ax: Axes, results: Results, model: str, attack: str, small: bool) -> None:
    size = dots.SMALL if small else dots.LARGE
    dots.called_members(ax, results, results.summary, model, attack, size)
    published = " (published)" if attack == results.published_attack else ""
    ax.set_title(f"{attack}{published}", fontsize=9 if small else 10.5)
    if small:
        ax.tick_params(labelsize=7.8)
