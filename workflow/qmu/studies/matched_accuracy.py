"""Leakage at matched accuracy: is a noisy model's lower leakage more than its lower accuracy?

A noisy device can lower an attack's success only because the model has become worse. The comparison
model is the *ideal* one made equally inaccurate by noise that has nothing to do with the circuit:
independent Gaussian noise of one standard deviation is added to every logit of every image, members
and non-members alike, whatever the label. The deviation is the smallest (by bisection) at which the
mean accuracy over several draws, on the test images, has fallen to the noisy model's. Its AUC by
the same score is the leakage "at matched accuracy". A noisy AUC near it is explained by the lost
accuracy; one above it says that the device hides less than equally inaccurate answers would; one
below it that it hides more. Where the noisy model is as accurate as the ideal one or more, nothing
is added and the ideal AUC is the comparison; where it is less accurate than pure logit noise can
make the ideal one, there is no comparison (NaN).

The definition is this project's. Logit noise is only one way to be less accurate, and drawn once
per image, so it stands for a single answer and not for an attacker who may average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DRAWS = 4
STEPS = 30
STRONGEST = 64.0
"""The strongest noise, in standard deviations of the ideal logits."""


@dataclass(frozen=True)
class LogitNoise:
    """Ideal ``logits`` (n, classes), their ``label`` (n,), which rows are ``tested`` (n,) bool, and
    standard normal ``draws`` (k, n, classes), the same at every accuracy that is asked for."""

    logits: np.ndarray
    label: np.ndarray
    tested: np.ndarray
    draws: np.ndarray

    @classmethod
    def draw(
        cls, logits: np.ndarray, label: np.ndarray, tested: np.ndarray, rng: np.random.Generator
    ) -> LogitNoise:
        """With fresh noise; ValueError where no row is tested."""
        if not tested.any():
            raise ValueError("matching accuracies needs test images")
        return cls(logits, label, tested, rng.normal(size=(DRAWS, *logits.shape)))

    def accuracy(self, deviation: float) -> float:
        """The mean accuracy over all draws on the tested rows."""
        rows = self.tested
        noisy = self.logits[rows] + deviation * self.draws[:, rows]
        return float(np.mean(noisy.argmax(axis=-1) == self.label[rows]))

    def deviation(self, accuracy: float) -> float:
        """The smallest standard deviation that lowers the accuracy to ``accuracy``; 0 where it is
        there already, NaN where the strongest noise does not reach it."""
        if self.accuracy(0.0) <= accuracy:
            return 0.0
        finite = self.logits[np.isfinite(self.logits)]
        low, high = 0.0, STRONGEST * max(float(np.std(finite)), 1e-12)
        if self.accuracy(high) > accuracy:
            return float("nan")
        for _ in range(STEPS):
            middle = (low + high) / 2
            if self.accuracy(middle) > accuracy:
                low = middle
            else:
                high = middle
        return high

    def matched(self, accuracy: float) -> np.ndarray | None:
        """Logits (draws, n, classes) at that accuracy, or None; one draw where nothing is added."""
        deviation = self.deviation(accuracy)
        if np.isnan(deviation):
            return None
        return self.logits + deviation * (self.draws if deviation else self.draws[:1])
