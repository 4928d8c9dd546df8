"""Synthetic models for the tests of attacks and audit: views with planted or no membership.

Ids run class by class, as in stored datasets. Logits are those of a confident classifier; a
memorising one adds ``memory`` to the label's logit of its members.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from qmu.attacks.game import Evidence, ShadowModels, View

CLASSES = 10
FORGET = 4
COPIES = 9
WIRES = 4
# Models between which one permutation of the pool is divided, so a sample is a member of a quarter.
GROUP = 4
# What unlearning and retraining take off the forget class' logit.
SUPPRESSION = {"target": 0.0, "unlearned": 12.0, "retrained": 16.0}

Stage = Literal["target", "unlearned", "retrained"]


def measured(logits: np.ndarray) -> np.ndarray:
    """<Z> (..., n, WIRES) that logits (..., n, CLASSES) follow from, with what is lost beyond."""
    mixing = np.random.default_rng(WIRES).normal(size=(CLASSES, WIRES)) / np.sqrt(CLASSES)
    return np.tanh(logits @ mixing / 10)


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
    ids = np.arange(n) + 1000
    return View(
        ids,
        label,
        split,
        forget,
        member,
        logits,
        loss,
        expectation_values=measured(logits),
    )


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


def shadows(seed: int = 0, memory: float = 0.0, models: int = 4, n: int = 1000) -> ShadowModels:
    """Shadow models with a quarter of the pool each as members."""
    views = [view(seed + 17 * k + 1, memory, n) for k in range(models)]
    return ShadowModels(
        sample_id=views[0].sample_id,
        label=views[0].label,
        member=np.stack([v.member for v in views]),
        logits=np.stack([v.logits for v in views]),
        loss="ce",
        expectation_values=np.stack([v.expectation_values for v in views]),
    )


def for_fitting(target: View, fleet: ShadowModels | None = None) -> Evidence:
    """What an attack is fitted on before any other model exists: the target and the shadows."""
    return Evidence(target, target, shadows=fleet)


def evidence(
    seed: int = 0,
    memory: float = 4.0,
    n: int = 800,
    loss: str = "ce",
    models: int = 16,
    stage: Stage = "target",
    residue: float = 0.5,
    masked: bool = False,
    margin: float = 7.0,
) -> Evidence:
    """A target, the audited model, and all fleets, on one pool in one order.

    Samples differ in difficulty around the label's ``margin``, alike for all models; every model
    adds noise of its own and ``memory`` to the label's logit of its members. Every sample is a
    member of a quarter of the shadow models. Unlearning lowers the forget class and keeps
    ``residue`` of its members' memory; models retrained without the class keep none. ``stage``
    says which of the three is audited.
    ``masked``: the audited method sets the forget class' logit to -inf and does nothing else.
    """
    dealt = view(seed, 0.0, n, loss)
    rng = np.random.default_rng([seed, 1])
    base = rng.normal(scale=2.0, size=(n, CLASSES))
    base[np.arange(n), dealt.label] += margin + 2.0 * rng.normal(size=n)
    kept = {"target": 1.0, "unlearned": residue, "retrained": 0.0}

    def answers(member: np.ndarray, noise: np.ndarray, stage: Stage) -> np.ndarray:
        logits = base + noise
        memories = np.where(dealt.label == FORGET, kept[stage], 1.0) * memory * member
        logits[np.arange(n), dealt.label] += memories
        logits[:, FORGET] -= SUPPRESSION[stage]
        return logits

    member = _shared_members(n, models, rng)
    noise = rng.normal(size=(models + 1, n, CLASSES))
    again = rng.normal(size=(models + 1, n, CLASSES))
    fleets = {}
    for name, drawn in (("target", noise), ("unlearned", noise), ("retrained", again)):
        logits = np.stack([answers(member[k], drawn[k], name) for k in range(models)])
        fleets[name] = ShadowModels(
            dealt.sample_id, dealt.label, member.copy(), logits, loss, measured(logits)
        )
    original = _answering(dealt, answers(dealt.member, noise[models], "target"))
    drawn = again if stage == "retrained" else noise
    audited = _answering(dealt, answers(dealt.member, drawn[models], stage))
    if masked:
        audited = suppressed(original, np.inf)
        logits = fleets["target"].logits.copy()
        logits[..., FORGET] = -np.inf
        fleets["unlearned"] = replace(fleets["target"], logits=logits)
    elif stage != "unlearned":
        fleets["unlearned"] = fleets[stage]
    return Evidence(
        original,
        replace(audited, right=_right(audited, rng)),
        shadows=fleets["target"],
        unlearned=fleets["unlearned"],
        retrained=fleets["retrained"],
        calibration=_calibration(fleets["target"], rng),
    )


def _answering(given: View, logits: np.ndarray) -> View:
    return replace(given, logits=logits, expectation_values=measured(logits))


def _shared_members(n: int, models: int, rng: np.random.Generator) -> np.ndarray:
    """Members (models, n) of a fleet: groups of models divide permutations of the pool."""
    member = np.zeros((models, n), bool)
    for index in range(models):
        if index % GROUP == 0:
            order = rng.permutation(n)
        member[index, order[index % GROUP :: GROUP]] = True
    return member


def _calibration(fleet: ShadowModels, rng: np.random.Generator) -> View:
    """The first shadow model with its own members and its answers on copies."""
    member = fleet.member[0]
    split = np.where(member, "retain_train", "retain_unseen").astype(object)
    forget = fleet.label == FORGET
    given = View(
        fleet.sample_id,
        fleet.label,
        split,
        forget,
        member,
        fleet.logits[0],
        fleet.loss,
        expectation_values=fleet.expectation_values[0],
    )
    return replace(given, right=_right(given, rng))


def _right(given: View, rng: np.random.Generator) -> np.ndarray:
    """Right answers (n, COPIES) on copies, whose logits are those of the image plus noise."""
    noise = rng.normal(scale=4.0, size=(COPIES, *given.logits.shape))
    answers = (given.logits + noise).argmax(axis=-1)
    return (answers == given.label).T
