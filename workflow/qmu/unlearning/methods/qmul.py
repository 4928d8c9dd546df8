"""`qmul`: forget samples get the wrong label that the model finds likest; gradients weigh the same.

Source: Tong et al. 2025, "Q-MUL" (arXiv:2503.13917): similar labels and adaptive gradient
reweighting, g_r + (|g_r| / |g_f|) g_f, both descended. RECONSTRUCTED: the likest class is that of
the trained model's largest other logit, sample by sample.
"""

from __future__ import annotations

import numpy as np
from pydantic import PositiveFloat

from qmu.lazy import jnp
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem
from qmu.unlearning.scaled_steps import TINY, combined, compiled
from qmu.unlearning.targets import original, others

CARD = MethodCard(
    title="Similar labels (Q-MUL)",
    source="Tong et al. 2025, arXiv:2503.13917 (choice of labels reconstructed)",
    reads="both",
    cost="epochs",
    reconstructed=True,
)


class Config(FineTuning):
    """As for any fine-tuning; the rate suits angles."""

    learning_rate: PositiveFloat = 0.01


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the retain loss and the loss of similar labels by gradients of equal length."""
    allowed = others(problem, problem.forget.labels)
    likest = np.argmax(np.where(allowed, original(problem), -np.inf), axis=-1)
    forget = Data(problem.forget.inputs, likest.astype(np.asarray(problem.forget.labels).dtype))

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        g_r = problem.gradient(parameters, minibatch.retain)
        g_f = problem.gradient(parameters, minibatch.of(forget, "forget"))
        return compiled(balanced)(g_r, g_f)

    return fine_tune(problem, config, gradient)


def balanced(g_r: Parameters, g_f: Parameters) -> Parameters:
    """g_r + (|g_r| / |g_f|) g_f with norms over all parameters together."""
    n_r, n_f = (jnp.sqrt(sum(jnp.sum(g * g) for g in each.values())) for each in (g_r, g_f))
    return combined(g_r, 1.0, g_f, n_r / jnp.maximum(n_f, TINY))
