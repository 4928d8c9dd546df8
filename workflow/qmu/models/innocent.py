"""Edits of a retrained model that add no knowledge of what is to be forgotten.

Such a model is innocent by construction: an audit that accuses it of remembering reads something
else. ``bias``: the head's bias of a forgotten class is raised until the mean loss on images of the
class that no model saw is that of a uniform guess. ``temperature``: all logits halved. ``head``:
the head, one dense layer, is fitted anew, on retained training rows alone. ``turn``: every angle of
the circuit by its period, which changes no expectation value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from qmu import losses
from qmu.circuits.angles import periods
from qmu.circuits.circuit import Circuit

from .head_edits import shift_to_loss
from .heads import BIAS, WEIGHT

Parameters = dict[str, np.ndarray]

TEMPERATURE = 2.0
ROUNDS = 30
# Weight of the penalty on the refitted head's weights, per row.
PENALTY = 1e-4


def raised(
    parameters: Mapping[str, np.ndarray],
    logits: np.ndarray,
    label: np.ndarray,
    classes: Sequence[int],
) -> Parameters:
    """The bias of each of ``classes`` raised (or lowered) until its mean cross-entropy on rows with
    these ``logits`` (n, C) and ``label`` (n,) is log C. Several classes are gone through in rounds:
    the bias of one moves the loss of the others."""
    bias = np.array(parameters[BIAS], np.float64)
    logits = np.array(logits, np.float64)
    there, goal = [one for one in classes if np.any(label == one)], math.log(logits.shape[1])
    for _ in range(ROUNDS if len(there) > 1 else 1):
        for one in there:
            rows = label == one
            shift = shift_to_loss(logits[rows], label[rows], (one,), goal)
            bias[one] += shift
            logits[:, one] += shift
    return {**parameters, BIAS: bias}


def cooled(parameters: Mapping[str, np.ndarray]) -> Parameters:
    """All logits divided by `TEMPERATURE`: the last layer of the head is."""
    return {**parameters} | {name: parameters[name] / TEMPERATURE for name in (WEIGHT, BIAS)}


def refitted(
    parameters: Mapping[str, np.ndarray], values: np.ndarray, label: np.ndarray
) -> Parameters:
    """A multinomial logistic head on <Z>, ``values`` (n, wires), fitted to ``label`` (n,)."""
    from scipy.optimize import minimize

    weight = np.asarray(parameters[WEIGHT], np.float64)
    shape, rows = weight.shape, np.arange(len(label))
    design = np.concatenate([values, np.ones((len(values), 1))], axis=1)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        both = flat.reshape(shape[0] + 1, shape[1])
        log_p = losses.log_probabilities(design @ both, np)
        residue = np.exp(log_p)
        residue[rows, label] -= 1
        gradient = design.T @ residue / len(label) + PENALTY * both
        loss = -np.mean(log_p[rows, label]) + PENALTY / 2 * np.sum(both**2)
        return loss, gradient.ravel()

    start = np.zeros((shape[0] + 1) * shape[1])
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    both = found.x.reshape(shape[0] + 1, shape[1])
    return {**parameters, WEIGHT: both[:-1], BIAS: both[-1]}


def turned(parameters: Mapping[str, np.ndarray], circuit: Circuit) -> Parameters:
    """Every angle of the circuit by its period."""
    angles = np.asarray(parameters["circuit"])
    return {**parameters, "circuit": angles + periods(circuit).reshape(angles.shape)}
