"""ROC curves on logarithmic axes: how many members an attack finds at few false alarms.

Low false-positive rates matter most (Carlini et al. 2022, arXiv:2112.03570). Below one in the
number of non-members nothing can be measured: there the panels are grey and the curves end.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from qmu.report.drawing import dots, theme
from qmu.report.results.results import Curve, Results
from qmu.variants import BASELINES

GROUP = "forget"
PANELS = 4
WIDTH = 10.8
UNRESOLVED = "#f0f1f3"


@theme.styled
def draw(results: Results) -> Figure:
    """One block per model, one panel per chosen attack, one line per variant; forget set."""
    shown = {m: attacks for m in results.summary.models if (attacks := chosen(results, m))}
    if not shown:
        return theme.nothing("No ROC curve was measured.")
    figure, parts = theme.blocks(list(shown), [3.1] * len(shown), WIDTH, 0.4)
    left, bottom = _limits(results)
    for part, (model, attacks) in zip(parts, shown.items(), strict=True):
        _block(part, results, model, attacks, (left, bottom))
    variants = list(dict.fromkeys(c.variant for c in results.curves))
    palette = theme.colours(results)
    handles = [
        Line2D([], [], color=palette[v], label=results.label(v), **_style(results, v))
        for v in variants
    ]
    guess = Line2D([], [], label="guessing", **theme.DASHED)
    dots.legend(figure, [*handles, guess], columns=8)
    return figure


def chosen(results: Results, model: str) -> list[str]:
    """The attacks that are drawn: the strongest on the target, those calibrated for each image (of
    one source the first), then the next strongest while there is room. Strength: distance of the
    AUC from one half."""
    present = dict.fromkeys(
        c.attack for c in results.curves if c.model == model and c.group == GROUP
    )
    areas = results.summary.areas(model, "target")
    ranked = sorted(present, key=lambda a: -abs(areas[a].value - 0.5) if a in areas else 0.0)
    cards, calibrated = results.cards.attacks, {}
    for attack in present:
        if attack in cards and cards[attack].calibrated:
            calibrated.setdefault(cards[attack].source, attack)
    wanted = dict.fromkeys([*ranked[:1], *calibrated.values(), *ranked[1:]])
    shown = list(wanted)[:PANELS]
    return [attack for attack in ranked if attack in shown]


def _block(
    part: SubFigure, results: Results, model: str, attacks: list[str], corner: tuple
) -> None:
    axes = part.subplots(1, PANELS, squeeze=False, sharex=True, sharey=True)[0]
    for ax, attack in zip(axes, attacks, strict=False):
        curves = [
            c for c in results.curves if (c.model, c.attack, c.group) == (model, attack, GROUP)
        ]
        _panel(ax, results, curves, corner)
        ax.set_title(attack)
        ax.set_xlabel("false-positive rate")
    for ax in axes[len(attacks) :]:
        ax.set_axis_off()
    axes[0].set_ylabel("true-positive rate")


def _panel(ax: Axes, results: Results, curves: list[Curve], corner: tuple[float, float]) -> None:
    left, bottom = corner
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(left, 1.0)
    ax.set_ylim(bottom, 1.15)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
        axis.set_minor_locator(NullLocator())
    lowest = min(curve.fpr[0] for curve in curves)
    ax.axvspan(left, lowest, color=UNRESOLVED, linewidth=0, zorder=0)
    ax.text(
        0.97,
        0.04,
        f"grey: below {100 * lowest:.2g}%,\nnot resolvable",
        transform=ax.transAxes,
        ha="right",
        fontsize=7.5,
        color=theme.QUIET,
        bbox=theme.BACKING,
        zorder=6,
    )
    guess = np.array([left, 1.0])
    ax.plot(guess, guess, zorder=1, **theme.DASHED)
    palette = theme.colours(results)
    for curve in curves:
        colour, known = palette[curve.variant], curve.variant in BASELINES
        low, tpr, high = (np.maximum(v, bottom) for v in (curve.low, curve.tpr, curve.high))
        ax.fill_between(
            curve.fpr, low, high, color=colour, alpha=0.16 if known else 0.05, linewidth=0, zorder=2
        )
        order = 5 if known else 4
        ax.plot(curve.fpr, tpr, color=colour, zorder=order, **_style(results, curve.variant))


def _style(results: Results, variant: str) -> dict:
    """The two variants whose answer is known stand out; controls are dotted."""
    if variant in BASELINES:
        return {"linewidth": 2.2}
    return {"linewidth": 1.4, "linestyle": ":" if results.is_control(variant) else "-"}


def _limits(results: Results) -> tuple[float, float]:
    """Left and lower end of all panels: a little below the lowest rate of any curve."""
    curves = [c for c in results.curves if c.group == GROUP]
    lowest = min(float(c.fpr[0]) for c in curves)
    rates = [float(c.tpr[c.tpr > 0].min()) for c in curves if np.any(c.tpr > 0)]
    return lowest / 1.6, min([lowest, *rates]) / 1.3
