"""What every image dataset hands over: pixels, labels and which rows are training images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import QmuError


@dataclass(frozen=True)
class Images:
    """``pixels`` (n, 784) uint8, ``labels`` (n,) int64, ``training`` (n,) bool."""

    pixels: np.ndarray
    labels: np.ndarray
    training: np.ndarray


def checked(source: str, pixels: np.ndarray, labels: np.ndarray, training: np.ndarray) -> Images:
    """Images after checks of shape, range and label; QmuError names source and row."""
    pixels = np.asarray(pixels)
    if pixels.ndim == 3:
        pixels = pixels.reshape(len(pixels), -1)
    if pixels.ndim != 2 or pixels.shape[1] != 784:
        raise QmuError(f"{source}: images must have 28 x 28 pixels, found shape {pixels.shape}")
    labels = np.asarray(labels).reshape(-1)
    if len(labels) != len(pixels):
        raise QmuError(f"{source}: {len(pixels)} images but {len(labels)} labels")
    for name, values, high in (("pixel", pixels, 255), ("label", labels, 9)):
        numbers = np.asarray(values, dtype=float)
        flat = numbers.reshape(len(numbers), -1)
        bad = ~np.all((flat >= 0) & (flat <= high) & (flat == np.floor(flat)), axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            raise QmuError(f"{source}: row {row} has a {name} outside the integers 0 to {high}")
    empty = ~np.any(pixels != 0, axis=1)
    if empty.any():
        row = int(np.argmax(empty))
        raise QmuError(f"{source}: the image in row {row} is empty and has no amplitude embedding")
    return Images(pixels.astype(np.uint8), labels.astype(np.int64), np.asarray(training, bool))
