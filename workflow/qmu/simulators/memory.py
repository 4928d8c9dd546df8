"""Predicted memory of a simulation, in bytes, so that a run that cannot fit says so first.

A prediction is a number of copies of the batch's amplitudes, measured for each engine and
rounded up. Nothing heavy is imported: the config reader calls this.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MEMORY = 2**30
"""Bytes that one call on a host device may take before the batch is split."""

AMPLITUDE_BYTES = {"single": 8, "double": 16}


@dataclass(frozen=True)
class Copies:
    """How many times an engine holds the amplitudes of a batch, values only and with gradient."""

    values: float
    gradient: float
    per_layer: float = 0.0


_LIGHTNING = {"single": Copies(4.5, 18), "double": Copies(4.5, 13)}
_JAX = Copies(5, 12, 1.25)
"""Of the two JAX engines the hungrier one, which keeps a state per layer."""
_MIXED = Copies(8, 16)
"""Of density matrices; an estimate, not measured."""


def predicted_bytes(
    wires: int,
    batch: int,
    *,
    device: str = "lightning.qubit",
    precision: str = "double",
    gradient: bool = True,
    layers: int = 1,
    fleet: int = 1,
) -> int:
    """Bytes for ``fleet`` models on ``batch`` samples each, all at once.

    A Lightning device holds one model at a time, so there the fleet adds nothing; ``layers`` counts
    only where an engine keeps a state per layer for the gradient.
    """
    copies, states = _copies(wires, device, precision)
    held = copies.gradient + copies.per_layer * layers if gradient else copies.values
    models = 1 if device.startswith("lightning") else fleet
    return int(held * AMPLITUDE_BYTES[precision] * states * batch * models)


def largest_batch(
    wires: int,
    memory: int,
    *,
    device: str = "lightning.qubit",
    precision: str = "double",
    gradient: bool = True,
    layers: int = 1,
    fleet: int = 1,
) -> int:
    """The largest power of two that ``memory`` bytes hold as a batch.

    Raises ValueError with the need of one sample where not even that fits.
    """
    one = predicted_bytes(
        wires,
        1,
        device=device,
        precision=precision,
        gradient=gradient,
        layers=layers,
        fleet=fleet,
    )
    if one > memory:
        raise ValueError(
            f"{wires} qubits on {device!r} ({precision}, {fleet} models at once) need "
            f"{_readable(one)} for one sample, more than the {_readable(memory)} allowed"
        )
    return 1 << ((memory // one).bit_length() - 1)


def _copies(wires: int, device: str, precision: str) -> tuple[Copies, int]:
    if precision not in AMPLITUDE_BYTES:
        raise ValueError(f"precision must be 'single' or 'double', got {precision!r}")
    if device.startswith("lightning"):
        return _LIGHTNING[precision], 2**wires
    if device == "default.mixed":
        return _MIXED, 4**wires
    return _JAX, 2**wires


def _readable(size: int) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} TiB"
