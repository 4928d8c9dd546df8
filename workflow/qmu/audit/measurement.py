"""What the audit is about and how its figures are named, drawn and derived from one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qmu import seeds
from qmu.metrics import estimates
from qmu.metrics.epsilon import held_out
from qmu.metrics.estimates import Estimate
from qmu.metrics.intervals import Interval
from qmu.metrics.one_run import eps_fdp, eps_one_run
from qmu.metrics.resampling import Images
from qmu.metrics.roc import two_sided

# False-positive rates at which a TPR is reported, by the name of the metric.
FPRS = {"tpr_at_fpr_1pct": 0.01, "tpr_at_fpr_0_1pct": 0.001}
# Lower bounds of epsilon from scores of members and of others, by the name of the metric.
EPSILONS = {
    "epsilon_lower_bound": held_out,
    "epsilon_one_run": eps_one_run,
    "epsilon_fdp": eps_fdp,
}


@dataclass(frozen=True)
class Subject:
    """The audited model: its name, its seed, the variant (``target``, ``retrain``, ``ga``, ...)
    and the device its outputs come from. No seed: a figure of the shadow fleet."""

    model: str
    seed: int | None
    variant: str
    device: str


@dataclass(frozen=True)
class Resampling:
    """``names``: the path of names under which all resampling is drawn."""

    names: tuple[str | int, ...]
    confidence: float = 0.95
    resamples: int = 1000

    def generator(self, *names: Any) -> np.random.Generator:
        """A generator for one figure; None in its name counts as the word none."""
        path = ("none" if name is None else name for name in names)
        return seeds.generator(*self.names, "audit", *path)


@dataclass(frozen=True)
class Reference:
    """The seed's retrain ensemble, ``probabilities`` (models, n, classes), and what retraining
    once costs, where that is known: ``gradient_evaluations`` and wall-clock ``seconds``."""

    probabilities: np.ndarray
    gradient_evaluations: float = float("nan")
    seconds: float = float("nan")


@dataclass(frozen=True)
class Measurement:
    """One named figure of one model, seed and variant."""

    subject: Subject
    attack: str | None
    metric: str
    split: str | None
    estimate: Estimate

    @property
    def key(self) -> tuple[Any, ...]:
        """What figures of different seeds that belong together share."""
        subject = self.subject
        named = (subject.model, subject.variant, subject.device)
        return (*named, self.attack, self.metric, self.split)

    def with_estimate(self, estimate: Estimate) -> Measurement:
        """The same figure with another estimate."""
        return replace(self, estimate=estimate)

    def with_derived(self) -> list[tuple[str, float, Interval | None]]:
        """(metric, value, interval) of the figure and of those that are functions of it alone."""
        value, interval = self.estimate.value, self.estimate.interval
        found = [(self.metric, value, interval)]
        if interval is not None and self.metric == "auc":
            found.append(("auc_two_sided", *two_sided(value, interval)))
        if interval is not None and self.metric == "advantage":
            low, high = interval
            found.append(("balanced_accuracy", (1 + value) / 2, ((1 + low) / 2, (1 + high) / 2)))
        return found


@dataclass(frozen=True)
class Recorder:
    """Makes the figures of one subject.

    Where it is told the ids of the ``images`` (their positions in the pool serve as well), they are
    resampled alike for every figure, seed, variant and model: figures on the same images keep what
    they have in common, and over seeds an image counts once. Without ids a figure is resampled
    under a random stream of its own name, as if no other figure saw its images.
    """

    subject: Subject
    settings: Resampling

    def _arguments(self, known: bool, *names: Any) -> tuple[np.random.Generator, int, float]:
        subject, settings = self.subject, self.settings
        path = (subject.model, subject.seed, subject.variant, subject.device, *names)
        generator = settings.generator("images") if known else settings.generator(*path)
        return generator, settings.resamples, settings.confidence

    def rate(
        self,
        attack: str | None,
        metric: str,
        split: str,
        hits: np.ndarray,
        images: np.ndarray | None = None,
    ) -> Measurement:
        """The share of true ``hits``."""
        arguments = self._arguments(images is not None, attack, metric, split)
        found = estimates.rate(hits, *arguments, images=images)
        return Measurement(self.subject, attack, metric, split, found)

    def mean(
        self, metric: str, split: str, values: np.ndarray, images: np.ndarray | None = None
    ) -> Measurement:
        """The mean of per-sample ``values``."""
        arguments = self._arguments(images is not None, None, metric, split)
        found = estimates.mean(values, *arguments, images=images)
        return Measurement(self.subject, None, metric, split, found)

    def bootstrap(
        self,
        metric: str,
        split: str,
        n: int,
        statistic: Callable[[np.ndarray], np.ndarray],
        share: bool = False,
        images: np.ndarray | None = None,
        models: np.ndarray | None = None,
    ) -> Measurement:
        """A statistic of n samples, see `estimates.bootstrap`; NaN where there are none."""
        if n == 0:
            return self.value(metric, split, float("nan"), 0)
        arguments = self._arguments(images is not None, None, metric, split)
        found = estimates.bootstrap(
            statistic, n, *arguments, share=share, images=images, models=models
        )
        return Measurement(self.subject, None, metric, split, found)

    def epsilon(
        self, attack: str, split: str, members: np.ndarray, others: np.ndarray
    ) -> list[Measurement]:
        """Each of `EPSILONS` from held-out scores; they are bounds, so they have no interval."""
        n = len(members) + len(others)
        return [
            Measurement(self.subject, attack, metric, split, estimates.plain(found, n))
            for metric, bound in EPSILONS.items()
            for found in [bound(members, others, self.settings.confidence)]
        ]

    def value(
        self, metric: str, split: str | None, value: float, n: int | None = None
    ) -> Measurement:
        """A figure of one seed without a sampling error of its own."""
        return Measurement(self.subject, None, metric, split, estimates.plain(value, n))

    def advantage(
        self,
        attack: str,
        split: str,
        members: np.ndarray,
        others: np.ndarray,
        images: Images = (),
    ) -> Measurement:
        """TPR - FPR of the attack's decisions on members and on non-members."""
        arguments = self._arguments(bool(images), attack, "advantage", split)
        found = estimates.difference(members, others, *arguments, images=images)
        return Measurement(self.subject, attack, "advantage", split, found)

    def ranking(
        self,
        attack: str,
        split: str,
        members: np.ndarray,
        others: np.ndarray,
        images: Images = (),
    ) -> list[Measurement]:
        """AUC, and TPR at each of `FPRS`, of the scores of members against non-members."""
        arguments = self._arguments(bool(images), attack, "ranking", split)
        rates = tuple(FPRS.values())
        found = estimates.ranking(members, others, rates, *arguments, images=images)
        metrics = ("auc", *FPRS)
        return [
            Measurement(self.subject, attack, metric, split, estimate)
            for metric, estimate in zip(metrics, found, strict=True)
        ]
