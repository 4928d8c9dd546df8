"""What every attack has to work with: confidence on members and on comparable non-members.

Logit-scaled confidence phi = log(p_y / (1 - p_y)) (Carlini et al. 2022, arXiv:2112.03570) of the
forget set. Where the two shapes lie on each other, no attack on the outputs can tell them apart
by the confidence alone.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Confidence, Results
from qmu.report.evidence.summary import NON_MEMBER_SPLITS, baselines_first

BINS = 36
GROUPS = ((("forget_train",), theme.MEMBER), (NON_MEMBER_SPLITS, theme.NON_MEMBER))


@theme.styled
def draw(results: Results) -> Figure:
    """Rows: variants; columns: models; densities over all seeds, one scale per model."""
    measured = [c for c in results.confidences if len(c.phi)]
    models = list(dict.fromkeys(c.model for c in measured))
    if not models:
        return theme.nothing("No outputs were given.")
    variants = baselines_first(c.variant for c in measured)
    figure, axes = theme.grid(
        len(variants),
        len(models),
        1.6 + 4.2 * max(len(models), 1.4),
        0.9 + 0.85 * len(variants),
        sharex="col",
    )
    for column, model in zip(axes.T, models, strict=True):
        own = [c for c in measured if c.model == model]
        edges = _edges(own)
        for ax, variant in zip(column, variants, strict=True):
            _panel(ax, [c for c in own if c.variant == variant], edges)
        column[0].set_title(model)
        column[-1].set_xlabel("confidence φ = log(p / (1 − p)) in the forget set")
    for ax, variant in zip(axes[:, 0], variants, strict=True):
        ax.set_ylabel(results.label(variant, "\n"), rotation=0, ha="right", va="center", labelpad=8)
    dots.legend(
        figure,
        [
            dots.marker("members: trained on, to be forgotten", theme.MEMBER, "s"),
            dots.marker("comparable, never trained on", theme.NON_MEMBER, "s", filled=False),
        ],
    )
    return figure


def _panel(ax, courses: list[Confidence], edges: np.ndarray) -> None:
    ax.set_xlim(edges[0], edges[-1])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    dots.reference(ax, 0)
    masked = False
    for splits, colour in GROUPS:
        phi = _pooled(courses, splits)
        masked = masked or bool(np.isneginf(phi).any())
        phi = np.clip(phi[np.isfinite(phi)], edges[0], edges[-1])
        if len(phi):
            counts, _ = np.histogram(phi, edges)
            ax.stairs(counts / counts.sum(), edges, color=colour, fill=True, alpha=0.25, zorder=2)
            ax.stairs(counts / counts.sum(), edges, color=colour, linewidth=1.5, zorder=3)
    ax.set_ylim(bottom=0)
    if masked or not courses:
        message = "φ = −∞: the class can never be named" if masked else "not measured"
        ax.text(
            0.5,
            0.5,
            message,
            transform=ax.transAxes,
            ha="center",
            va="center",
            color=theme.QUIET,
            bbox=theme.BACKING,
        )


def _pooled(courses: list[Confidence], splits: tuple[str, ...]) -> np.ndarray:
    parts = [c.phi[np.isin(c.split, splits)] for c in courses]
    return np.concatenate(parts) if parts else np.zeros(0)


def _edges(courses: list[Confidence]) -> np.ndarray:
    """Bins over the central 99% of a model's finite confidences; the rest falls in the end bins."""
    phi = np.concatenate([c.phi for c in courses])
    phi = phi[np.isfinite(phi)]
    low, high = np.quantile(phi, [0.005, 0.995]) if len(phi) else (-1.0, 1.0)
    margin = max(0.05 * (high - low), 0.5)
    return np.linspace(low - margin, high + margin, BINS + 1)
