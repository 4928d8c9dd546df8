"""What further devices answered: one summary per device beside the simulation's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from .summary import Summary, strongest, summarise

SIMULATION = "simulation"


@dataclass(frozen=True)
class DeviceResults:
    """``places``: the simulation first, then the devices in the order of the configuration."""

    places: Mapping[str, Summary] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return len(self.places) > 1

    @property
    def models(self) -> tuple[str, ...]:
        """The models, as found."""
        return tuple(dict.fromkeys(m for one in self.places.values() for m in one.models))

    def strongest(self, model: str) -> str | None:
        """Of the attacks whose AUC on the target was measured at every place, the one whose AUC on
        the simulation's target is furthest from one half."""
        areas = {place: one.areas(model, "target") for place, one in self.places.items()}
        simulated = areas.get(SIMULATION, {})
        return strongest(
            {a: area for a, area in simulated.items() if all(a in one for one in areas.values())}
        )


def index(summary: Mapping[str, Iterable[Any]], devices: Iterable[str]) -> DeviceResults:
    """The columns of a ``summary`` table by place; ``devices`` are the further ones."""
    columns = {name: list(values) for name, values in summary.items()}
    names, places = [*devices], {}
    of_row = [device if device in names else SIMULATION for device in columns["device"]]
    for place in (SIMULATION, *names):
        inside = [one == place for one in of_row]
        if any(inside):
            own = {name: list(compress(values, inside)) for name, values in columns.items()}
            places[place] = summarise(own)
    return DeviceResults(places)
