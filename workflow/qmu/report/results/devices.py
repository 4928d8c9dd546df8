"""What further devices answered: one summary per device beside the simulation's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .summary import Cell, Summary, summarise

SIMULATION = "simulation"


@dataclass(frozen=True)
class DeviceEvidence:
    """``places``: the simulation first, then the devices in the order of the configuration."""

    places: Mapping[str, Summary] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return len(self.places) > 1

    @property
    def models(self) -> tuple[str, ...]:
        """The models, as found."""
        return tuple(dict.fromkeys(m for one in self.places.values() for m in one.models))

    def get(
        self, place: str, model: str, variant: str, metric: str, split: str, attack: str | None
    ) -> Cell | None:
        """A figure at one place, None where it was not measured."""
        return self.places[place].get(model, variant, metric, split, attack)

    def non_members(self, place: str, model: str, variant: str, attack: str) -> Cell | None:
        """The false-positive rate on forget-class images never trained on, unused ones first."""
        found = (
            self.get(place, model, variant, "mia_false_positive", split, attack)
            for split in ("forget_unseen", "forget_test")
        )
        return next((estimate for estimate in found if estimate is not None), None)

    def attacks(self, model: str) -> list[str]:
        """Attacks whose AUC on the target was measured at every place."""
        names = dict.fromkeys(a for one in self.places.values() for a in one.attacks)
        return [
            name
            for name in names
            if all(
                self.get(place, model, "target", "auc", "forget_train", name) is not None
                for place in self.places
            )
        ]

    def strongest(self, model: str) -> str | None:
        """Of these, the one whose AUC on the simulation's target is furthest from one half."""

        def distance(attack: str) -> float:
            found = self.get(SIMULATION, model, "target", "auc", "forget_train", attack)
            return abs(found.value - 0.5) if found is not None else -1.0

        return max(self.attacks(model), key=distance, default=None)


def index(summary: Mapping[str, Iterable[Any]], devices: Iterable[str]) -> DeviceEvidence:
    """The columns of a ``summary`` table by place; ``devices`` are the further ones."""
    columns = {name: list(values) for name, values in summary.items()}
    places = {}
    names = [*devices]
    for place in (SIMULATION, *names):
        inside = [
            (device == place) if place != SIMULATION else device not in names
            for device in columns["device"]
        ]
        kept = {
            name: [value for value, chosen in zip(values, inside, strict=True) if chosen]
            for name, values in columns.items()
        }
        if kept["device"]:
            places[place] = summarise(kept)
    return DeviceEvidence(places)
