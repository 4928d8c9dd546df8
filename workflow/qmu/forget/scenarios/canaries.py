"""`canaries`: planted states at a known trace distance from rows of the data.

A canary is cos(t) |row> + sin(t) |other>, with a random unit vector |other> orthogonal to the row's
state: its trace distance from the row is D = sqrt(1 - |<row|canary>|^2) = sin(t). It carries the
label of another class, so that a model answers as asked only where it was trained on the canary,
and a coin decides whether it was. Quantum differential privacy bounds by D what training may
reveal; canaries of known distance for auditing it: Song et al. 2025 (arXiv:2512.14388), of which
the abstract alone served here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from qmu.forget.draws import candidates, first_requested, relabelled
from qmu.forget.scenario import Marked, Names, ScenarioCard
from qmu.strict import Strict

if TYPE_CHECKING:
    from qmu.data.dataset import Description

CARD = ScenarioCard(
    title="Planted canaries",
    statement=(
        "Members are canaries, states at a known trace distance from rows of the data with another "
        "label, which every seed trains on; they are compared with canaries that no seed ever "
        "trains on, chosen by a coin."
    ),
    alters=True,
    inputs=("features", "states"),
)


class Config(Strict):
    """``rows`` planted among the training rows of every seed; ``distance``: trace distance of a
    canary from the row whose place it takes, as amplitudes."""

    rows: int = Field(default=50, ge=2)
    distance: float = Field(default=0.5, ge=0, le=1)


def check(config: Config, data: Description) -> None:
    """There must be as many rows, another class, and directions to turn to."""
    if config.rows * 2 > data.rows:
        raise ValueError(f"rows: {config.rows} is more than half of the {data.rows} rows")
    if data.classes < 2:
        raise ValueError("kind: a canary carries another label, there is one class only")


def mark(
    pool: Mapping[str, np.ndarray], config: Config, train: int, rng: np.random.Generator
) -> Marked:
    """Random rows, of which a coin trains on some: as many in every model as in a target."""
    rows = len(pool["label"])
    order = rng.permutation(rows)[: candidates(config.rows, rows, train)]
    return first_requested(order, config.rows, rows)


def alter(
    pool: Mapping[str, np.ndarray],
    marked: Marked,
    config: Config,
    classes: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """The canaries' states and labels in the places of the marked rows."""
    changed = {"label": relabelled(pool["label"], marked.rows, classes, rng)}
    complex_ = "real" in pool
    inputs = pool["real"] + 1j * pool["imaginary"] if complex_ else np.array(pool["features"])
    inputs[marked.rows] = turned(inputs[marked.rows], config.distance, rng)
    if complex_:
        return changed | {"real": inputs.real, "imaginary": inputs.imag}
    return changed | {"features": inputs}


def turned(rows: np.ndarray, distance: float, rng: np.random.Generator) -> np.ndarray:
    """Rows (n, d), real or complex, at a trace ``distance`` from what they were; norms stay."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    state = rows / norm
    other = rng.normal(size=rows.shape)
    if np.iscomplexobj(rows):
        other = other + 1j * rng.normal(size=rows.shape)
    other = other - np.sum(state.conj() * other, axis=1, keepdims=True) * state
    other = other / np.linalg.norm(other, axis=1, keepdims=True)
    return norm * (np.sqrt(1 - distance**2) * state + distance * other)


def words(config: Config) -> str:
    """How many, and how far."""
    return f"{config.rows} planted canaries at trace distance {config.distance:g}"


def names(config: Config) -> Names:
    """How many, and how far."""
    return ("without canaries", config.rows, f"{config.distance:g}")
