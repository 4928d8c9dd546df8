"""The sections of a configuration that belong to no component, with their defaults and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator

from qmu.strict import Strict


class Samples(Strict):
    """How many images each seed draws from the pool, disjointly."""

    train: PositiveInt = 1000
    test: PositiveInt = 500
    validation: PositiveInt = 200


# Principal components of images where none are asked for (Su et al. 2025, arXiv:2509.06086).
IMAGE_COMPONENTS = 256


class Features(Strict):
    """The public part of the data, and the features that are fitted on it.

    ``components``: principal components; by default 256 of images, and of a table none: its columns
    as they are. ``scale``: minmax to [0, 1] (beyond the public rows' range the nearest end),
    standard to mean 0 and deviation 1; by default none for images, minmax for a table. Both are
    fitted on the public rows, which serve no other purpose; ``fit_on="all_training"`` is the
    paper's protocol, on every training row of a data set with a training part.
    """

    public: PositiveInt = 1000
    components: PositiveInt | None = None
    scale: Literal["none", "standard", "minmax"] | None = None
    fit_on: Literal["public", "all_training"] = "public"
    pool: PositiveInt | None = None


class Simulation(Strict):
    """A device by its PennyLane name, and the floating-point precision of everything on it."""

    device: str = "lightning.qubit"
    precision: Literal["single", "double"] = "double"


class Fleet(Strict):
    """Models trained many at a time; ``width`` models share one compiled program."""

    device: str = "default.qubit"
    precision: Literal["single", "double"] = "single"
    width: Annotated[int, Field(ge=1, le=256)] = 8


class Retrain(Strict):
    """Extra retrained models per seed: the retrain-to-retrain floor of every distance."""

    ensemble: Annotated[int, Field(ge=2, le=64)] = 4


class Shadows(Strict):
    """Shadow models per model kind, and how many of them one job trains.

    ``unlearned``: how many of them every unlearning method is run on, and are trained once more
    without the forget class. Attacks and measures that know the method need them; 0 for none.
    """

    count: Annotated[int, Field(ge=2, le=512)] = 16
    block: Annotated[int, Field(ge=1, le=512)] = 8
    unlearned: Annotated[int, Field(ge=0, le=512)] = 0


Share = Annotated[float, Field(gt=0, le=100)]
Level = Annotated[float, Field(gt=0, le=20)]


class Audit(Strict):
    """What is audited beside the methods, so that the audit's own power and errors are known.

    ``ladder``: models are retrained with these percentages of the forget set left in. ``path``:
    forget losses, in units of log C, at which a method with a stopping rule is audited on its way.
    ``innocents``: of so many retrained models per seed (`Retrain.ensemble` are there), edits that
    add no knowledge of the forget set are audited.
    """

    ladder: tuple[Share, ...] = ()
    path: tuple[Level, ...] = ()
    innocents: Annotated[int, Field(ge=0, le=64)] = 0

    @field_validator("ladder", "path")
    @classmethod
    def _ascending(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if list(values) != sorted(set(values)):
            raise ValueError("must ascend, each value once")
        return values


class Evaluation(Strict):
    """Intervals: their confidence and the number of bootstrap resamples."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    bootstrap: Annotated[int, Field(ge=100, le=100_000)] = 1000
