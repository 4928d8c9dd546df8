"""`ga_released`: gradient ascent exactly as it was released, a fixed number of momentum steps.

Source: the code of Su et al. 2025, "Quantum machine unlearning" (arXiv:2509.06086). Its basic model
ascends one minibatch of the forget set per "epoch", ten of them, by Nesterov's momentum at 0.05;
its hybrid model goes six times through the forget set by plain momentum at 0.01 (``optimizer:
sgd``, ``learning_rate: 0.01``, ``passes: 6``). Nothing stops it: where it does too little or too
much, that is its result. For reproduction; `ga` is the same ascent under a stopping rule.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.lazy import jax, optax
from qmu.strict import Strict
from qmu.unlearning.problem import MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Gradient ascent, as released",
    source="code of Su et al. 2025, arXiv:2509.06086",
    reads="forget",
)


class Config(Strict):
    """``steps`` minibatches, one each, unless ``passes`` says how often the whole forget set is
    gone through."""

    optimizer: Literal["nesterov", "sgd"] = "nesterov"
    learning_rate: PositiveFloat = 0.05
    momentum: float = Field(default=0.9, ge=0, lt=1)
    batch_size: PositiveInt = 16
    steps: PositiveInt = 10
    passes: PositiveInt | None = None


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Ascend the forget loss for a fixed number of steps."""
    size = min(config.batch_size, len(problem.forget))
    steps = config.steps
    if config.passes is not None:
        steps = config.passes * (len(problem.forget) // size)
    transform = optax.sgd(
        config.learning_rate, config.momentum, nesterov=config.optimizer == "nesterov"
    )

    @jax.jit
    def ascended(parameters, moments, gradient):
        descent = jax.tree.map(lambda g: -g, gradient)
        updates, moments = transform.update(descent, moments, parameters)
        return optax.apply_updates(parameters, updates), moments

    parameters, rows = problem.parameters, []
    moments = transform.init(parameters)
    for step in range(steps):
        batch = problem.batch(problem.forget, size, "forget", step)
        gradient = problem.gradient(parameters, batch)
        parameters, moments = ascended(parameters, moments, gradient)
        rows.append(problem.measure(parameters, problem.forget))
    history = {
        "epoch": list(range(1, steps + 1)),
        "loss": [loss for loss, _ in rows],
        "accuracy": [accuracy for _, accuracy in rows],
    }
    return Outcome(parameters, f"all of {steps} steps taken", history)
