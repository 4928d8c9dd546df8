"""What a measure of unlearning quality sees: one variant of one model with all its seeds.

A measure is one file in ``qmu/quality``: a `Config`, a `CARD`, and ``measure(exam, config) ->
list[Figure]``. It looks at parameters and outputs, never at what another measure found. Figures
of single seeds are averaged by the audit; a figure that belongs to the shadow fleet has no seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu import seeds
from qmu.attacks.game import ShadowModels
from qmu.audit.measurement import Recorder, Resampling, Subject
from qmu.models.model import Model, Parameters

Outputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Metric:
    """One number of a measure, as the report shows it: the ``name`` in the tables and a short
    ``title``; the ``ideal`` value, where it does not depend on the retrained model; whether a
    panel of the figure is ``drawn`` for it (the report's table holds every metric)."""

    name: str
    title: str
    ideal: float | None = None
    drawn: bool = True


@dataclass(frozen=True)
class QualityCard:
    """A measure of unlearning quality: its title, source, whether it needs shadow models of the
    method, one sentence on how to read it, and the metrics that it gives, in reading order.

    A distance between retrained models has the metric's name with ``_floor`` at its end. A metric
    that is not listed stands in the report's table under its name.
    """

    title: str
    source: str
    fleets: bool = False
    statement: str = ""
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class SeedExam:
    """One seed's audited model beside the original and the retrained ones.

    ``inputs`` (n, d) are all pool images as the model reads them, with ``label`` (n,) and
    ``split`` (n,) such as ``forget_train``. ``outputs``, ``original_outputs`` and
    ``retrain_outputs`` hold ``expectation_values`` (n, wires), ``logits`` and ``probabilities``
    (n, classes) in the same order; ``ensemble_logits`` (models, n, classes) are those of further
    retrained models, whose parameters are ``ensemble``.
    """

    seed: int
    inputs: np.ndarray
    label: np.ndarray
    split: np.ndarray
    parameters: Parameters
    original: Parameters
    retrain: Parameters
    ensemble: tuple[Parameters, ...]
    outputs: Outputs
    original_outputs: Outputs
    retrain_outputs: Outputs
    ensemble_logits: np.ndarray

    def rows(self, *splits: str) -> np.ndarray:
        """Positions of the images of the named splits, ascending."""
        return np.flatnonzero(np.isin(self.split, splits))


@dataclass(frozen=True)
class Exam:
    """``model`` runs inside JAX. ``shadows``, ``unlearned`` and ``retrained`` are None where the
    measure's card asks for no fleets: models before and after the variant's method, and models
    trained on the same members without the forget class."""

    name: str
    variant: str
    device: str
    forget_class: int
    model: Model
    seeds: tuple[SeedExam, ...]
    shadows: ShadowModels | None
    unlearned: ShadowModels | None
    retrained: ShadowModels | None
    settings: Resampling

    def draw(self, seed: int | None) -> Recorder:
        """Makes the figures of one seed, or of the fleet (None)."""
        return Recorder(Subject(self.name, seed, self.variant, self.device), self.settings)

    def rng(self, *names: Any) -> np.random.Generator:
        """A generator of this variant by name."""
        path = (*self.settings.names, "quality", self.name, self.variant, *names)
        return seeds.generator(*path)
