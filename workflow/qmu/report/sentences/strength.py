"""How strong the attacks are, in sentences made from the configuration and the summary.

An audit bounds leakage from below only. How much it may miss depends on how many models the
attacker could train and on whether each image is judged by itself.
"""

from __future__ import annotations

from qmu.report.results.results import Results

from .words import listed, number

PER_IMAGE = ("lira_online", "lira_offline", "rmia", "u_lira")
LIRA_SHADOWS = (64, 256)
"""With how many shadow models LiRA is published (Carlini et al. 2022, arXiv:2112.03570)."""


def strength(evidence: Results) -> list[str]:
    """Sentences for the section on attacks; empty where no attack ran."""
    if not evidence.summary.attacks:
        return []
    found = [_shadows(evidence), _per_image(evidence), _strongest(evidence)]
    found.append(
        "Attacks bound leakage from below: where all of them fail, a stronger one may not."
    )
    return [sentence for sentence in found if sentence]


def _shadows(evidence: Results) -> str:
    settings = evidence.common.get("shadows") or {}
    count, unlearned = settings.get("count"), settings.get("unlearned")
    attacks = len(evidence.summary.attacks)
    opening = f"{attacks} attack{'s' if attacks != 1 else ''} ran on every variant."
    if not count:
        return opening
    text = (
        f"{opening} The attacker trained {count} shadow models of each kind, on images of which "
        "the membership is known."
    )
    if unlearned and _named(evidence, "u_lira"):
        text += (
            f" {unlearned} of them also went through each unlearning method, and as many were "
            "retrained without the class."
        )
    return text


def _per_image(evidence: Results) -> str:
    names = [attack for attack in evidence.summary.attacks if _component(evidence, attack)]
    if not names:
        return (
            "None of these attacks judges each image by what is usual for that image, so the risk "
            "of the most exposed images is understated."
        )
    text = f"Calibrated for every single image: {listed(names)}."
    count = (evidence.common.get("shadows") or {}).get("count")
    low, high = LIRA_SHADOWS
    if count and count < low:
        text += f" With fewer than the {low} to {high} shadow models usual for them, they are weak."
    return text


def _strongest(evidence: Results) -> str:
    parts = []
    for model in evidence.summary.models:
        get = evidence.summary.get
        areas = {
            attack: area
            for attack in evidence.summary.attacks
            if (area := get(model, "target", "auc", "forget_train", attack)) is not None
        }
        if areas:
            best = max(areas, key=lambda attack: abs(areas[attack].value - 0.5))
            parts.append(f"on {model} {best} (AUC {number(areas[best])})")
    return f"Strongest on the target’s forget class: {listed(parts)}." if parts else ""


def _component(evidence: Results, attack: str) -> bool:
    entry = (evidence.config.get("attacks") or {}).get(attack) or {}
    return entry.get("component", attack) in PER_IMAGE


def _named(evidence: Results, component: str) -> bool:
    entries = (evidence.config.get("attacks") or {}).values()
    return component in evidence.summary.attacks or any(
        entry.get("component") == component for entry in entries
    )
