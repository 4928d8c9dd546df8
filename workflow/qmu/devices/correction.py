"""A line per qubit from a device's <Z> to the simulation's.

Noise contracts expectation values towards those of a mixed state, to first order all of one qubit
by the same factor. Fitting exact against noisy values by least squares on inputs whose exact values
are known, and applying the line to others, is the ansatz of Czarnik et al. 2021
(arXiv:2005.10189); here the known inputs are validation images on the model's own circuit. Least
squares towards the exact values shrinks what is mostly shot noise instead of magnifying it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Lines:
    """``slope`` and ``offset`` (wires,): corrected = offset + slope * measured."""

    slope: np.ndarray
    offset: np.ndarray


def fit(measured: np.ndarray, exact: np.ndarray) -> Lines:
    """Lines from <Z> (n, wires) measured on a device and exact; slope 0 for a wire that always
    reads the same. Raises ValueError for different shapes or fewer than two rows."""
    if measured.shape != exact.shape or len(measured) < 2:
        raise ValueError(f"shapes {measured.shape} and {exact.shape}, needed two rows or more each")
    centred = measured - measured.mean(axis=0)
    variance = np.sum(centred**2, axis=0)
    covariance = np.sum(centred * (exact - exact.mean(axis=0)), axis=0)
    slope = np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 0)
    return Lines(slope, exact.mean(axis=0) - slope * measured.mean(axis=0))


def apply(lines: Lines, measured: np.ndarray) -> np.ndarray:
    """Corrected <Z> (n, wires), within [-1, 1]."""
    return np.clip(lines.offset + lines.slope * measured, -1, 1)
