"""What each device can do, as data, so that a config is refused before anything starts.

Nothing heavy is imported here: the config reader and the Snakefile call it.
"""

from __future__ import annotations

import difflib
import importlib.machinery
import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True)
class Capabilities:
    """One device: the packages it needs, and what it offers.

    ``batch``: how samples share one execution. ``gradients``: exact gradients of expectation
    values. ``shots``: finite sampling; ``analytic``: exact values. ``noise``: mixed states.
    """

    packages: tuple[str, ...]
    modules: tuple[str, ...]
    batch: str
    gradients: bool = False
    shots: bool = False
    noise: bool = False
    analytic: bool = True


def _lightning(backend: str, package: str) -> Capabilities:
    """A Lightning device: exact values of pure states, samples in an index register."""
    return Capabilities(
        packages=("pennylane", package),
        modules=("pennylane", f"pennylane_lightning.lightning_{backend}_ops"),
        batch="index register",
        gradients=True,
    )


def _qiskit(package: str, analytic: bool) -> Capabilities:
    """A device of PennyLane's plugin for Qiskit: samples of mixed states, circuit by circuit."""
    return Capabilities(
        packages=("pennylane-qiskit", package),
        modules=("pennylane_qiskit", package.replace("-", "_")),
        batch="circuits",
        shots=True,
        noise=True,
        analytic=analytic,
    )


DEVICES: dict[str, Capabilities] = {
    "lightning.qubit": _lightning("qubit", "pennylane-lightning"),
    "lightning.gpu": _lightning("gpu", "pennylane-lightning-gpu"),
    "lightning.kokkos": _lightning("kokkos", "pennylane-lightning-kokkos"),
    "default.qubit": Capabilities(("jax",), ("jax",), batch="compiled", gradients=True),
    "default.mixed": Capabilities(("pennylane",), ("pennylane",), batch="broadcast", noise=True),
    "qiskit.aer": _qiskit("qiskit-aer", analytic=True),
    "qiskit.remote": _qiskit("qiskit-ibm-runtime", analytic=False),
}


def capabilities(device: str) -> Capabilities:
    """The entry of a device. Raises ValueError for an unknown name, with the nearest known one."""
    if device in DEVICES:
        return DEVICES[device]
    nearest = difflib.get_close_matches(device, DEVICES, n=1, cutoff=0.0)[0]
    known = ", ".join(DEVICES)
    raise ValueError(f"unknown device {device!r}; did you mean {nearest!r}? Known: {known}")


def check(
    device: str,
    *,
    needs_gradients: bool = False,
    shots: int | None = None,
    noise: bool = False,
    precision: str = "double",
) -> None:
    """Raise ValueError, in one line, where the device cannot do what is asked.

    ``shots``: samples per expectation value, None for the exact value. ``noise``: the run needs
    mixed states. Whether the device is installed is ``require_installed``'s question.
    """
    able = capabilities(device)
    if precision not in ("single", "double"):
        raise ValueError(f"precision must be 'single' or 'double', got {precision!r}")
    if needs_gradients and not able.gradients:
        raise ValueError(
            f"device {device!r} has no adjoint gradients: use it for evaluation only "
            f"(gradients: {_names('gradients')})"
        )
    if shots is not None and shots < 1:
        raise ValueError(f"shots must be at least 1, or absent for exact values; got {shots}")
    if shots is not None and not able.shots:
        raise ValueError(
            f"device {device!r} computes exact values only: leave shots out "
            f"(shots: {_names('shots')})"
        )
    if shots is None and not able.analytic:
        raise ValueError(f"device {device!r} samples: give it shots")
    if noise and not able.noise:
        raise ValueError(
            f"device {device!r} simulates pure states: it has no noise (noise: {_names('noise')})"
        )


def installed(device: str) -> bool:
    """Whether the packages of a device are there, without importing them."""
    return not _missing(capabilities(device))


def require_installed(device: str) -> None:
    """Raise ValueError naming the package to install where one is missing."""
    able = capabilities(device)
    if _missing(able):
        packages = " ".join(able.packages)
        raise ValueError(f"device {device!r} is not installed: pip install {packages}")


def _missing(able: Capabilities) -> list[str]:
    return [module for module in able.modules if not _found(module)]


def _found(module: str) -> bool:
    """``find_spec`` for a module of a package, without importing the package."""
    package, _, name = module.partition(".")
    spec = importlib.util.find_spec(package)
    if spec is None or not name:
        return spec is not None
    folders = spec.submodule_search_locations or ()
    return any(importlib.machinery.PathFinder.find_spec(name, [folder]) for folder in folders)


def _names(ability: str) -> str:
    return ", ".join(name for name, able in DEVICES.items() if getattr(able, ability))
