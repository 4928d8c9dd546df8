"""`relearn`: how fast a model learns the forgotten data again, compared with a retrained one.

The model is trained further on the forget set alone, by the original recipe's optimiser, learning
rate and batch size, until it is back near the original. What still stands in its parameters comes
back within a few steps. Relearn time: Golatkar et al. 2020 (arXiv:1911.04933).

Back means: the accuracy on the forget set is at least (1 - tolerance) times the original's, or the
mean training loss there is at most (1 + tolerance) times the original's. Both are looked at before
the first step and every ``check_every`` steps; a model that is not back after ``cap`` steps counts
with ``cap`` (censored). All models see the same minibatches, the same for all variants; the ratio
is to the mean over all retrained models.

Steps from the model's own head count how far the bias of the class has to climb, whatever the model
knows: a retrained model whose bias is raised seems to know, an original with the bias lowered seems
not to. The aligned steps begin from a head that is fitted anew on images that no model saw (see
`quality.alignment`), at an eighth of the learning rate, since little is left to learn. Then no edit
of the head counts.

An infinite parameter, the bias of a masked logit, can neither be trained nor come back by itself:
it is opened again at the mean of its tensor's finite entries, as anyone who relearns would.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu import losses, seeds
from qmu.audit.measurement import Measurement
from qmu.lazy import jax, optax
from qmu.models.gradients import loss_and_gradient, outputs
from qmu.models.head_edits import opened
from qmu.models.model import Model, Parameters
from qmu.models.recipe import Training
from qmu.models.training import optimizer
from qmu.quality.alignment import fitting_rows, refit
from qmu.quality.answers import expectation_values, remembered
from qmu.quality.exam import Exam, Metric, QualityCard, SeedExam
from qmu.strict import Strict
from qmu.unlearning.problem import Data

CARD = QualityCard(
    title="Relearn time",
    source="Golatkar et al. 2020, arXiv:1911.04933",
    statement=(
        "Steps of training on the forget set alone until the model is within 5% of the original "
        "there, and their ratio to those of retrained models. A ratio of 1 is ideal. Below 1 the "
        "model learns faster than ones that never saw the data; from the model's own head that may "
        "be a class's bias alone, and a masked logit is opened at the mean of the other biases. "
        "Aligned: from a head fitted anew on unseen images, which no edit of the head moves; below "
        "1 knowledge remained."
    ),
    metrics=(
        Metric("relearn_ratio", "relearning time / retrain's", 1.0),
        Metric("relearn_steps", "steps to relearn the forget set", drawn=False),
        Metric("relearn_aligned_ratio", "relearning time / retrain's, new head", 1.0),
        Metric("relearn_aligned_steps", "steps to relearn the forget set, new head", drawn=False),
    ),
)

SPLIT = "forget_train"


class Config(Strict):
    """``cap`` steps at most, and models that need more are censored at it. ``aligned_rate``: the
    learning rate from a new head, as a share of the recipe's."""

    cap: PositiveInt = 300
    check_every: PositiveInt = 1
    tolerance: PositiveFloat = 0.05
    aligned_rate: float = Field(default=0.125, gt=0, le=1)


def measure(exam: Exam, config: Config) -> list[Measurement]:
    """Steps and ratio of every seed, from the model's own head and from a new one.

    See `ratio` for when a ratio is NaN; the steps from a new head are where the head is not one
    dense layer, or unseen images of a class are too few to fit one.
    """
    figures = []
    for one in exam.seeds:
        draw, rows = exam.draw(one.seed), one.rows(SPLIT)
        names = (*exam.settings.names, "quality", exam.name, "relearn", one.seed)
        for metric, count in (("relearn", relearn_steps), ("relearn_aligned", aligned_steps)):
            steps, quotient = math.nan, math.nan
            if len(rows):
                models = (one.parameters, *exam.counterparts(one))
                steps, *others = (count(exam.model, p, one, rows, names, config) for p in models)
                quotient = ratio(steps, others, config.cap)
            figures += [
                draw.value(f"{metric}_steps", SPLIT, steps, len(rows)),
                draw.value(f"{metric}_ratio", SPLIT, quotient, len(rows)),
            ]
    return figures


def ratio(audited: float, others: Sequence[float], cap: int) -> float:
    """Steps of the audited model over the mean of the retrained ones. NaN where there are none,
    where they needed no step, or all models were censored: nothing is known then."""
    if not others or np.mean(others) == 0 or {audited, *others} == {cap}:
        return math.nan
    return float(audited / np.mean(others))


def relearn_steps(
    model: Model,
    parameters: Parameters,
    one: SeedExam,
    rows: np.ndarray,
    names: tuple[Any, ...],
    config: Config,
) -> int:
    """Steps on the images ``rows`` until the model is back, ``config.cap`` where it never is.

    ``names`` is the path under which minibatches are drawn: fresh permutations one after the
    other, cut into batches, so that a forget set smaller than a batch serves too.
    """
    start = model.convert(opened(parameters))
    return _steps(model, start, one.original, one.inputs[rows], one.label[rows], names, config, 1.0)


def aligned_steps(
    model: Model,
    parameters: Parameters,
    one: SeedExam,
    rows: np.ndarray,
    names: tuple[Any, ...],
    config: Config,
) -> float:
    """`relearn_steps` from a head that is fitted anew; NaN where none can be."""
    known = fitting_rows(one)
    values = expectation_values(model, model.convert(opened(parameters)), one.inputs[known])
    head = refit(values, one.label[known], model.classes)
    if head is None or not head.fits(parameters):
        return math.nan
    start = model.convert(head.replaces(opened(parameters)))
    given = one.inputs[rows], one.label[rows]
    return _steps(model, start, one.original, *given, names, config, config.aligned_rate)


@remembered
def _steps(
    model: Model,
    parameters: Parameters,
    original: Parameters,
    inputs: np.ndarray,
    labels: np.ndarray,
    names: tuple[Any, ...],
    config: Config,
    rate: float,
) -> int:
    """Steps at ``rate`` times the recipe's learning rate."""
    data = Data(inputs, labels)
    back = _criterion(model, original, data, config.tolerance)
    training = model.config.training
    recipe = training.model_copy(update={"learning_rate": rate * training.learning_rate})
    gradient_of, updated = loss_and_gradient(model), _update(recipe)
    moments = optimizer(recipe).init(parameters)
    order = _order(len(data), config.cap * recipe.batch_size, names)
    order = order.reshape(config.cap, recipe.batch_size)
    for step in range(config.cap):
        if step % config.check_every == 0 and back(parameters):
            return step
        _, gradient = gradient_of(parameters, data.inputs[order[step]], data.labels[order[step]])
        parameters, moments = updated(parameters, moments, gradient)
    return config.cap


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
def _update(recipe: Training) -> Callable[..., tuple[Parameters, Any]]:
    """One step of the recipe's optimiser as one program."""
    transform = optimizer(recipe)

    def update(parameters: Parameters, moments: Any, gradient: Parameters) -> Any:
        updates, moments = transform.update(gradient, moments, parameters)
        return optax.apply_updates(parameters, updates), moments

    return jax.jit(update)
