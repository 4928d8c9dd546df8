"""A sentence for each method: where it stands, with whom, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from qmu.report.evidence.ranking import CRITERIA, Ranked

from .words import listed

# More names than these are counted.
MOST = 3


def told(one: Ranked, all_of_model: Sequence[Ranked]) -> str:
    """One sentence on a method, beside the others of its model."""
    if one.ranks is None:
        return "A control, not ranked: it unlearns nothing."
    ranked = [other for other in all_of_model if other.ranks]
    parts = [_place(one, name, ranked) for name in ("distance", "leakage")]
    cost = one.cells["cost"].value
    price = f"it costs {cost:.2g} times a retraining" if cost else "it runs no circuit"
    if one.dearer:
        price += ", which would be cheaper and exact"
    front = "No other method is as good in all three." if one.front else _by_whom(one, ranked)
    return f"{'; '.join(parts)}; {price}. {front}".replace("rank", "Rank", 1)


def _place(one: Ranked, name: str, ranked: Sequence[Ranked]) -> str:
    place = one.ranks[name]
    same = [o.variant for o in ranked if o.ranks[name] == place and o.variant != one.variant]
    where = f"rank {place} of {len(ranked)} by {CRITERIA[name]}"
    if not same:
        return where
    tied = listed(same) if len(same) <= MOST else f"{len(same)} others"
    return f"{where}, tied with {tied}"


def _by_whom(one: Ranked, ranked: Sequence[Ranked]) -> str:
    own = [one.cells[name].value for name in CRITERIA]
    names = []
    for other in ranked:
        theirs = [other.cells[name].value for name in CRITERIA]
        if theirs != own and all(t <= o for t, o in zip(theirs, own, strict=True)):
            names.append(other.variant)
    who = listed(names) if len(names) <= MOST else f"{len(names)} methods"
    return f"Nowhere better on average than {who}."
