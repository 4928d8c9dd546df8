"""What the grey-box attacks read of a model: the 13 features of Su et al. and losses of a view.

Source: Su et al. 2025 (arXiv:2509.06086), released code: the class probabilities, their largest,
whether the answer is right, and the training loss.
"""

from __future__ import annotations

import numpy as np

from qmu import losses

# PyTorch's binary cross-entropy, which the released attack feeds on, stops at this value. Here it
# also keeps the feature finite when a logit is minus infinity.
LOSS_CAP = 100.0

# Rows at a time: `bce_sum` needs classes^2 numbers per row, and fleets have millions of rows.
CHUNK = 16384


def training_loss(logits: np.ndarray, labels: np.ndarray, loss: str) -> np.ndarray:
    """The training loss per sample, (n,) float64; +inf where the label's logit is -inf.

    Raises ValueError where a logit is NaN or +inf, for which no loss is defined.
    """
    logits = np.asarray(logits, np.float64)
    if np.any(np.isnan(logits)) or np.any(np.isposinf(logits)):
        raise ValueError("logits must be finite or minus infinity")
    labels, found = np.asarray(labels), np.empty(len(logits))
    with np.errstate(divide="ignore"):
        for start in range(0, len(logits), CHUNK):
            rows = slice(start, start + CHUNK)
            found[rows] = losses.LOSSES[loss](logits[rows], labels[rows], np)
    return found


def features(logits: np.ndarray, labels: np.ndarray, loss: str) -> np.ndarray:
    """Probabilities, largest probability, correct flag, loss up to `LOSS_CAP`.

    (n, classes) logits give (n, classes + 3) float64, finite for logits of -inf.
    """
    logits = np.asarray(logits, np.float64)
    probabilities = np.exp(losses.log_probabilities(logits, np))
    return np.column_stack(
        [
            probabilities,
            probabilities.max(axis=-1),
            logits.argmax(axis=-1) == labels,
            np.minimum(training_loss(logits, labels, loss), LOSS_CAP),
        ]
    )
