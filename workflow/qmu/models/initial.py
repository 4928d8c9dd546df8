"""Initial parameters that several models share."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

# Tensor -> its shape, and the inputs of one unit; None for angles.
Shapes = Mapping[str, tuple[tuple[int, ...], int | None]]


def uniform(shapes: Shapes, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Classical tensors from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), angles from U(-pi, pi)."""
    parameters = {}
    for name, (shape, fan_in) in shapes.items():
        bound = math.pi if fan_in is None else 1.0 / math.sqrt(fan_in)
        parameters[name] = rng.uniform(-bound, bound, shape)
    return parameters
