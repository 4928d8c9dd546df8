"""Synthetic exams for the tests of the measures of unlearning quality.

The logits are drawn, not computed from the parameters: an image has a difficulty of its own that
all models share, a model adds noise, a model that was trained on the forget class knows it (and its
own members better), and a retrained one sends it to the neighbour class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, Literal

import fixtures
import numpy as np
from qmu import losses
from qmu.attacks.game import ShadowModels
from qmu.audit.measurement import Resampling
from qmu.quality.exam import Exam, Outputs, SeedExam
from qmu.seeds import generator

CLASSES, FORGET = fixtures.CLASSES, 1
NEIGHBOUR = 2
SETTINGS = Resampling(names=("tests",), resamples=200)

# What the audited model is: a fresh draw of a retrained model, the retrained models exactly (all
# of them one model), the original itself, or one that denies its forget members more than needed.
State = Literal["retrained", "same", "never_forgot", "over_forgot"]


def exam(
    variant: str = "ga",
    *,
    state: State = "retrained",
    seeds: int = 2,
    images: int = 360,
    models: int = 64,
    ensemble: int = 3,
    fleets: bool = True,
    settings: Resampling = SETTINGS,
) -> Exam:
    """One variant of a small model: classes 0 to 2, class 1 to forget, a quarter of the images
    members of each model. The variant "retrain" audits the seed's retrained model."""
    label = _labels(images)
    exams = tuple(
        _seed_exam(seed, label, "retrain" if variant == "retrain" else state, ensemble)
        for seed in range(seeds)
    )
    found = Exam(
        name="basic_qnn",
        variant=variant,
        device="default.qubit",
        model=fixtures.small_model(),
        seeds=exams,
        shadows=None,
        unlearned=None,
        retrained=None,
        settings=settings,
    )
    if not fleets:
        return found
    trained = fleet("original", label, models)
    retrained = fleet("same" if state == "same" else "retrained", label, models)
    after = fleet(state, label, models, "unlearned")
    after = retrained if variant == "retrain" or state == "same" else after
    after = trained if state == "never_forgot" and variant != "retrain" else after
    return replace(found, shadows=trained, unlearned=after, retrained=retrained)


def fleet(kind: str, label: np.ndarray, models: int, name: str = "fleet") -> ShadowModels:
    """``models`` models, in groups of four that share the images out between them."""
    images = len(label)
    order = [generator("tests", "members", k // 4).permutation(images) for k in range(models)]
    member = np.zeros((models, images), bool)
    for k in range(models):
        member[k, order[k][k % 4 :: 4]] = True
    drawn = [logits(kind, label, member[k], (name, kind, k)) for k in range(models)]
    if kind == "retrained":
        member = member & (label != FORGET)
    return ShadowModels(np.arange(images) + 500, label, member, np.stack(drawn), "ce")


def logits(kind: str, label: np.ndarray, member: np.ndarray, names: tuple[Any, ...]) -> np.ndarray:
    """(n, classes) of one model of a ``kind`` ("original" or a `State`)."""
    images, forget = len(label), label == FORGET
    found = generator("tests", "difficulty").normal(size=(images, CLASSES))
    noise = generator("tests", "noise", *(("one",) if kind == "same" else names))
    found = found + 0.5 * noise.normal(size=found.shape)
    if kind in ("original", "never_forgot"):
        found[np.arange(images), label] += 4.0 + 2.0 * member
        return found
    found[np.arange(images), label] += np.where(forget, -6.0, 4.0 + 2.0 * (member & ~forget))
    found[forget, NEIGHBOUR] += 2.0
    if kind == "over_forgot":
        found[:, FORGET] -= 6.0 * (forget & member)
    return found


def _labels(images: int) -> np.ndarray:
    return np.arange(images) * CLASSES // images


def _splits(label: np.ndarray, seed: int) -> np.ndarray:
    order = generator("tests", "splits", seed).permutation(len(label))
    part = np.full(len(label), "unseen", dtype=object)
    quarter = len(label) // 4
    part[order[:quarter]] = "train"
    part[order[quarter : 2 * quarter]] = "test"
    part[order[2 * quarter : 2 * quarter + quarter // 2]] = "validation"
    group = np.where(label == FORGET, "forget", "retain")
    return np.array([f"{g}_{p}" for g, p in zip(group, part, strict=True)], dtype=object)


def _outputs(values: np.ndarray) -> Outputs:
    mixing = generator("tests", "mixing").normal(size=(CLASSES, 4))
    return {
        "expectation_values": np.tanh(values @ mixing / 8),
        "logits": values,
        "probabilities": np.exp(losses.log_probabilities(values, np)),
    }


@lru_cache(maxsize=64)
def _parameters(name: str, seed: int) -> Any:
    return fixtures.small_model().initial_parameters(generator("tests", "parameters", name, seed))


def _seed_exam(seed: int, label: np.ndarray, state: str, ensemble: int) -> SeedExam:
    split = _splits(label, seed)
    member = np.isin(split, ("forget_train", "retain_train"))
    oracle = "same" if state == "same" else "retrained"
    first = "original" if state == "never_forgot" else "retrain"
    original = logits("original", label, member, ("original", seed))
    retrain = logits(oracle, label, member, ("retrain", seed))
    audited = {
        "retrain": retrain,
        "same": retrain,
        "never_forgot": original,
    }.get(state)
    if audited is None:
        first, audited = "audited", logits(state, label, member, ("audited", seed))
    centres = generator("tests", "centres", fixtures.FEATURES).normal(
        size=(CLASSES, fixtures.FEATURES)
    )
    noise = generator("tests", "inputs").normal(size=(len(label), fixtures.FEATURES))
    others = [logits(oracle, label, member, ("ensemble", seed, k)) for k in range(ensemble)]
    return SeedExam(
        seed=seed,
        inputs=(centres[label] + 0.5 * noise).astype(fixtures.small_model().dtype),
        label=label,
        split=split,
        forget=label == FORGET,
        parameters=_parameters(first, seed),
        original=_parameters("original", seed),
        retrain=_parameters("retrain", seed),
        ensemble=tuple(_parameters(f"ensemble {k}", seed) for k in range(ensemble)),
        outputs=_outputs(audited),
        original_outputs=_outputs(original),
        retrain_outputs=_outputs(retrain),
        ensemble_logits=np.stack(others),
    )


@cache
def trained(classical: bool = False, retrained: int = 4, images: int = 600) -> Exam:
    """An exam of models that were trained for real: the original on all classes, the others never
    on the forget class, which they find hard to tell. It audits the original.

    ``component``: a name under which `classical_model` stands in for the quantum one.
    """
    from qmu.models import training
    from qmu.models.outputs import evaluate

    model = classical_model() if classical else fixtures.small_model(epochs=30)
    whole = exam(fleets=False, seeds=1, images=images)
    label = _labels(images)
    centres = generator("tests", "centres", fixtures.FEATURES).normal(
        size=(CLASSES, fixtures.FEATURES)
    )
    noise = generator("tests", "hard").normal(size=(images, fixtures.FEATURES))
    inputs = (centres[label] + 1.5 * noise).astype(model.dtype)

    def fitted(rows: np.ndarray, *names: str | int) -> Any:
        path = ("tests", "trained", *names)
        start = model.initial_parameters(generator(*path))
        return training.train(
            model, start, inputs, label, np.flatnonzero(rows), path, lambda line: None
        )[0]

    exams = []
    for one in whole.seeds:
        member = np.isin(one.split, ("forget_train", "retain_train"))
        original = fitted(member, one.seed, "original")
        models = [fitted(member & ~one.forget, one.seed, k) for k in range(retrained)]
        answers = [evaluate(model, parameters, inputs) for parameters in (original, *models)]
        exams.append(
            replace(
                one,
                inputs=inputs,
                parameters=original,
                original=original,
                retrain=models[0],
                ensemble=tuple(models[1:]),
                outputs=answers[0],
                original_outputs=answers[0],
                retrain_outputs=answers[1],
                ensemble_logits=np.stack([found["logits"] for found in answers[2:]]),
            )
        )
    return replace(whole, model=model, seeds=tuple(exams))


def auditing(whole: Exam, edit: Callable[[SeedExam], Any]) -> Exam:
    """The exam with the parameters that ``edit`` makes of each seed, and their answers."""
    from qmu.models.outputs import evaluate

    exams = []
    for one in whole.seeds:
        parameters = whole.model.convert(edit(one))
        answers = evaluate(whole.model, parameters, one.inputs)
        exams.append(replace(one, parameters=parameters, outputs=answers))
    return replace(whole, seeds=tuple(exams))


def classical_model() -> Any:
    """The recipe of a perceptron, four hidden units before a dense head and no circuit."""
    from qmu.models import model as models
    from recipes import tanh_net

    training = {**fixtures.SMALL_TRAINING, "epochs": 30}
    config = tanh_net.Config(hidden=4, training=training)
    dtype = fixtures.small_model().dtype
    return models.Model(tanh_net, config, CLASSES, None, None, dtype, fixtures.FEATURES)
