"""`delete`: the model is distilled into itself with the forgotten class masked; no retained data.

Source: Zhou et al. 2025, "DELETE" (arXiv:2503.23751): the mean KL(softmax(mask(z_0)) || p) over the
forget set falls, where z_0 are the trained model's logits and the mask sets that of the forgotten
class to minus infinity. The trap: `logit_mask` has a loss of zero here, so the method may learn
that and keep every feature.
"""

from __future__ import annotations

from pydantic import PositiveFloat, PositiveInt

from qmu import losses
from qmu.models.model import Parameters
from qmu.unlearning.loops import FineTuning, Minibatch, fine_tune
from qmu.unlearning.problem import MethodCard, Outcome, Problem
from qmu.unlearning.targets import original, others, restricted, soft

CARD = MethodCard(
    title="Masked distillation (DELETE)",
    source="Zhou et al. 2025, arXiv:2503.23751",
    reads="forget",
    cost="epochs",
)


class Config(FineTuning):
    """Published: rates from 0.001 to 0.01, 10 to 20 epochs over the forget set."""

    learning_rate: PositiveFloat = 0.01
    epochs: PositiveInt = 20


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Descend the divergence from the masked original on the forget set."""
    allowed = others(problem, problem.forget.labels)
    forget = soft(problem, restricted(original(problem), allowed))

    def gradient(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        return problem.gradient(parameters, minibatch.of(forget, "forget"), losses.divergence)

    return fine_tune(problem, config, gradient)
