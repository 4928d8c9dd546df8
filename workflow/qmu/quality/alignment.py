"""Brings models to one common form before they are compared, so that an edit of the head is none.

One number, the bias of a forgotten class, moves relearning time, likelihood ratios and accuracy on
the class as far as forgetting does, though it neither adds nor removes knowledge. Two ways out:

- `match`, from logits alone: they are divided by their spread over the retained classes, and each
  forgotten class is shifted until its mean margin over the others is zero. A bias of that class, a
  temperature and a constant of all logits then change nothing.
- `refit`, from what the head reads: a new head replaces the model's own. Then no edit of the head
  changes anything, nor does what leaves <Z> alone, such as a full turn of an angle.

Both are fixed rules, the same for audited and for retrained models, and idempotent. They are fitted
on images that the model never saw and that no figure is judged on. Temperature scaling: Guo et al.
2017 (arXiv:1706.04599), here without labels and in closed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from qmu import losses
from qmu.data.splits import scattered_order
from qmu.models.head_edits import class_margin, opened
from qmu.models.heads import BIAS, WEIGHT
from qmu.models.model import Parameters
from qmu.models.outputs import evaluate_head

from .answers import remembered
from .exam import Exam, SeedExam

FITTED_ON = ("forget_unseen", "retain_unseen")
# Most images that fit a head, and the fewest of any class.
MOST, FEWEST = 4000, 2
# scikit-learn's C of the head's logistic regression, on standardised features.
REGULARISATION = 1.0


@dataclass(frozen=True)
class Match:
    """How one or many models (...) are brought to the common form: ``spread`` (...) of their
    logits, and ``shift`` (..., k) of the forgotten ``classes`` after division by it; NaN for a
    class whose logit is masked or of which the model was shown no image."""

    classes: tuple[int, ...]
    spread: np.ndarray
    shift: np.ndarray

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Logits (..., n, C) in the common form, float64; a class without a shift is NaN."""
        found = np.asarray(logits, np.float64) / self.spread[..., None, None]
        if self.classes:
            # A masked class stays unknown: minus infinity moved by anything tells nothing.
            moved = found[..., list(self.classes)] - self.shift[..., None, :]
            found[..., list(self.classes)] = moved
        return found


def match(
    logits: np.ndarray, label: np.ndarray, known: np.ndarray, classes: tuple[int, ...]
) -> Match:
    """The `Match` of models with ``logits`` (..., n, C) for images of ``label`` (n,).

    ``known`` (..., n) bool: the images that it may be fitted on. The spread is the root mean square
    of the retained classes' logits about each image's mean, over retained images; 1 where all are
    equal or there is none.
    """
    logits = np.asarray(logits, np.float64)
    known = np.broadcast_to(known, logits.shape[:-1])
    retained = np.setdiff1d(np.arange(logits.shape[-1]), classes)
    kept = logits[..., retained]
    square = np.mean((kept - kept.mean(axis=-1, keepdims=True)) ** 2, axis=-1)
    spread = np.sqrt(_mean(square, known & ~np.isin(label, classes)))
    spread = np.where(spread > 0, spread, 1.0)
    scaled = logits / spread[..., None, None]
    shifts = [_mean(class_margin(scaled, c, classes), known & (label == c)) for c in classes]
    shift = np.stack(shifts, axis=-1) if shifts else np.empty((*spread.shape, 0))
    return Match(tuple(classes), spread, np.where(np.isfinite(shift), shift, np.nan))


def _mean(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean over the last axis of the chosen values; NaN without any."""
    count = chosen.sum(axis=-1)
    total = np.where(chosen, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def open_logits(exam: Exam, one: SeedExam) -> np.ndarray:
    """The audited model's logits (n, C); where one is masked, those of its opened head."""
    logits = np.asarray(one.outputs["logits"], np.float64)
    if np.isfinite(logits).all():
        return logits
    head = exam.model.convert(opened(one.parameters))
    return evaluate_head(exam.model, head, one.outputs["expectation_values"])["logits"]


def matched(exam: Exam, one: SeedExam) -> Exam | None:
    """The exam of one seed with all logits in the common form, fleets included; None where a fleet
    or a retrained model has a masked logit, or was shown no unseen image of a forgotten class.

    Fitted on the seed's unseen images, for a fleet's model on those of which it was no member. The
    audited model's masked logit is opened, for which its head must be known.
    """
    if exam.model is None and not np.isfinite(one.outputs["logits"]).all():
        return None
    unseen = np.isin(one.split, FITTED_ON)

    def common(logits: np.ndarray, known: np.ndarray) -> np.ndarray:
        return match(logits, one.label, known, exam.classes)(logits)

    found = replace(
        one,
        outputs={**one.outputs, "logits": common(open_logits(exam, one), unseen)},
        retrain_outputs={
            **one.retrain_outputs,
            "logits": common(one.retrain_outputs["logits"], unseen),
        },
        ensemble_logits=common(one.ensemble_logits, unseen),
    )
    fleets = {
        name: replace(fleet, logits=common(fleet.logits, unseen & ~exam.shadows.member))
        for name in ("unlearned", "retrained")
        if (fleet := getattr(exam, name)) is not None
    }
    every = [found.outputs["logits"], found.retrain_outputs["logits"], found.ensemble_logits]
    every += [fleet.logits for fleet in fleets.values()]
    if any(np.isnan(logits).any() for logits in every):
        return None
    return replace(exam, seeds=(found,), **fleets)


@dataclass(frozen=True)
class Head:
    """A dense head: ``weight`` (d, C), ``bias`` (C,), float64."""

    weight: np.ndarray
    bias: np.ndarray

    def logits(self, values: np.ndarray) -> np.ndarray:
        """Logits (n, C) of what the head reads (n, d)."""
        return values @ self.weight + self.bias

    def fits(self, parameters: Mapping[str, np.ndarray]) -> bool:
        """Whether it can stand in for the head of ``parameters``: one dense layer of its shape."""
        own = {name: np.shape(v) for name, v in parameters.items() if name.startswith("head/")}
        return own == {WEIGHT: self.weight.shape, BIAS: self.bias.shape}

    def replaces(self, parameters: Parameters) -> dict[str, np.ndarray]:
        """The parameters with this head instead of their own."""
        return {**parameters, WEIGHT: self.weight, BIAS: self.bias}


def fitting_rows(one: SeedExam) -> np.ndarray:
    """Positions (n,) of the images that fit a head, ascending: unseen ones, at most `MOST`."""
    rows = one.rows(*FITTED_ON)
    return np.sort(rows[scattered_order(rows)[:MOST]])


@remembered
def refit(values: np.ndarray, label: np.ndarray, classes: int) -> Head | None:
    """The multinomial logistic regression of ``label`` (n,) on what a head reads (n, d).

    Features are standardised by ``values`` themselves. None where one of the ``classes`` has fewer
    than `FEWEST` images.
    """
    if np.bincount(label, minlength=classes).min() < FEWEST:
        return None
    from sklearn.linear_model import LogisticRegression

    centre, width = values.mean(axis=0), values.std(axis=0)
    width = np.where(width > 0, width, 1.0)
    regression = LogisticRegression(C=REGULARISATION, solver="newton-cholesky", max_iter=100)
    regression.fit((values - centre) / width, label)
    weight, bias = regression.coef_.T / width[:, None], regression.intercept_
    if classes == 2:  # scikit-learn gives one logit, the difference of two
        weight, bias = np.hstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return Head(weight, bias - centre @ weight)


def log_odds(logits: np.ndarray, classes: tuple[int, ...]) -> np.ndarray:
    """log P(one of ``classes``) - log P(another class), (n,), of logits (n, C)."""
    inside = np.isin(np.arange(logits.shape[-1]), classes)
    return losses.log_sum_exp(logits[..., inside], np) - losses.log_sum_exp(
        logits[..., ~inside], np
    )
