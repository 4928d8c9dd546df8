"""Checks of 28 x 28 images and their labels, the same for every source."""

from __future__ import annotations

import numpy as np

from qmu.errors import QmuError

from .dataset import Dataset


def scaled(pixels: np.ndarray) -> np.ndarray:
    """Pixels 0 to 255 as float64 from 0 to 1."""
    return pixels.astype(np.float64) / 255.0


def joined(source: str, parts: list[tuple[str, np.ndarray, np.ndarray]]) -> Dataset:
    """Images of (name, pixels, labels) parts, the first of which holds the training images.

    Each part is checked by itself, so that labels cannot slip from one part into another.
    """
    sets = [
        checked(f"{source}: {name}", pixels, labels, np.ones(np.shape(labels), bool))
        for name, pixels, labels in parts
    ]
    return Dataset(
        np.concatenate([part.inputs for part in sets]),
        np.concatenate([part.labels for part in sets]),
        np.concatenate([np.full(len(part.labels), n == 0) for n, part in enumerate(sets)]),
    )


def checked(source: str, pixels: np.ndarray, labels: np.ndarray, training: np.ndarray) -> Dataset:
    """Images after checks of shape, range and label; QmuError names source and row."""
    pixels, labels = np.asarray(pixels), np.asarray(labels)
    if pixels.shape[1:] not in ((28, 28), (784,)):
        raise QmuError(f"{source}: images must have 28 x 28 pixels, found shape {pixels.shape}")
    pixels = pixels.reshape(len(pixels), 784)
    if labels.shape != (len(pixels),):
        raise QmuError(f"{source}: {len(pixels)} images but labels of shape {labels.shape}")
    for name, values, high in (("pixel", pixels, 255), ("label", labels[:, None], 9)):
        bad = _outside(source, name, values, high)
        if bad.any():
            row = int(np.argmax(bad))
            raise QmuError(f"{source}: row {row} has a {name} outside the integers 0 to {high}")
    empty = ~np.any(pixels != 0, axis=1)
    if empty.any():
        row = int(np.argmax(empty))
        raise QmuError(f"{source}: the image in row {row} is empty and has no amplitude embedding")
    return Dataset(pixels.astype(np.uint8), labels.astype(np.int64), np.asarray(training, bool))


def _outside(source: str, name: str, values: np.ndarray, high: int) -> np.ndarray:
    """Rows (n,) bool with an entry that is not an integer from 0 to ``high``."""
    if values.dtype.kind not in "buif":
        raise QmuError(f"{source}: every {name} must be a number, found type {values.dtype}")
    wrong = (values < 0) | (values > high)
    if values.dtype.kind == "f":
        wrong |= values != np.floor(values)
    return np.any(wrong, axis=1)
