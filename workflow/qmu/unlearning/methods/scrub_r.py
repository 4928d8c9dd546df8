"""`scrub_r`: SCRUB, rewound to the epoch whose error on the forget set looks like that of unseen
data.

Source: SCRUB+R of Kurmanji, Triantafillou, Hayes and Triantafillou 2023 (arXiv:2302.09880), for
privacy: a forget set that is answered worse than unseen data stands out as well. The stored epoch
is returned whose forget error is nearest to the last state's error on held-out data that are
distributed as the forget set. Those are the validation part, its classes weighted as they occur in
the forget set; test data are never read. Of a class that is forgotten whole nothing is held out:
there the reference is an error of 1, that of a model which never saw the class.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qmu.models.model import Parameters
from qmu.unlearning.methods import scrub
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="SCRUB with rewinding",
    source="Kurmanji et al. 2023, arXiv:2302.09880",
    reads="both",
    validation=True,
    cost="epochs",
)


class Config(scrub.Config):
    """Those of `scrub`."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Run SCRUB, then return one of its epochs."""
    states: list[Parameters] = []
    outcome = scrub.unlearn(problem, config, states.append)
    goal = 1.0 if problem.classes else reference_error(problem, outcome.parameters)
    errors = 1 - np.array(outcome.history["accuracy"])
    best = int(np.argmin(np.abs(errors - goal)))
    stopped = f"rewound to epoch {best + 1}: forget error {errors[best]:.3f} of {goal:.3f}"
    return replace(outcome, parameters=states[best], stopped=stopped)


def reference_error(problem: Problem, parameters: Parameters) -> float:
    """The error on the validation part, its rows weighted so that classes occur as they do in the
    forget set; classes of which it has no row do not count."""
    labels = np.asarray(problem.validation.labels)
    wrong = problem.logits(parameters, problem.validation).argmax(axis=1) != labels
    classes = problem.model.classes
    asked = np.bincount(problem.forget.labels, minlength=classes)
    there = np.bincount(labels, minlength=classes)
    weights = (asked / np.maximum(there, 1))[labels]
    return float(np.average(wrong, weights=weights if weights.any() else None))
