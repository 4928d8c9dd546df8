"""What attacks read of a model: the 13 features of Su et al., losses, log-probabilities of labels.

Source: Su et al. 2025 (arXiv:2509.06086), released code: the class probabilities, their largest,
whether the answer is right, and the training loss.
"""

from __future__ import annotations

import numpy as np

from qmu import losses

from .game import ShadowModels, View

# PyTorch's binary cross-entropy, which the released attack feeds on, stops at this value. Here it
# also keeps the feature finite when a logit is minus infinity.
LOSS_CAP = 100.0

# Rows at a time: `bce_sum` needs classes^2 numbers per row, and fleets have millions of rows.
CHUNK = 16384

# Floor of the log of a mean probability: shadow models that all rule a label out would make every
# ratio to it infinite.
SMALLEST = -700.0


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


def log_probability(model: View | ShadowModels, temperature: float = 1.0) -> np.ndarray:
    """log p of the label by the softmax of logits / ``temperature``, (n,) of a view or (models, n)
    of shadows; -inf where the label is ruled out. Raises ValueError for NaN or +inf."""
    logits = np.asarray(model.logits, np.float64) / temperature
    if np.isnan(logits).any() or np.isposinf(logits).any():
        raise ValueError("logits must be finite or minus infinity")
    labels = np.broadcast_to(model.label, logits.shape[:-1])
    return losses.of_label(losses.log_probabilities(logits, np), labels, np)


def log_mean(log_p: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """log of the mean probability over the ``chosen`` (models, n) models, (n,), at least
    `SMALLEST`; NaN where there are none."""
    count = chosen.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = losses.log_sum_exp(np.where(chosen, log_p, -np.inf), np, axis=0)
        return np.where(count > 0, np.maximum(total - np.log(count), SMALLEST), np.nan)
