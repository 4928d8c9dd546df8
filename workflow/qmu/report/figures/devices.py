"""The published attack and the strongest one on every device, side by side.

The form of the paper's hardware table (Su et al. 2025, arXiv:2509.06086): success before and after
each method, in simulation, under noise, on a quantum computer. Beside each success stands the same
attack's rate on images that no model was trained on.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from qmu.report.drawing import dots, theme
from qmu.report.results.devices import DeviceEvidence
from qmu.report.results.results import Results

WIDTH = 10.8


@theme.styled
def draw(evidence: Results) -> Figure:
    """One block per model: a column per device, upper row success, lower row AUC."""
    devices, attack = evidence.devices, evidence.published_attack
    if not devices or attack is None:
        return theme.nothing("No further device was asked.")
    counts = [len(evidence.summary.variants(model)) for model in devices.models]
    heights = [1.7 + 2 * count * 0.31 for count in counts]
    figure, parts = theme.blocks(devices.models, heights, WIDTH, 0.4)
    for part, model in zip(parts, devices.models, strict=True):
        _block(part, evidence, model, attack)
    dots.legend(
        figure,
        [
            dots.marker("members: trained on, to be forgotten", theme.MEMBER),
            dots.marker("same class, never trained on", theme.NON_MEMBER, "D", filled=False),
            dots.interval(evidence.confidence_level),
        ],
    )
    return figure


def _block(part: SubFigure, evidence: Results, model: str, attack: str) -> None:
    devices = evidence.devices
    strongest = devices.strongest(model)
    rows = 1 if strongest is None else 2
    axes = part.subplots(rows, len(devices.places), squeeze=False, sharey=True)
    for number, place in enumerate(devices.places):
        _success(axes[0, number], evidence, model, place, attack)
        axes[0, number].set_title(place, fontsize=9.5)
        if strongest is not None:
            _area(axes[1, number], evidence, model, place, strongest)
    middle = axes[0, len(devices.places) // 2]
    middle.set_xlabel(f"share called “member” by {attack}", fontsize=9)
    if strongest is not None:
        axes[1, len(devices.places) // 2].set_xlabel(f"AUC of {strongest}", fontsize=9)


def _success(ax: Axes, evidence: Results, model: str, place: str, attack: str) -> None:
    devices, variants = evidence.devices, evidence.summary.variants(model)
    members = {
        v: devices.get(place, model, v, "mia_success", "forget_train", attack) for v in variants
    }
    others = {v: devices.non_members(place, model, v, attack) for v in variants}
    series = [
        dots.Series("members", members, colour=theme.MEMBER),
        dots.Series("non-members", others, "D", filled=False, colour=theme.NON_MEMBER),
    ]
    dots.rate_axis(ax)
    dots.panel(ax, variants, _labels(evidence, variants), series, dots.percent, dots.SMALL)
    dots.gaps(ax, variants, *series)
    dots.reference(ax, 0.5)
    ax.tick_params(labelsize=7.8)


def _area(ax: Axes, evidence: Results, model: str, place: str, attack: str) -> None:
    devices: DeviceEvidence = evidence.devices
    variants = evidence.summary.variants(model)
    found = {v: devices.get(place, model, v, "auc", "forget_train", attack) for v in variants}
    ax.set_xlim(0.28, 1.02)
    ax.set_xticks([0.3, 0.5, 0.7, 0.9])
    series = [dots.Series("auc", found, colour=theme.INK)]
    dots.panel(ax, variants, _labels(evidence, variants), series, "{:.2f}".format, dots.SMALL)
    dots.reference(ax, 0.5)
    ax.tick_params(labelsize=7.8)


def _labels(evidence: Results, variants: tuple[str, ...]) -> list[str]:
    return [evidence.label(variant, "\n") for variant in variants]
