"""Distances between two models' class probabilities, sample by sample.

Kullback and Leibler 1951; Lin 1991 for the Jensen-Shannon divergence; the use against a retrained
model follows Golatkar et al. 2020 (arXiv:1911.04933) and Chundawat et al. 2023
(arXiv:2205.08096). Natural logarithms. Probabilities are clipped at 1e-8 and renormalised, so that
classes that a model rules out count without making a distance infinite.
"""

from __future__ import annotations

import numpy as np

CLIP = 1e-8


def clipped(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities (..., classes) of at least about `CLIP`, summing to one."""
    held = np.maximum(np.asarray(probabilities, np.float64), CLIP)
    return held / held.sum(axis=-1, keepdims=True)


def kl(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """KL(first || second) per sample, (...,), of probability tables (..., classes)."""
    p, q = clipped(first), clipped(second)
    return np.sum(p * (np.log(p) - np.log(q)), axis=-1)


def js(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence per sample, (...,), in [0, ln 2] and symmetric."""
    p, q = clipped(first), clipped(second)
    middle = (p + q) / 2
    terms = p * (np.log(p) - np.log(middle)) + q * (np.log(q) - np.log(middle))
    return np.sum(terms, axis=-1) / 2


def agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """1.0 where both name the same class, else 0.0, (...,)."""
    return (np.argmax(first, axis=-1) == np.argmax(second, axis=-1)).astype(np.float64)
