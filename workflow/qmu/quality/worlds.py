"""The two worlds of a shadow fleet: models after unlearning an image, models that never saw it.

Only a shadow model that was trained on an image can have forgotten it. For each image of a group
as many models of either world are chosen, no model on both sides, so that estimates that depend on
the number of models stay comparable and retrained models against retrained ones give the floor.

The models of a fleet are a sample as the images are: one training shifts many images' margins at
once. How far other models would move a figure is told by leaving models out (`left_out`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from qmu.metrics.likelihood import logit_confidence

from .exam import Exam

SPLITS = ("forget_train", "retain_train", "retain_test", "forget_test")
# Fewest models on either side for an image to count: with 8, a shift of a whole standard deviation
# hardly stands out from what histograms and thresholds find by chance.
FEWEST = 32
# Groups that a fleet is left out in, one after the other.
GROUPS = 8
# What cards say of the fleets that this takes.
SIZE = (
    f"At least {FEWEST} models on either side of an image, or no figure: {2 * FEWEST} unlearned "
    f"shadow models for the forget set where each trains on half of the pool, {4 * FEWEST} for the "
    "other splits, where the models that hold an image, or those that do not, serve either side in "
    "halves."
)


@dataclass(frozen=True)
class Worlds:
    """``unlearned`` and ``retrained`` (models, n): logit-scaled confidences; ``first`` and
    ``second`` (models, n) bool: which of them are compared. ``images`` (n,): pool positions."""

    unlearned: np.ndarray
    retrained: np.ndarray
    first: np.ndarray
    second: np.ndarray
    images: np.ndarray | None = None


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
    images = np.flatnonzero(rows)[enough]
    return Worlds(after, oracle, first[:, enough], second[:, enough], images)


def left_out(models: int, fewest: int) -> Iterator[np.ndarray]:
    """Which models stay, (models,) bool, as each group of a fleet is left out in turn.

    Groups are smaller than the ``fewest`` models of a side, so that no side is ever empty.
    """
    groups = min(models, max(GROUPS, math.ceil(models / (fewest - 1))))
    # Neighbours divide the pool between them: a group of them takes as many from either side.
    place = np.arange(models) * groups // models
    for group in range(groups):
        yield place != group


def without(pair: Worlds, fewest: int) -> Iterator[Worlds]:
    """The worlds without each group of models in turn, on both sides: an unlearned model and the
    retrained one of the same members go together."""
    for stays in left_out(len(pair.first), fewest):
        keep = stays[:, None]
        yield replace(pair, first=pair.first & keep, second=pair.second & keep)


def spread(allowed: np.ndarray, count: np.ndarray) -> np.ndarray:
    """``count`` (n,) of the ``allowed`` (models, n) models per image, evenly over their order."""
    rank = np.cumsum(allowed, axis=0) - 1
    total = np.maximum(allowed.sum(axis=0), 1)
    return allowed & ((rank * count) % total < count)
