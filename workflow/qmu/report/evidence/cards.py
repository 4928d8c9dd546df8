"""The cards of a run's components: what the report knows of them, and all that it asks.

No list of components stands in the report: which attack is the published one, which measure has
which metrics, and which method is a control, their cards say. Where a card is missing, the report
falls back on what the tables hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qmu import registry
from qmu.data.predictions import MODEL_ITSELF, lacking

if TYPE_CHECKING:
    from qmu.attacks.game import AttackCard
    from qmu.models.model import ModelCard
    from qmu.quality.exam import QualityCard
    from qmu.unlearning.problem import MethodCard


@dataclass(frozen=True)
class MadeElsewhere:
    """What stands for the card of a model or a method of which only predictions are known; the
    fields are those of their cards."""

    title: str
    source: str = "table of predictions"
    inputs: str = "unknown"
    reads: str = "unknown"
    validation: bool = False
    reconstructed: bool = False
    control: bool = False


@dataclass(frozen=True)
class Cards:
    """Name -> card, for the components that the experiment names; ``reads``: what of a row a model
    was set to read, where its settings may choose that."""

    models: Mapping[str, ModelCard | MadeElsewhere] = field(default_factory=dict)
    methods: Mapping[str, MethodCard | MadeElsewhere] = field(default_factory=dict)
    attacks: Mapping[str, AttackCard] = field(default_factory=dict)
    quality: Mapping[str, QualityCard] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)


def cards(config: Mapping[str, Any]) -> Cards:
    """The cards of the components that a validated config names (`Experiment.model_dump`)."""
    sections = ("models", "unlearning", "attacks", "quality")
    models = config.get("models") or {}
    chosen = {
        name: entry["settings"]["reads"]
        for name, entry in models.items()
        if "reads" in entry["settings"]
    }
    return Cards(*(_of_section(kind, config.get(kind) or {}) for kind in sections), reads=chosen)


def _of_section(kind: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _card(kind, entry) for name, entry in entries.items()}


def _card(kind: str, entry: Mapping[str, Any]) -> Any:
    """The component's card, or what is known of a model or a method that was run elsewhere."""
    if entry["component"]:
        return registry.load(kind, entry["component"]).CARD
    if kind == "models":
        return MadeElsewhere("Trained elsewhere; its answers alone are known")
    return MadeElsewhere("Unlearned elsewhere", control=entry["settings"]["control"])


def unasked(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Why something could not be asked of a table of predictions -> the attacks and measures of
    quality that are there; empty of models that were made here."""
    if not config.get("predictions"):
        return {}
    shadows = config["common"]["shadows"]
    found: dict[str, list[str]] = {}
    for name in registry.names("attacks"):
        for reason in lacking(registry.load("attacks", name).CARD.needs, shadows)[:1]:
            found.setdefault(reason, []).append(name)
    for name in registry.names("quality"):
        card = registry.load("quality", name).CARD
        needs = ("unlearned_shadows",) if card.fleets else ()
        for reason in lacking(needs, shadows)[:1] if card.answers else [MODEL_ITSELF]:
            found.setdefault(reason, []).append(name)
    return found


@dataclass(frozen=True)
class Request:
    """What is to be forgotten, by how many requests, in a few ``words``; ``statement``: who are
    members and whom they are compared with; ``whole``: whether it is whole classes, as in the
    published experiment; ``sequence``: whether it was asked for in a sequence, in which all seeds
    share one split."""

    count: int = 1
    words: str = "the forget set"
    statement: str = ""
    whole: bool = True
    sequence: bool = False


def request(config: Mapping[str, Any]) -> Request:
    """What a validated config asks to forget: all requests of a sequence together."""
    entries = config.get("requests") or [one for one in (config.get("forget"),) if one]
    if not entries:
        return Request()
    if not all(entry["component"] for entry in entries):
        return Request(**entries[0]["settings"])
    scenarios = [registry.load("forget", entry["component"]) for entry in entries]
    words = [
        scenario.words(scenario.Config(**entry["settings"]))
        for scenario, entry in zip(scenarios, entries, strict=True)
    ]
    statements = list(dict.fromkeys(scenario.CARD.statement for scenario in scenarios))
    if len(entries) > 1:
        statements.insert(0, f"The forget set is what all {len(entries)} requests asked for.")
    return Request(
        len(entries),
        f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0],
        " ".join(statements),
        all(scenario.CARD.whole_classes for scenario in scenarios),
        bool(config.get("requests")),
    )


def first(attacks: Iterable[str], cards: Mapping[str, AttackCard], fact: str) -> str | None:
    """The first of the attacks whose card says so of the ``fact``, else the first; None without
    attacks."""
    names = list(attacks)
    chosen = (name for name in names if name in cards and getattr(cards[name], fact))
    return next(chosen, next(iter(names), None))
