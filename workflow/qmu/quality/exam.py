"""What a measure of unlearning quality sees: one variant of one model with all its seeds.

A measure is one file in ``qmu/quality/measures`` (see `QualityMeasure`). It looks at parameters and
outputs, never at what another measure says. Values of single seeds are averaged by the audit; one
that belongs to the shadow fleet has no seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from qmu import seeds
from qmu.attacks.game import ShadowModels
from qmu.audit.measurement import Measurement, Recorder, Resampling, Subject
from qmu.forget.scenario import whole_classes
from qmu.models.model import Model, Parameters

if TYPE_CHECKING:
    from qmu.strict import Strict

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
    ``quantum``: it looks at a circuit's states, so that a classical model has none of it.
    ``whole_classes``: it asks after a class that is forgotten whole. ``answers``: it reads logits,
    labels and splits alone, so that models can be asked of which only the answers are known.

    A distance between retrained models has the metric's name with ``_floor`` at its end. A metric
    that is not listed stands in the report's table under its name.
    """

    title: str
    source: str
    fleets: bool = False
    quantum: bool = False
    whole_classes: bool = False
    answers: bool = False
    statement: str = ""
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class SeedExam:
    """One seed's audited model beside the original and the retrained ones.

    ``inputs`` (n, d) are all pool images as the model reads them, with ``label`` (n,),
    ``split`` (n,) such as ``forget_train`` and ``forget`` (n,) bool: what the request covers.
    ``outputs``, ``original_outputs`` and ``retrain_outputs`` hold ``expectation_values`` (n,
    wires), ``logits`` and ``probabilities`` (n, classes) in the same order; ``ensemble_logits``
    (models, n, classes) are those of further retrained models, whose parameters are ``ensemble``.
    """

    seed: int
    inputs: np.ndarray
    label: np.ndarray
    split: np.ndarray
    forget: np.ndarray
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
    """``model`` runs inside JAX; None, with no parameters and inputs, where the measure's card asks
    for ``answers`` alone and these are all there is. ``shadows``, ``unlearned`` and ``retrained``
    are None where the card asks for no fleets: models before and after the variant's method, and
    models trained on the same members without the forget set. Rows of the fleets are the pool's."""

    name: str
    variant: str
    device: str
    model: Model | None
    seeds: tuple[SeedExam, ...]
    shadows: ShadowModels | None
    unlearned: ShadowModels | None
    retrained: ShadowModels | None
    settings: Resampling

    @property
    def forget(self) -> np.ndarray:
        """Pool rows (n,) bool that the request covers, the same for every seed and fleet."""
        return self.seeds[0].forget

    @property
    def classes(self) -> tuple[int, ...]:
        """Classes that the request covers whole."""
        return whole_classes(self.seeds[0].label, self.forget)

    def counterparts(self, one: SeedExam) -> tuple[Parameters, ...]:
        """Parameters of the retrained models that the audited one is compared with, never itself:
        for ``retrain`` the further ones alone."""
        return one.ensemble if self.variant == "retrain" else (one.retrain, *one.ensemble)

    def draw(self, seed: int | None) -> Recorder:
        """Makes the measurements of one seed, or of the fleet (None)."""
        return Recorder(Subject(self.name, seed, self.variant, self.device), self.settings)

    def rng(self, *names: Any) -> np.random.Generator:
        """A generator of this variant by name."""
        path = (*self.settings.names, "quality", self.name, self.variant, *names)
        return seeds.generator(*path)


class QualityMeasure(Protocol):
    """A file of ``qmu/quality/measures``."""

    CARD: QualityCard
    Config: type[Strict]

    def measure(self, exam: Exam, config: Any) -> list[Measurement]:
        """Measurements of every seed (or of the fleet, with seed None), made by ``exam.draw(seed)``
        so that each has an interval of its own; NaN where there is too little to measure. Fleets
        are there where the card asks for them. Raises ValueError where they do not fit together."""
