"""`relearn`: how fast a model learns the forgotten data again, compared with a retrained one.

The model is trained further on the forget set alone, by the original recipe's optimiser, learning
rate and batch size, until it is back near the original. What still stands in its parameters comes
back within a few steps. Relearn time: Golatkar et al. 2020 (arXiv:1911.04933).

Back means: the accuracy on the forget set is at least (1 - tolerance) times the original's, or the
mean training loss there is at most (1 + tolerance) times the original's. Both are looked at before
the first step and every ``check_every`` steps; a model that is not back after ``cap`` steps counts
with ``cap`` (censored). Both models see the same minibatches, the same for all variants.

An infinite parameter, the bias of a masked logit, can neither be trained nor come back by itself:
it is opened again at the mean of its tensor's finite entries, as anyone who relearns would.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from qmu import losses, seeds
from qmu.audit.measurement import Measurement
from qmu.lazy import jax, optax
from qmu.models.gradients import loss_and_gradient, outputs
from qmu.models.model import Model, Parameters
from qmu.models.training import optimizer
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.strict import Strict
from qmu.unlearning.problem import Data

CARD = QualityCard(
    title="Relearn time",
    source="Golatkar et al. 2020, arXiv:1911.04933",
    statement=(
        "Steps of training on the forget set alone until the model is within 5% of the original "
        "there, and their ratio to those of a retrained model. A ratio of 1 is ideal; below 1 the "
        "model learns faster than one that never saw the data: knowledge remained. A masked "
        "logit is opened again at the mean of the other biases."
    ),
    metrics=(
        Metric("relearn_ratio", "relearning time / retrain's", 1.0),
        Metric("relearn_steps", "steps to relearn the class", drawn=False),
    ),
)

SPLIT = "forget_train"


class Config(Strict):
    """``cap`` steps at most, and models that need more are censored at it."""

    cap: PositiveInt = 300
    check_every: PositiveInt = 1
    tolerance: PositiveFloat = 0.05


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """``relearn_steps`` and ``relearn_ratio`` of every seed; see `ratio` for when it is NaN."""
    figures = []
    for one in exam.seeds:
        draw, rows = exam.draw(one.seed), one.rows(SPLIT)
        steps, quotient = math.nan, math.nan
        if len(rows):
            names = (*exam.settings.names, "quality", exam.name, "relearn", one.seed)
            counts = [
                relearn_steps(exam.model, start, one, rows, names, config)
                for start in (one.parameters, one.retrain)
            ]
            steps, quotient = counts[0], ratio(*counts, config.cap)
        figures += [
            draw.value("relearn_steps", SPLIT, steps, len(rows)),
            draw.value("relearn_ratio", SPLIT, quotient, len(rows)),
        ]
    return figures


def ratio(audited: int, oracle: int, cap: int) -> float:
    """Steps of the audited model over those of the retrained one. NaN where the retrained model
    needed none, or both were censored: nothing is known then."""
    if oracle == 0 or audited == oracle == cap:
        return math.nan
    return audited / oracle


def relearn_steps(
    model: Model,
    parameters: Parameters,
    one: SeedExam,
    rows: np.ndarray,
    names: tuple[Any, ...],
    config: Config,
) -> int:
    """Steps on the images ``rows`` until `is back`, ``config.cap`` where that is not reached.

    ``names`` is the path under which minibatches are drawn: fresh permutations one after the
    other, cut into batches, so that a forget set smaller than a batch serves too.
    """
    data = Data(one.inputs[rows], one.label[rows])
    back = _criterion(model, one.original, data, config.tolerance)
    parameters = opened(model, parameters)
    gradient_of, updated = loss_and_gradient(model), _update(model)
    moments = optimizer(model.config.training).init(parameters)
    batch = model.config.training.batch_size
    order = _order(len(rows), config.cap * batch, names).reshape(config.cap, batch)
    for step in range(config.cap):
        if step % config.check_every == 0 and back(parameters):
            return step
        _, gradient = gradient_of(parameters, data.inputs[order[step]], data.labels[order[step]])
        parameters, moments = updated(parameters, moments, gradient)
    return config.cap


def opened(model: Model, parameters: Parameters) -> Parameters:
    """Parameters whose infinite entries are the mean of their tensor's finite ones."""
    found = {name: np.array(value, np.float64) for name, value in parameters.items()}
    for value in found.values():
        finite = np.isfinite(value)
        if not finite.all():
            value[~finite] = value[finite].mean() if finite.any() else 0.0
    return model.convert(found)


def _criterion(
    model: Model, original: Parameters, data: Data, tolerance: float
) -> Callable[[Parameters], bool]:
    """Whether parameters are back near the original's accuracy or loss on the data."""
    forward, padded = outputs(model), data.padded()
    loss_of = losses.LOSSES[model.config.training.loss]

    def measured(parameters: Parameters) -> tuple[float, float]:
        logits = np.asarray(forward(parameters, padded)[1], np.float64)[: len(data)]
        loss = np.mean(loss_of(logits, data.labels, np))
        return float(loss), float(np.mean(np.argmax(logits, axis=-1) == data.labels))

    loss, accuracy = measured(original)

    def back(parameters: Parameters) -> bool:
        now, right = measured(parameters)
        # A loss that is no longer a number is never near.
        return math.isfinite(now) and (
            now <= (1 + tolerance) * loss or right >= (1 - tolerance) * accuracy
        )

    return back


def _order(images: int, length: int, names: tuple[Any, ...]) -> np.ndarray:
    """``length`` positions among ``images``: one permutation after another."""
    passes = -(-length // images)
    drawn = [
        seeds.generator(*names, "epoch", number).permutation(images)
        for number in range(1, passes + 1)
    ]
    return np.concatenate(drawn)[:length]


@lru_cache(maxsize=8)
def _update(model: Model) -> Callable[..., tuple[Parameters, Any]]:
    """One step of the recipe's optimiser as one program."""
    transform = optimizer(model.config.training)

    def update(parameters: Parameters, moments: Any, gradient: Parameters) -> Any:
        updates, moments = transform.update(gradient, moments, parameters)
        return optax.apply_updates(parameters, updates), moments

    return jax.jit(update)
