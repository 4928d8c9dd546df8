"""Which entries of a model's parameters a method resets or trains: masks of bools by tensor.

A layer is what one prefix of names holds (``head/weight`` and ``head/bias``), in the order of the
model's initialiser, from the inputs on; within the circuit's tensor it is one layer of gates: the
last two axes are qubits and their angles, those before count layers. Where there are no such axes
the circuit is one layer.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from qmu.lazy import jnp
from qmu.models.model import Parameters

from .problem import Problem, in_scope
from .scaled_steps import compiled

Masks = dict[str, np.ndarray]


def last_layers(problem: Problem, count: int | Literal["all"]) -> Masks:
    """True for the ``count`` layers nearest to the output, or for all; no more than there are."""
    tensors = problem.model.initial_parameters(np.random.default_rng(0))
    layers: dict[tuple[str, int], list[str]] = {}
    for name, value in tensors.items():
        prefix = name if name == "circuit" else name.rpartition("/")[0]
        for number in range(_depth(np.shape(value)) if name == "circuit" else 1):
            layers.setdefault((prefix, number), []).append(name)
    masks = {name: np.zeros(np.shape(value), bool) for name, value in tensors.items()}
    chosen = list(layers.items())
    for (_, number), names in chosen if count == "all" else chosen[-count:]:
        for name in names:
            if name == "circuit":
                _by_layer(masks[name])[number] = True
            else:
                masks[name][...] = True
    return masks


def highest(problem: Problem, scores: Parameters, share: float) -> Masks:
    """True for a ``share`` of the entries in the scope, those with the highest ``scores``; of equal
    ones those that come first."""
    names = [name for name in sorted(scores) if in_scope(problem.scope, name)]
    flat = np.concatenate([np.ravel(scores[name]) for name in names])
    taken = np.zeros(len(flat), bool)
    taken[np.argsort(-flat, kind="stable")[: round(share * len(flat))]] = True
    masks = {name: np.zeros(np.shape(value), bool) for name, value in scores.items()}
    ends = np.cumsum([np.size(scores[name]) for name in names])
    for name, own in zip(names, np.split(taken, ends[:-1]), strict=True):
        masks[name] = own.reshape(np.shape(scores[name]))
    return masks


def chosen(masks: Masks, inside: Parameters, outside: Parameters) -> Parameters:
    """The entries of ``inside`` where a mask is true, of ``outside`` elsewhere."""
    return compiled(_chosen)(masks, inside, outside)


def weighted(masks: Masks, gradient: Parameters, weight: float) -> Parameters:
    """A gradient whose entries outside of the masks are multiplied by ``weight``."""
    return compiled(_weighted)(masks, gradient, weight)


def _chosen(masks: Masks, inside: Parameters, outside: Parameters) -> Parameters:
    return {name: jnp.where(masks[name], inside[name], outside[name]) for name in outside}


def _weighted(masks: Masks, gradient: Parameters, weight: float) -> Parameters:
    return {name: jnp.where(masks[name], g, weight * g) for name, g in gradient.items()}


def _depth(shape: tuple[int, ...]) -> int:
    return math.prod(shape[:-2])


def _by_layer(values: np.ndarray) -> np.ndarray:
    """A view of the circuit's tensor with its layers along the first axis."""
    if values.ndim < 3:
        return values[None]
    return values.reshape(_depth(values.shape), *values.shape[-2:])
