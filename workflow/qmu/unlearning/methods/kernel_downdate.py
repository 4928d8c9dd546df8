"""`kernel_downdate`: exact unlearning of a kernel model by taking rows out of its inverse.

With M = (K + lambda I)^-1 over all training rows, that over the retained ones is M_rr - M_rf
M_ff^-1 M_fr (the inverse of a block by its Schur complement; Zhang 2005, "The Schur complement and
its applications"). The model is the one that a fresh fit to the retained rows gives, whatever the
order of requests.

No circuit is executed where the kernel's entries were kept from training, as whoever fitted it on
hardware would: the bill is empty. A model here carries weights alone, so that the states are
simulated again, and the seconds tell.
"""

from __future__ import annotations

import numpy as np

from qmu.models import kernel
from qmu.strict import Strict
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Kernel down-dated",
    source="block inverse of the kernel's ridge regression; Zhang 2005 (exact)",
    reads="both",
    needs=("kernel",),
    cost="algebra",
)


class Config(Strict):
    """The down-date has no settings."""


def unlearn(problem: Problem, config: Config) -> Outcome:
    """The kernel model of the retained rows, from the inverse for all rows."""
    model, (forget, retain) = problem.model, (problem.forget, problem.retain)
    inputs = np.concatenate([forget.inputs, retain.inputs])
    gone = np.arange(len(inputs)) < len(forget)
    found = model.module.embedded(model.config, inputs)
    inverted = kernel.inverse(kernel.fidelity(found, found), model.config.penalty)
    dual = kernel.without(inverted, gone) @ kernel.targets(retain.labels, model.classes)
    parameters = model.convert(model.module.weighted(found[~gone], dual))
    return Outcome(parameters, f"{len(forget)} rows were taken out of the inverse")
