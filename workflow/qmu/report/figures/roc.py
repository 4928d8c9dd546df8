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

GROUP = "forget"
PANELS = 4
CALIBRATED = (("lira_online", "lira_offline"), ("rmia",), ("u_lira",))
WIDTH = 10.8
UNRESOLVED = "#f0f1f3"


@theme.styled
def draw(evidence: Results) -> Figure:
    """One block per model, one panel per chosen attack, one line per variant; forget class."""
    shown = {model: chosen(evidence, model) for model in evidence.summary.models}
    shown = {model: attacks for model, attacks in shown.items() if attacks}
    if not shown:
        return theme.nothing("No ROC curve was measured.")
    figure, parts = theme.blocks(list(shown), [3.1] * len(shown), WIDTH, 0.4)
    left, bottom = _limits(evidence)
    for part, (model, attacks) in zip(parts, shown.items(), strict=True):
        _block(part, evidence, model, attacks, (left, bottom))
    variants = list(dict.fromkeys(c.variant for c in evidence.curves))
    palette = theme.colours(variants)
    handles = [
        Line2D([], [], color=palette[v], label=evidence.label(v), **_style(v)) for v in variants
    ]
    guess = Line2D([], [], color=theme.QUIET, linewidth=1, linestyle=(0, (4, 3)), label="guessing")
    dots.legend(figure, [*handles, guess], columns=8)
    return figure


def chosen(evidence: Results, model: str) -> list[str]:
    """The attacks that are drawn: the strongest on the target, the calibrated ones that ran, then
    the next strongest while there is room. Strength: distance of the AUC from one half."""
    present = dict.fromkeys(
        c.attack for c in evidence.curves if c.model == model and c.group == GROUP
    )
    found = {a: evidence.summary.get(model, "target", "auc", "forget_train", a) for a in present}
    strength = {a: abs(e.value - 0.5) if e is not None else 0.0 for a, e in found.items()}
    ranked = sorted(present, key=lambda attack: -strength[attack])
    calibrated = [next((a for a in names if a in present), None) for names in CALIBRATED]
    wanted = [*ranked[:1], *filter(None, calibrated), *ranked[1:]]
    kept = list(dict.fromkeys(wanted))[:PANELS]
    return [attack for attack in ranked if attack in kept]


def _block(
    part: SubFigure, evidence: Results, model: str, attacks: list[str], corner: tuple
) -> None:
    axes = part.subplots(1, PANELS, squeeze=False, sharex=True, sharey=True)[0]
    for ax, attack in zip(axes, attacks, strict=False):
        curves = [
            c for c in evidence.curves if (c.model, c.attack, c.group) == (model, attack, GROUP)
        ]
        _panel(ax, curves, corner)
        ax.set_title(attack)
        ax.set_xlabel("false-positive rate")
    for ax in axes[len(attacks) :]:
        ax.set_axis_off()
    axes[0].set_ylabel("true-positive rate")


def _panel(ax: Axes, curves: list[Curve], corner: tuple[float, float]) -> None:
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
    ax.plot(guess, guess, color=theme.QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    palette = theme.colours(c.variant for c in curves)
    for curve in curves:
        colour, known = palette[curve.variant], curve.variant in ("target", "retrain")
        low, tpr, high = (np.maximum(v, bottom) for v in (curve.low, curve.tpr, curve.high))
        ax.fill_between(
            curve.fpr, low, high, color=colour, alpha=0.16 if known else 0.05, linewidth=0, zorder=2
        )
        order = 5 if known else 4
        ax.plot(curve.fpr, tpr, color=colour, zorder=order, **_style(curve.variant))


def _style(variant: str) -> dict:
    """The two variants whose answer is known stand out; the control is dotted."""
    if variant in ("target", "retrain"):
        return {"linewidth": 2.2}
    return {"linewidth": 1.4, "linestyle": ":" if variant == "logit_mask" else "-"}


def _limits(evidence: Results) -> tuple[float, float]:
    """Left and lower end of all panels: a little below the lowest rate of any curve."""
    curves = [c for c in evidence.curves if c.group == GROUP]
    lowest = min(float(c.fpr[0]) for c in curves)
    rates = [float(c.tpr[c.tpr > 0].min()) for c in curves if np.any(c.tpr > 0)]
    return lowest / 1.6, min([lowest, *rates]) / 1.3
