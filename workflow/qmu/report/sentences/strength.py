"""How strong the attacks are, in sentences made from the configuration and the summary.

An audit bounds leakage from below only. How much it may miss depends on how many models the
attacker could train and on whether each row is judged by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import strongest

from .words import listed, number

if TYPE_CHECKING:
    from qmu.attacks.game import AttackCard

LIRA_SHADOWS = (64, 256)
"""With how many shadow models LiRA is published (Carlini et al. 2022, arXiv:2112.03570)."""


def strength(results: Results) -> list[str]:
    """Sentences for the section on attacks; empty where no attack ran."""
    if not results.summary.attacks:
        return []
    sentences = [
        _shadows(results),
        _calibrated(results),
        _strongest(results),
        _seen(results),
    ]
    return [sentence for sentence in sentences if sentence]


def _shadows(results: Results) -> str:
    settings = results.common.get("shadows") or {}
    count, unlearned = settings.get("count"), settings.get("unlearned")
    attacks = len(results.summary.attacks)
    opening = f"{attacks} attack{'s' if attacks != 1 else ''} ran on every variant."
    if not count:
        return opening
    text = (
        f"{opening} The attacker trained {count} shadow models of each kind, on rows of which "
        "the membership is known."
    )
    if unlearned and any("unlearned_shadows" in card.needs for _, card in _cards(results)):
        text += (
            f" {unlearned} of them also went through each unlearning method, and as many were "
            "retrained without the forget set."
        )
    return text


def _calibrated(results: Results) -> str:
    names = [attack for attack, card in _cards(results) if card.calibrated]
    if not names:
        return (
            "None of these attacks judges each row by what is usual for that row, so the risk "
            "of the most exposed rows is understated."
        )
    text = f"Calibrated for every single row: {listed(names)}."
    count = (results.common.get("shadows") or {}).get("count")
    low, high = LIRA_SHADOWS
    if count and count < low:
        text += (
            f" With fewer than the {low} to {high} shadow models usual for them, they see less "
            "than they could."
        )
    return text


def _strongest(results: Results) -> str:
    parts = []
    for model in results.summary.models:
        areas = results.summary.areas(model, "target")
        if areas:
            best = strongest(areas)
            parts.append(f"on {model} {best} (AUC {number(areas[best])})")
    return f"Strongest on the target’s forget set: {listed(parts)}." if parts else ""


def _seen(results: Results) -> str:
    """What these attacks leave open; where there is a ladder, what they are shown to see."""
    text = "Attacks bound leakage from below: where all of them fail, a stronger one may not."
    if results.ladder.models:
        text += (
            " What they are shown to see of a known residue stands in the section on what this "
            "audit could have seen; it is all that a verdict acquits of."
        )
    return text


def _cards(results: Results) -> list[tuple[str, AttackCard]]:
    """The attacks that ran, with their cards where these are known."""
    cards = results.cards.attacks
    return [(attack, cards[attack]) for attack in results.summary.attacks if attack in cards]
