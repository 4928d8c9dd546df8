"""How far two models are apart: their class probabilities, their states, their <Z>.

Class probabilities, sample by sample:

Kullback and Leibler 1951; Lin 1991 for the Jensen-Shannon divergence; the use against a retrained
model follows Golatkar et al. 2020 (arXiv:1911.04933) and Chundawat et al. 2023
(arXiv:2205.08096). Natural logarithms. Probabilities are clipped at 1e-8 and renormalised, so that
classes that a model rules out count without making a distance infinite.

Pure states: Fuchs and van de Graaf 1999, Helstrom 1976. All distances are taken from the chord
``|a - e^(i phi) b|`` after the best global phase, since 1 - F loses its digits where two states are
nearly equal.

Expectation values: slope and correlation against exact ones. Noise pulls them towards those of a
mixed state, so the slope falls, while the correlation says whether what is left still orders images
as the model does.
"""

from __future__ import annotations

from collections.abc import Callable

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


def between_states(first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """``fidelity``, ``trace_distance``, ``helstrom``, ``bures`` of unit vectors (n, d), each (n,).

    F = |<a|b>|^2 in [0, 1]; D = sqrt(1 - F); (1 + D) / 2 is the best chance of telling the two
    apart in one measurement; Bures' distance is sqrt(2 - 2 sqrt F).
    """
    overlap = np.sum(second.conj() * first, axis=-1)
    size = np.abs(overlap)
    # Orthogonal states have no best phase: any serves.
    phase = np.where(size > 0, overlap / np.where(size > 0, size, 1.0), 1.0)
    chord = np.minimum(np.linalg.norm(first - phase[:, None] * second, axis=-1), np.sqrt(2.0))
    trace = np.minimum(chord * np.sqrt(1 - chord**2 / 4), 1.0)
    return {
        "fidelity": (1 - chord**2 / 2) ** 2,
        "trace_distance": trace,
        "helstrom": (1 + trace) / 2,
        "bures": chord,
    }


def slope_and_correlation(exact: np.ndarray, noisy: np.ndarray) -> tuple[float, float]:
    """Slope of the least-squares line from exact to noisy <Z>, and their correlation.

    Both over all samples and wires at once. Raises ValueError for different shapes and for exact
    values that are all the same.
    """
    reference, values = np.asarray(exact, float), np.asarray(noisy, float)
    if reference.shape != values.shape:
        raise ValueError(f"shapes differ: {reference.shape} and {values.shape}")
    reference, values = reference.ravel() - reference.mean(), values.ravel() - values.mean()
    variance = float(reference @ reference)
    if not variance:
        raise ValueError("the exact values are all the same: no slope")
    spread = float(np.sqrt(variance * (values @ values)))
    slope = float(reference @ values) / variance
    return slope, float(reference @ values) / spread if spread else 0.0


Statistic = Callable[[np.ndarray], np.ndarray]


def moments(exact: np.ndarray, measured: np.ndarray) -> tuple[Statistic, Statistic]:
    """Slope of the least-squares line from exact to measured <Z> (n, wires), and correlation, as
    functions of the images' weights (rows, n), each row summing to one.

    For resampling: every sum over images is a product with the weights, so that all resamples cost
    one pass. `slope_and_correlation` centres first, which keeps more digits.
    """
    sums = [
        part.mean(axis=1) for part in (exact, measured, exact**2, measured**2, exact * measured)
    ]

    def centred(weights: np.ndarray) -> tuple[np.ndarray, ...]:
        x, y, xx, yy, xy = (weights @ part for part in sums)
        return xx - x * x, yy - y * y, xy - x * y

    def slope(weights: np.ndarray) -> np.ndarray:
        of_exact, _, both = centred(weights)
        return _ratio(both, of_exact)

    def correlation(weights: np.ndarray) -> np.ndarray:
        of_exact, of_measured, both = centred(weights)
        return _ratio(both, np.sqrt(np.clip(of_exact * of_measured, 0, None)))

    return slope, correlation


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Zero where nothing varies."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-15)
