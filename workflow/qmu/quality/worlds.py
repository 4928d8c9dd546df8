"""The two worlds of a shadow fleet: models after unlearning an image, models that never saw it.

Only a shadow model that was trained on an image can have forgotten it. For each image of a group
as many models of either world are chosen, no model on both sides, so that estimates that depend on
the number of models stay comparable and retrained models against retrained ones give the floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.metrics.likelihood import logit_confidence

from .exam import Exam

SPLITS = ("forget_train", "retain_train", "retain_test", "forget_test")


@dataclass(frozen=True)
class Worlds:
    """``unlearned`` and ``retrained`` (models, n): logit-scaled confidences; ``first`` and
    ``second`` (models, n) bool: which of them are compared."""

    unlearned: np.ndarray
    retrained: np.ndarray
    first: np.ndarray
    second: np.ndarray


def confidences(exam: Exam) -> tuple[np.ndarray, np.ndarray]:
    """Logit-scaled confidences (models, n) of the fleets after unlearning and after retraining."""
    label = exam.shadows.label
    return tuple(logit_confidence(f.logits, label) for f in (exam.unlearned, exam.retrained))


def worlds(
    exam: Exam, split: str, fewest: int, margins: tuple[np.ndarray, np.ndarray]
) -> Worlds | None:
    """The images of a group with at least ``fewest`` models on either side; None without any.

    ``forget_train``: unlearned models that had held the image against retrained ones of the other
    models. ``retain_train``: models that hold it, half of them on either side. ``*_test``: models
    that never held it, likewise.
    """
    # The retrained fleet's own membership knows no forget set: ask what was held before.
    member = exam.shadows.member
    group, part = split.split("_")
    rows = exam.forget if group == "forget" else ~exam.forget
    held = member[:, rows]
    if split == "forget_train":
        count = np.minimum(held.sum(axis=0), (~held).sum(axis=0))
        first, second = spread(held, count), spread(~held, count)
    else:
        allowed = held if part == "train" else ~held
        count = allowed.sum(axis=0) // 2
        first = spread(allowed, count)
        second = spread(allowed & ~first, count)
    enough = count >= fewest
    if not enough.any():
        return None
    after, oracle = (values[:, rows][:, enough] for values in margins)
    return Worlds(after, oracle, first[:, enough], second[:, enough])


def spread(allowed: np.ndarray, count: np.ndarray) -> np.ndarray:
    """``count`` (n,) of the ``allowed`` (models, n) models per image, evenly over their order."""
    rank = np.cumsum(allowed, axis=0) - 1
    total = np.maximum(allowed.sum(axis=0), 1)
    return allowed & ((rank * count) % total < count)
