"""How well each attack ranks members above same-class non-members: the area under its ROC curve.

One half is chance. Far below one half is leakage too: the attack is right when it is inverted.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from . import dots, theme
from .evidence import Evidence

POPULATIONS = (("forget_train", "o", True), ("retain_train", "s", False))


@theme.styled
def draw(evidence: Evidence) -> Figure:
    """Rows: models; columns: attacks; filled: forget class, hollow: other classes."""
    summary = evidence.summary
    attacks = [a for a in summary.attacks if any(_variants(evidence, m, a) for m in summary.models)]
    models = [m for m in summary.models if any(_variants(evidence, m, a) for a in attacks)]
    if not models:
        return theme.nothing("No AUC was measured.")
    rows = [len(summary.variants(model)) for model in models]
    figure, axes = theme.grid(
        len(models),
        len(attacks),
        max(7.0, 1.6 + 2.9 * len(attacks)),
        1.0 + sum(1.5 * dots.ROW * n + 0.75 for n in rows),
        height_ratios=[n + 1.2 for n in rows],
    )
    low, high = _limits(evidence)
    for row, model in zip(axes, models, strict=True):
        for ax, attack in zip(row, attacks, strict=True):
            ax.set_xlim(low, high)
            _panel(ax, evidence, model, attack)
            ax.label_outer(remove_inner_ticks=True)
    for ax in axes[-1]:
        ax.set_xlabel("AUC (0.5: chance)")
    dots.legend(
        figure,
        [
            dots.marker("forget class: members against non-members", theme.INK),
            dots.marker("other classes: the same", theme.INK, "s", filled=False),
            *dots.seeds_and_interval(evidence.confidence_level),
        ],
    )
    return figure


def _panel(ax, evidence: Evidence, model: str, attack: str) -> None:
    variants = evidence.summary.variants(model)
    series = [
        dots.Series(
            split,
            {v: evidence.summary.get(model, v, "auc", split, attack) for v in variants},
            shape,
            filled,
        )
        for split, shape, filled in POPULATIONS
    ]
    labels = [evidence.label(v, "\n") for v in variants]
    dots.panel(ax, variants, labels, series, text="{:.2f}".format)
    dots.reference(ax, 0.5)
    ax.set_title(f"{model}: {attack}")


def _variants(evidence: Evidence, model: str, attack: str) -> list[str]:
    get = evidence.summary.get
    splits = [split for split, *_ in POPULATIONS]
    return [
        v
        for v in evidence.summary.variants(model)
        if any(get(model, v, "auc", split, attack) for split in splits)
    ]


def _limits(evidence: Evidence) -> tuple[float, float]:
    """The same axis for every panel, with 0.5 inside and room for the labels."""
    cells = evidence.summary.values("auc")
    values = [v for c in cells for v in (*c.interval, *(s for _, s in c.seeds))]
    low, high = min(0.4, *values), max(0.7, *values)
    return max(-0.02, low - 0.04), min(1.04, high + 0.08)
