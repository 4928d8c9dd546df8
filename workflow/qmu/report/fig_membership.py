"""The central picture: what an attack says of members, and of images nobody trained on.

The published metric is the purple dot alone (Su et al. 2025, arXiv:2509.06086). The orange one is
the same attack on images of the same class that the model never saw; only the gap between the two
speaks of membership.
"""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from . import dots, theme
from .evidence import Evidence


@theme.styled
def draw(evidence: Evidence) -> Figure:
    """Rows: models; columns: attacks; both rates per variant with intervals and seeds."""
    summary = evidence.summary
    models = [m for m in summary.models if any(_has(evidence, m, a) for a in summary.attacks)]
    attacks = [a for a in summary.attacks if any(_has(evidence, m, a) for m in models)]
    if not models:
        return theme.nothing("No attack was scored.")
    rows = [len(summary.variants(model)) for model in models]
    figure, axes = theme.grid(
        len(models),
        len(attacks),
        max(7.0, 1.6 + 2.9 * len(attacks)),
        1.0 + sum(1.5 * dots.ROW * n + 0.75 for n in rows),
        sharex=True,
        height_ratios=[n + 1.2 for n in rows],
    )
    for row, model in zip(axes, models, strict=True):
        for ax, attack in zip(row, attacks, strict=True):
            _panel(ax, evidence, model, attack)
            ax.label_outer(remove_inner_ticks=True)
    for ax in axes[-1]:
        ax.set_xlabel("forget-class images called “member”")
    dots.legend(
        figure,
        [
            dots.marker("members: trained on, to be forgotten", theme.MEMBER),
            dots.marker("same class, never trained on", theme.NON_MEMBER, "D", filled=False),
            Patch(color=theme.GAP, label="the gap: what the attack can tell"),
            *dots.seeds_and_interval(evidence.confidence_level),
        ],
        columns=3,
    )
    return figure


def _has(evidence: Evidence, model: str, attack: str) -> bool:
    variants = evidence.summary.variants(model)
    get = evidence.summary.get
    return any(get(model, v, "mia_success", "forget_train", attack) for v in variants)


def _panel(ax, evidence: Evidence, model: str, attack: str) -> None:
    summary = evidence.summary
    variants = summary.variants(model)
    members = {v: summary.get(model, v, "mia_success", "forget_train", attack) for v in variants}
    others = {v: evidence.non_members(model, v, attack) for v in variants}
    never_seen = {v: found and found[1] for v, found in others.items()}
    dots.rate_axis(ax)
    series = [
        dots.Series("members", members, colour=theme.MEMBER),
        dots.Series("non-members", never_seen, "D", filled=False, colour=theme.NON_MEMBER),
    ]
    labels = [evidence.label(v, "\n") for v in variants]
    dots.panel(ax, variants, labels, series, text=dots.percent)
    dots.gaps(ax, variants, *series)
    dots.reference(ax, 0.5)
    published = " (published)" if attack == evidence.published_attack else ""
    ax.set_title(f"{model}: {attack}{published}")
