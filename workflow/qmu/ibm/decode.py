"""From a primitive's result to expectation values, with everything checked that can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from qmu.errors import QmuError

from .prepare import Prepared


def expectations(result: Any, prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """<Z> of the circuit's measured wires and their standard errors, both (n, K) float64.

    ``result`` is the PrimitiveResult of ``[prepared.pub]``. A sampler's standard errors are those
    of the mean of independent shots, an estimator's are its own. Raises QmuError, naming what is
    wrong, for a result of another job or primitive, and for numbers that cannot be.
    """
    try:
        data = result[0].data
        one = len(result) == 1
    except (TypeError, IndexError, AttributeError):
        raise QmuError(f"{_name(prepared)}: the result is no list of PUB results") from None
    if not one:
        raise QmuError(f"{_name(prepared)}: {len(result)} PUB results, expected 1")
    decoder = _from_bits if prepared.primitive == "sampler" else _from_values
    values, errors = decoder(data, prepared)
    wrong = ~(np.isfinite(values) & np.isfinite(errors)).all(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise QmuError(f"{_name(prepared)}: sample {row} has no finite expectation value")
    return values * prepared.signs, errors


def _from_bits(data: Any, prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    bits = getattr(data, "meas", None)
    if bits is None or not hasattr(bits, "num_bits"):
        raise QmuError(f"{_name(prepared)}: the result holds no bits of the register 'meas'")
    found = (bits.shape, bits.num_bits)
    if found != ((prepared.samples,), len(prepared.bits)):
        raise QmuError(
            f"{_name(prepared)}: bits of shape {found[0]} and {found[1]} a shot, expected "
            f"({prepared.samples},) and {len(prepared.bits)}"
        )
    # Twirling rounds the shots up, so more than asked for are fine.
    shots = bits.num_shots
    if shots < prepared.shots:
        raise QmuError(f"{_name(prepared)}: {shots} shots a sample, expected {prepared.shots}")
    # Bytes are big-endian: the register's bit 0 is the last.
    unpacked = np.unpackbits(np.asarray(bits.array), axis=-1)[..., ::-1]
    values = np.empty((prepared.samples, len(prepared.masks)))
    for place, mask in enumerate(prepared.masks):
        odd = unpacked[..., np.flatnonzero(mask)].sum(axis=-1, dtype=np.uint8) & 1
        values[:, place] = 1 - 2 * odd.mean(axis=-1)
    return values, np.sqrt((1 - values**2).clip(0) / max(shots - 1, 1))


def _from_values(data: Any, prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    if not hasattr(data, "evs") or not hasattr(data, "stds"):
        raise QmuError(f"{_name(prepared)}: the result holds no expectation values")
    values, errors = np.asarray(data.evs, float), np.asarray(data.stds, float)
    expected = (prepared.samples, len(prepared.masks))
    if values.shape != expected or errors.shape != expected:
        raise QmuError(
            f"{_name(prepared)}: expectation values of shape {values.shape}, expected {expected}"
        )
    return values, errors


def _name(prepared: Prepared) -> str:
    return f"job {prepared.digest[:12]} on {prepared.backend}"
