"""Steps whose size depends neither on how saturated a model is nor on a tensor's scale.

A confident model has vanishing gradients, so plain steps stall and then explode. As in layer-wise
adaptive rates (You, Gitman and Ginsburg 2017, arXiv:1708.03888) every tensor moves by a set
fraction of its own size, along its normalised gradient. Angles have no natural zero, so the size
of the circuit's tensor is that of angles uniform on the circle, not its current norm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from qmu.lazy import jax, jnp
from qmu.models.model import Parameters

# Far below any gradient that carries information, far above underflow in either precision.
TINY = 1e-30


def unit(gradient: Parameters) -> Parameters:
    """Every tensor divided by its own Euclidean norm; one whose largest entry is below `TINY` (in
    size) stays as good as zero."""
    scaled = {}
    for name, g in gradient.items():
        # By the largest entry first: squares of small entries underflow in single precision.
        g = g / jnp.maximum(jnp.max(jnp.abs(g), initial=0.0), TINY)
        scaled[name] = g / jnp.maximum(jnp.linalg.norm(g), 1.0)
    return scaled


def combined(a: Parameters, alpha: float, b: Parameters, beta: float) -> Parameters:
    """alpha * a + beta * b, tensor by tensor."""
    return {name: alpha * a[name] + beta * b[name] for name in a}


def moved(parameters: Parameters, direction: Parameters, fraction: float) -> Parameters:
    """``parameters`` after a step of ``fraction`` of each tensor's size along ``direction``."""
    return {
        name: value + fraction * size(name, value) * direction[name]
        for name, value in parameters.items()
    }


@cache
def compiled(function: Callable[..., Parameters]) -> Callable[..., Parameters]:
    """A step's arithmetic as one program: tensor by tensor each operation would compile alone."""
    return jax.jit(function)


def climbed(parameters: Parameters, gradient: Parameters, fraction: float) -> Parameters:
    """``parameters`` after a step of ``fraction`` along the normalised ``gradient``."""
    return moved(parameters, unit(gradient), fraction)


def size(name: str, value: object) -> object:
    """The size of a tensor, by which its steps are scaled."""
    if name == "circuit":
        return math.sqrt(value.size) * math.pi / math.sqrt(3)
    return jnp.linalg.norm(value)
