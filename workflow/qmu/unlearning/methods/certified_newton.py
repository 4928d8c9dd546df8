"""`certified_newton`: one Newton step removes rows from a convex head on fixed features.

Source: Guo, Goldstein, Hannun and van der Maaten 2020 (arXiv:1911.03030). The head w minimises the
mean cross-entropy plus ridge / 2 |w|^2 over all rows; with D the sum of the forgotten rows'
gradients plus ridge * m * w, w + H^-1 D removes them, H the retained objective's Hessian (a sum,
too). That is Newton's step on the mean over the retained rows. What it misses is measured by the
gradient r left there: strong convexity puts the minimum within |r| / ridge.

Noise as in Sekhari et al. 2021 (arXiv:2103.03279), RECONSTRUCTED: on the result. The source puts
it into the objective, b.w with Gaussian b, and compares the densities of b and b - r. That holds
where r does not depend on b, and here it does: w is found under b, and r at w. (A removal that
rounds b to a grid has a small r as well, and gives away everything.) On the result no such thing is
assumed: two heads within rho of one minimum are 2 rho apart, which N(0, noise^2) hides where
2 rho / noise <= the Gaussian's shift at (epsilon, delta). If |r| > ridge * rho the budget is
exceeded: the step is refused, and the head is fitted to the retained rows.

It needs features that no row has trained: ``basic_qnn`` with ``layers: 0``, not a trained circuit.
A recipe's head is no minimum, so it is fitted first, to all rows. With so few parameters a fit to
the retained rows alone costs no more circuits: what is new here is not speed but what is proved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field, PositiveFloat

from qmu import losses
from qmu.metrics.accounting import Certificate, gaussian_shift
from qmu.models.heads import BIAS, WEIGHT
from qmu.strict import Strict
from qmu.unlearning.certificates import COVERS
from qmu.unlearning.problem import Data, MethodCard, Outcome, Problem

CARD = MethodCard(
    title="Certified: Newton step on the head",
    source="Guo et al. 2020, arXiv:1911.03030; noise as in arXiv:2103.03279 (reconstructed)",
    reads="both",
    cost="once",
    head_only=True,
    needs=("fixed_features",),
    reconstructed=True,
)

# Newton's steps of a fit, and the gradient's norm at which it ends.
MOST_STEPS, SMALL = 100, 1e-12


class Config(Strict):
    """``noise``: the standard deviation on every weight and bias, which sets how much of the
    forgotten rows a step may leave."""

    ridge: PositiveFloat = 0.01
    noise: PositiveFloat = 0.05
    epsilon: PositiveFloat = 1.0
    delta: float = Field(default=1e-5, gt=0, lt=1)


@dataclass(frozen=True)
class Objective:
    """Mean cross-entropy of a dense head plus ``ridge`` / 2 times its squared norm.

    ``features`` (n, d) end in a column of ones; ``labels`` (n,). A head is (d, classes).
    """

    features: np.ndarray
    labels: np.ndarray
    ridge: float

    def value(self, head: np.ndarray) -> float:
        """The objective."""
        loss = losses.cross_entropy(self.features @ head, self.labels, np)
        return float(np.mean(loss) + self.ridge / 2 * np.sum(head**2))

    def gradient(self, head: np.ndarray) -> np.ndarray:
        """Its gradient, (d, classes)."""
        excess = self._probabilities(head)
        excess[np.arange(len(self.labels)), self.labels] -= 1
        return self.features.T @ excess / len(self.labels) + self.ridge * head

    def hessian(self, head: np.ndarray) -> np.ndarray:
        """Its Hessian by the flattened head, (d classes, d classes)."""
        p, x = self._probabilities(head), self.features
        spread = p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :])
        pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        d, classes = head.shape
        mean = (pairs.T @ spread.reshape(len(x), -1)).reshape(d, d, classes, classes) / len(x)
        found = mean.transpose(0, 2, 1, 3).reshape(head.size, head.size)
        return found + self.ridge * np.eye(head.size)

    def _probabilities(self, head: np.ndarray) -> np.ndarray:
        return np.exp(losses.log_probabilities(self.features @ head, np))


def newton(objective: Objective, head: np.ndarray) -> np.ndarray:
    """Newton's step from a head, (d, classes)."""
    gradient = objective.gradient(head)
    return -np.linalg.solve(objective.hessian(head), gradient.ravel()).reshape(head.shape)


def fitted(objective: Objective, shape: tuple[int, ...]) -> np.ndarray:
    """The objective's minimum, by Newton's steps from zero, each halved until it descends."""
    head = np.zeros(shape)
    for _ in range(MOST_STEPS):
        if np.linalg.norm(objective.gradient(head)) < SMALL:
            break
        step, value = newton(objective, head), objective.value(head)
        while objective.value(head + step) > value and np.linalg.norm(step) > SMALL:
            step = step / 2
        head = head + step
    return head


def unlearn(problem: Problem, config: Config) -> Outcome:
    """Fit the head to all rows, remove the forgotten ones by one step, and add the noise."""
    forget, retain = (_features(problem, part) for part in (problem.forget, problem.retain))
    labels = np.concatenate([problem.forget.labels, problem.retain.labels])
    whole = Objective(np.concatenate([forget, retain]), labels, config.ridge)
    retained = Objective(retain, np.asarray(problem.retain.labels), config.ridge)
    head = fitted(whole, (retain.shape[1], problem.model.classes))
    head = head + newton(retained, head)
    left = float(np.linalg.norm(retained.gradient(head)))
    budget = config.ridge * config.noise * gaussian_shift(config.epsilon, config.delta) / 2
    told = f"a gradient of {left:.2g} is left of at most {budget:.2g}"
    if left <= budget:
        stopped = f"removed by one step: {told}"
    else:
        stopped = f"one step was refused, {told}; the head was fitted to the retained data"
        head = fitted(retained, head.shape)
    head = head + config.noise * problem.generator("noise").normal(size=head.shape)
    changed = problem.model.convert({WEIGHT: head[:-1], BIAS: head[-1]})
    certificate = Certificate(config.epsilon, config.delta, COVERS)
    return Outcome(problem.parameters | changed, stopped, certificate=certificate)


def _features(problem: Problem, data: Data) -> np.ndarray:
    """What the head reads of the rows, and a column of ones for its biases."""
    values = problem.expectation_values(problem.parameters, data)
    return np.concatenate([values, np.ones((len(data), 1))], axis=1)
