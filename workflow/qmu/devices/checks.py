"""What must hold between further devices, the models and the attacks, before any job starts."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING

from qmu import registry
from qmu.circuits.angles import depends_on_inputs
from qmu.circuits.gates import check_supported
from qmu.circuits.noise import NoiseModel
from qmu.devices.kinds.ibm import Ibm
from qmu.devices.kinds.pennylane import AER, REMOTE, PennyLaneDevice
from qmu.devices.kinds.simulated import NOISY, Simulated, on_devices
from qmu.errors import ConfigError, suggestion
from qmu.simulators import capabilities
from qmu.simulators.memory import DEFAULT_MEMORY
from qmu.simulators.pauli import engine as pauli_heisenberg

from .execution import images_at_once

if TYPE_CHECKING:
    from qmu.circuits.circuit import Circuit
    from qmu.config.experiment import Experiment


# Validation images that a linear correction is fitted on.
FEWEST = 10


def check(experiment: Experiment) -> None:
    """Raise ConfigError where a device or the sweep cannot do what is asked."""
    precision = experiment.common.simulation.precision
    for name, entry in experiment.devices.items():
        _check_name(experiment, name)
        _check_attacks(experiment, f"devices.{name}")
        if entry.component == "simulated":
            settings = Simulated(**entry.settings)
            _check_simulator(f"devices.{name}.device", settings.device, precision)
            if settings.noise is not None:
                sampled = settings.shots is not None
                _check_noise(experiment, f"devices.{name}.noise", settings.noise, sampled)
        if entry.component == "corrected":
            _check_corrected(experiment, name)
        if entry.component == "ibm":
            _check_ibm(experiment, f"devices.{name}", Ibm(**entry.settings))
        if entry.component == "pennylane":
            _check_pennylane(f"devices.{name}", PennyLaneDevice(**entry.settings))
    if experiment.signal is not None:
        for package in ("qiskit_ibm_runtime", "qiskit_aer"):
            _require("signal", package)
    if experiment.sweep is not None:
        _check_simulator("sweep", NOISY, precision)
        sampled = bool(experiment.sweep.shots and experiment.sweep.sampled_scales)
        _check_noise(experiment, "sweep.noise", experiment.sweep.noise, sampled)


def _check_name(experiment: Experiment, name: str) -> None:
    if name in experiment.variants or name in experiment.models:
        raise ConfigError(f"devices.{name}: the name {name!r} is a model's or variant's already")


def _check_simulator(where: str, device: str, precision: str) -> None:
    try:
        capabilities.check(device, noise=device == NOISY, precision=precision)
        capabilities.require_installed(device)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check_attacks(experiment: Experiment, where: str) -> None:
    cards = [registry.load("attacks", e.component).CARD for e in experiment.attacks.values()]
    if not any(on_devices(card.needs) for card in cards):
        raise ConfigError(
            f"{where}: none of the configured attacks can be run on a further device "
            "(add su_graybox or loss_thr to attacks)"
        )


def _check_noise(experiment: Experiment, where: str, noise: NoiseModel, sampled: bool) -> None:
    """Every model's circuit must take the noise, in the memory that a simulation may use."""
    for name, entry in experiment.models.items():
        module = registry.load("models", entry.component)
        circuit = module.circuit(module.Config(**entry.settings))
        try:
            _check_circuit(circuit, noise)
        except ValueError as error:
            raise ConfigError(f"{where}: models.{name}: {error}") from None
        need = _bytes(circuit, sampled, experiment.common.simulation.precision)
        allowed = min(DEFAULT_MEMORY, experiment.common.memory_gib * 2**30)
        if need > allowed:
            raise ConfigError(
                f"{where}: {circuit.wires} qubits of models.{name} with noise need about "
                f"{need / 2**30:.1f} GiB, {allowed / 2**30:.1f} GiB are allowed (memory_gib, and "
                f"{DEFAULT_MEMORY / 2**30:g} GiB at most)"
            )


def _check_corrected(experiment: Experiment, name: str) -> None:
    """It must correct a device that is asked about validation images."""
    of = experiment.devices[name].settings["of"]
    others = {n: e for n, e in experiment.devices.items() if e.component != "corrected"}
    if of not in others:
        raise ConfigError(
            f"devices.{name}.of: no device named {of!r} to correct.{suggestion(of, others)}"
        )
    images = others[of].settings.get("images") or {}
    if images.get("validation", FEWEST) < FEWEST:
        raise ConfigError(
            f"devices.{of}.images.validation: devices.{name} needs {FEWEST} images or more"
        )


def _check_ibm(experiment: Experiment, where: str, device: Ibm) -> None:
    """The client must be there, and every model's circuit must have a counterpart."""
    for package in ("qiskit_ibm_runtime", *(["qiskit_aer"] if device.fake else [])):
        _require(where, package)
    for name, entry in experiment.models.items():
        module = registry.load("models", entry.component)
        circuit = module.circuit(module.Config(**entry.settings))
        try:
            check_supported(circuit)
        except ValueError as error:
            raise ConfigError(f"{where}: models.{name}: {error}") from None
        if device.embedding == "mps" and circuit.embedding == "amplitude" and circuit.wires < 2:
            raise ConfigError(f"{where}.embedding: models.{name} has 1 qubit, mps needs 2 or more")


def _check_pennylane(where: str, device: PennyLaneDevice) -> None:
    """The device and what stands behind its backend must be installed."""
    known = sorted(entry.name for entry in entry_points(group="pennylane.plugins"))
    if device.device not in known:
        hint = suggestion(device.device, known)
        if device.device in (AER, REMOTE):
            hint = " It comes with the package pennylane-qiskit."
        raise ConfigError(
            f"{where}.device: no PennyLane device named {device.device!r} is installed.{hint}"
        )
    packages = {AER: ["qiskit_aer"], REMOTE: ["qiskit_ibm_runtime"]}.get(device.device, [])
    if device.backend is not None and device.fake:
        packages = ["qiskit_ibm_runtime", "qiskit_aer"]
    for package in packages:
        _require(where, package)


def _require(where: str, package: str) -> None:
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
