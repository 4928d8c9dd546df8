"""`label_only`: members are named rightly on more transformed copies of themselves.

Source: Choquette-Choo, Tramer, Carlini and Papernot 2021 (arXiv:2007.14321). The attacker sees no
probabilities, only whether the model names the image and its copies rightly: images shifted by a
pixel or two, and the model's input with Gaussian noise. The count of right answers stands for the
distance to the decision boundary. Its threshold comes from a shadow model and its own members.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu import seeds
from qmu.attacks.game import AttackCard, Evidence, Scored, View
from qmu.attacks.thresholds import best_threshold
from qmu.data import features
from qmu.data.images import scaled
from qmu.errors import QmuError
from qmu.strict import Strict

Table = dict[str, np.ndarray]

# Models read pixels as pixel / HALF_RANGE - 1 (`qmu.model.Model.inputs`).
HALF_RANGE = 127.5

CARD = AttackCard(
    title="Label only, transformed copies",
    source="Choquette-Choo et al. 2021, arXiv:2007.14321",
    access="the predicted class on chosen inputs, and labels; one shadow model",
    needs=("queries",),
    statement=(
        "Score: how many of the image and its shifted or noisy copies the model names rightly. The "
        "threshold is one shadow model's, on its own members. Counts tie often; a model that never "
        "names a class gives zero to all of its images."
    ),
)


class Config(Strict):
    """``shift``: largest shift in pixels, ``diagonals``: also along them; ``noise``: standard
    deviations relative to the root mean square of the inputs, ``noise_copies`` of each. The levels
    were chosen on shadow models: smaller ones change too few answers to tell members apart."""

    shift: int = Field(default=1, ge=1, le=2)
    diagonals: bool = False
    noise: tuple[PositiveFloat, ...] = (0.4, 0.8)
    noise_copies: PositiveInt = 2


def copies(
    everything: Table, pool: Table, inputs: str, config: Config, names: tuple[str | int, ...]
) -> Iterator[Table]:
    """The pool with its images transformed, once per copy; the image itself is not among them.

    ``everything`` is the whole pool table, whose public images fit the principal components;
    ``inputs`` is the column that the model reads, "image" (n, pixels) or "features". Every model
    is asked about the same noise; features without an image can only be made noisy. Raises QmuError
    where the components were fitted on other images.
    """
    ways = directions(config) if "image" in pool else ()
    shifted = [shift(pool["image"], down, right) for down, right in ways]
    projected = _project(everything, pool, shifted) if ways and inputs == "features" else shifted
    for images, values in zip(shifted, projected, strict=True):
        yield {**pool, "image": images, inputs: values}
    values = pool[inputs].astype(np.float64)
    centred = values - HALF_RANGE if inputs == "image" else values
    size = np.sqrt(np.mean(centred**2))
    for level, deviation in enumerate(config.noise):
        for number in range(config.noise_copies):
            rng = seeds.generator(*names, "noise", level, number)
            yield {**pool, inputs: values + deviation * size * rng.normal(size=values.shape)}


def directions(config: Config) -> list[tuple[int, int]]:
    """Shifts as (rows down, columns right)."""
    ways = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    if config.diagonals:
        ways += [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    return [(d * down, d * right) for d in range(1, config.shift + 1) for down, right in ways]


def shift(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Square images (n, pixels) moved on a black ground; what leaves the frame is lost."""
    side = isqrt(images.shape[1])
    square = images.reshape(-1, side, side)
    moved = np.zeros_like(square)
    to_rows, from_rows = _overlap(down, side)
    to_columns, from_columns = _overlap(right, side)
    moved[:, to_rows, to_columns] = square[:, from_rows, from_columns]
    return moved.reshape(images.shape)


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Nothing is fitted in advance: the calibrating answers come with the audited model's."""
    return {}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """Right answers on the image and its copies. Raises ValueError without a calibrating model
    that has members and non-members."""
    calibration = evidence.calibration
    if calibration is None or calibration.member.all() or not calibration.member.any():
        raise ValueError("label_only needs a shadow model with members and non-members")
    known = right_answers(calibration)
    threshold = best_threshold(known[calibration.member], known[~calibration.member])
    value = right_answers(evidence.audited)
    return Scored(score=value, decision=value >= threshold, fitted=np.zeros(len(value), bool))


def right_answers(view: View) -> np.ndarray:
    """How many of the image and its copies are named rightly, (n,) float64."""
    if view.right is None:
        raise ValueError("label_only needs answers on transformed copies")
    own = view.logits.argmax(axis=-1) == view.label
    return own + view.right.sum(axis=-1, dtype=np.float64)


def _overlap(by: int, side: int) -> tuple[slice, slice]:
    """Where pixels go to and come from along one axis."""
    return slice(max(by, 0), side + min(by, 0)), slice(max(-by, 0), side - max(by, 0))


def _project(everything: Table, pool: Table, shifted: list[np.ndarray]) -> list[np.ndarray]:
    """Shifted images on the principal components of the public images, as the pool was."""
    public = everything["image"][everything["role"] == "public"]
    components = pool["features"].shape[1]
    if len(public) < components:
        raise QmuError(f"label_only: {len(public)} public images for {components} components")
    stacked = np.concatenate([public, pool["image"], *shifted])
    fit_on = np.arange(len(stacked)) < len(public)
    projected = features.principal_components(scaled(stacked), fit_on, components)[len(public) :]
    same, *moved = np.split(projected, 1 + len(shifted))
    if not np.allclose(same, pool["features"], rtol=1e-3, atol=1e-3):
        raise QmuError(
            "label_only: the public images' principal components do not give the pool's features; "
            "set features.fit_on to 'public'"
        )
    return moved
