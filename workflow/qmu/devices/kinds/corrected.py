"""Devices of ``kind: corrected``: another device's answers after a linear correction."""

from __future__ import annotations

from collections.abc import Mapping

from qmu.circuits.circuit import Circuit
from qmu.devices.checks import Context, DeviceCard
from qmu.errors import ConfigError, suggestion
from qmu.strict import Strict

# Validation images that a linear correction is fitted on.
FEWEST = 10

CARD = DeviceCard(
    title="Linear correction",
    source="Czarnik et al. 2021, arXiv:2005.10189",
    statement="A line per qubit from the device's <Z> to the simulation's, fitted on validation "
    "images.",
    derived=True,
)


class Config(Strict):
    """Another device's answers, each qubit's <Z> corrected by a line towards the simulation's.

    The lines are fitted on the retained validation images that the device ``of`` was asked about,
    never on an image that a figure looks at. Nothing is executed again.
    """

    of: str


def check(config: Config, where: str, circuits: Mapping[str, Circuit], context: Context) -> None:
    """It must correct a device that executes, and is asked about enough validation images."""
    sources = {name: one for name, one in context.devices.items() if not one.card.derived}
    if config.of not in sources:
        raise ConfigError(
            f"{where}.of: no device named {config.of!r} to correct.{suggestion(config.of, sources)}"
        )
    source = sources[config.of]
    if source.card.chosen_images and source.config.images.validation < FEWEST:
        raise ConfigError(
            f"devices.{config.of}.images.validation: {where} needs {FEWEST} images or more"
        )
