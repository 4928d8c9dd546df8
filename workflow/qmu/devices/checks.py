"""What a kind of device is, and what must hold between devices, models and attacks before a job.

A kind is one file of ``qmu/devices/kinds`` (see `Device`). Its own check knows its settings and the
models' circuits; here stand the checks that all kinds share.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from qmu import registry
from qmu.circuits.angles import depends_on_inputs
from qmu.circuits.circuit import Circuit
from qmu.circuits.noise import NoiseModel
from qmu.errors import ConfigError
from qmu.simulators import capabilities
from qmu.simulators.memory import DEFAULT_MEMORY
from qmu.simulators.pauli import engine as pauli_heisenberg

from .execution import images_at_once

if TYPE_CHECKING:
    from qmu.attacks.game import AttackCard
    from qmu.strict import Strict

# The device that simulates noise.
NOISY = "default.mixed"


@dataclass(frozen=True)
class DeviceCard:
    """A kind of device: its title, its source, and how it is asked.

    ``in_jobs``: its circuits are sent in jobs that outlive a run. ``chosen_images``: every
    execution costs time or money, so it is asked about the images that the setting ``images``
    chooses; other kinds answer for the whole pool. ``derived``: it executes nothing, its answers
    are computed from another device's.
    """

    title: str
    source: str
    statement: str
    in_jobs: bool = False
    chosen_images: bool = False
    derived: bool = False


@dataclass(frozen=True)
class Configured:
    """An entry of the section ``devices``: the card of its kind, and its settings."""

    card: DeviceCard
    config: Any


@dataclass(frozen=True)
class Context:
    """What a check may know beside the device's own settings and the circuits.

    ``devices``: all devices of the run by name. ``precision``: "single" or "double", of the
    simulation. ``memory_gib``: what one job may take. ``sizes``: images in each part of a seed's
    data. ``weights``: how many sets of a model's circuit weights a device is asked about, over
    seeds and variants.
    """

    devices: Mapping[str, Configured]
    precision: str
    memory_gib: float
    sizes: Mapping[str, int]
    weights: int


class Device(Protocol):
    """A file of ``qmu/devices/kinds``."""

    CARD: DeviceCard
    Config: type[Strict]

    def check(
        self, config: Any, where: str, circuits: Mapping[str, Circuit], context: Context
    ) -> None:
        """Raise ConfigError, beginning with ``where`` (``devices.<name>``), for what cannot run.

        ``circuits`` are those of the models by name. Called while a run is planned: it may look
        for packages and must import none that simulates or transpiles.
        """


def configured(kind: str, settings: Mapping[str, Any]) -> Configured:
    """A device's card and its settings as its kind's model."""
    module = registry.load("devices", kind)
    return Configured(module.CARD, module.Config(**settings))


def check(
    kinds: Mapping[str, str],
    circuits: Mapping[str, Circuit],
    attacks: Iterable[AttackCard],
    taken: Collection[str],
    context: Context,
) -> None:
    """Raise ConfigError where a device cannot do what is asked.

    ``kinds``: the kind of every device in ``context.devices``. ``taken``: names that a device may
    not have, those of models and variants.
    """
    portable = any(card.portable for card in attacks)
    for name, device in context.devices.items():
        where = f"devices.{name}"
        if name in taken:
            raise ConfigError(f"{where}: the name {name!r} is a model's or variant's already")
        if not portable:
            raise ConfigError(
                f"{where}: none of the configured attacks can be run on a further device "
                "(add su_graybox or loss_thr to attacks)"
            )
        registry.load("devices", kinds[name]).check(device.config, where, circuits, context)


def check_simulator(where: str, device: str, precision: str) -> None:
    """ConfigError where a simulated device is unknown, not installed or without what it needs."""
    try:
        capabilities.check(device, noise=device == NOISY, precision=precision)
        capabilities.require_installed(device)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def check_noise(
    where: str,
    noise: NoiseModel,
    sampled: bool,
    circuits: Mapping[str, Circuit],
    context: Context,
) -> None:
    """Every model's circuit must take the noise, in the memory that a simulation may use.

    ``sampled``: whole distributions of outcomes are needed, not expectation values alone.
    """
    for name, circuit in circuits.items():
        try:
            _check_circuit(circuit, noise)
        except ValueError as error:
            raise ConfigError(f"{where}: models.{name}: {error}") from None
        need = _bytes(circuit, sampled, context.precision)
        allowed = min(DEFAULT_MEMORY, context.memory_gib * 2**30)
        if need > allowed:
            raise ConfigError(
                f"{where}: {circuit.wires} qubits of models.{name} with noise need about "
                f"{need / 2**30:.1f} GiB, {allowed / 2**30:.1f} GiB are allowed (memory_gib, and "
                f"{DEFAULT_MEMORY / 2**30:g} GiB at most)"
            )


def require(where: str, *packages: str) -> None:
    """ConfigError where a package is not installed; none is imported."""
    for package in packages:
        if find_spec(package) is None:
            raise ConfigError(f"{where}: needs the package {package}, which is not installed")


def _check_circuit(circuit: Circuit, noise: NoiseModel) -> None:
    """ValueError where a circuit cannot be simulated with this noise."""
    if circuit.embedding != "amplitude" or any(map(depends_on_inputs, circuit.operations)):
        raise ValueError("noise is simulated for circuits whose data enter as amplitudes only")
    noise.placement(circuit)


def _bytes(circuit: Circuit, sampled: bool, precision: str) -> int:
    observables = 2**circuit.wires if sampled else len(circuit.measured)
    images = images_at_once(circuit.wires)
    return pauli_heisenberg.predicted_bytes(
        circuit.wires,
        images,
        observables,
        precision=precision,
        block=1,  # observables are split into blocks as far as memory asks
    )
