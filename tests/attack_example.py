"""Synthetic models for the tests of attacks and audit: views with planted or no membership.

Ids run class by class, as in stored datasets. Logits are those of a confident classifier; a
memorising one adds ``memory`` to the label's logit of its members.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qmu.view import Shadows, View

CLASSES = 10
FORGET = 4


def view(seed: int = 0, memory: float = 0.0, n: int = 2000, loss: str = "ce") -> View:
    """A quarter of ``n`` samples train, an eighth test, a twentieth validation, the rest unseen."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) * CLASSES // n
    part = np.full(n, "unseen", dtype=object)
    order = rng.permutation(n)
    part[order[: n // 4]] = "train"
    part[order[n // 4 : 3 * n // 8]] = "test"
    part[order[3 * n // 8 : 17 * n // 40]] = "validation"
    forget = label == FORGET
    split = np.array(
        [f"{'forget' if f else 'retain'}_{p}" for f, p in zip(forget, part, strict=True)],
        dtype=object,
    )
    member = part == "train"
    logits = rng.normal(scale=2.0, size=(n, CLASSES))
    logits[np.arange(n), label] += 7.0 + 2.0 * rng.normal(size=n) + memory * member
    return View(np.arange(n) + 1000, label, split, forget, member, logits, loss)


def suppressed(given: View, amount: float) -> View:
    """The model with the forget class' logit lowered everywhere; -inf is the mask control."""
    logits = given.logits.copy()
    logits[:, FORGET] -= amount
    return replace(given, logits=logits)


def relabelled(given: View, seed: int) -> View:
    """The same model with train, test and unseen dealt anew within each class: no membership."""
    rng = np.random.default_rng(seed)
    order = np.arange(len(given.label))
    for label in np.unique(given.label):
        rows = np.flatnonzero(given.label == label)
        order[rows] = rng.permutation(rows)
    return replace(given, split=given.split[order], member=given.member[order])


def shadows(seed: int = 0, memory: float = 0.0, models: int = 4, n: int = 1000) -> Shadows:
    """Shadow models with a quarter of the pool each as members."""
    views = [view(seed + 17 * k + 1, memory, n) for k in range(models)]
    return Shadows(
        sample_id=views[0].sample_id,
        label=views[0].label,
        member=np.stack([v.member for v in views]),
        logits=np.stack([v.logits for v in views]),
        loss="ce",
    )
