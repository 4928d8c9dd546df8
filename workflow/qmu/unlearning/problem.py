"""An unlearning problem: the trained model, the data that a method may read, and its bill.

A method is a pure function ``unlearn(problem, config) -> Outcome``. It gets copies; what its card
does not ask for is None, so it cannot be read by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from qmu import losses, seeds
from qmu.models.gradients import loss_and_gradient, outputs
from qmu.models.model import Model, Parameters

if TYPE_CHECKING:
    from jax import Array

# Outputs are computed for a multiple of so many samples: forget sets of different seeds then share
# one compiled program.
PADDING = 64


Reads = Literal["none", "forget", "retain", "both"]


@dataclass(frozen=True)
class MethodCard:
    """An unlearning method: its title, its source, and the data it is handed.

    ``reads`` is enforced: a forget-only method never receives the retain set. ``validation``
    says whether its stopping rule looks at the held-out validation split (retained classes only;
    test data never chooses anything). ``reconstructed`` marks a method whose source leaves details
    open: results show the label. ``head_only`` promises that nothing before the classical head
    changes: the circuit need not run again.
    """

    title: str
    source: str
    reads: Reads
    validation: bool = False
    head_only: bool = False
    whole_classes: bool = False
    hessian: bool = False
    reconstructed: bool = False
    control: bool = False


@dataclass(frozen=True)
class Data:
    """``inputs`` (n, d) as the model reads them, ``labels`` (n,) int."""

    inputs: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return self.inputs.shape[0]

    def padded(self) -> np.ndarray:
        """The inputs filled up with copies of the first to a multiple of `PADDING`."""
        return np.concatenate([self.inputs, np.repeat(self.inputs[:1], -len(self) % PADDING, 0)])


@dataclass
class Ledger:
    """What a run costs: one gradient evaluation = one sample's loss gradient; one forward
    evaluation = one sample's output."""

    gradient_evaluations: int = 0
    forward_evaluations: int = 0

    def columns(self, circuit_parameters: int) -> dict[str, list[int]]:
        """The ``cost`` table. Circuit executions are those of hardware: one for a forward
        evaluation, 2 P_q + 1 for a gradient by the two-term parameter-shift rule."""
        gradients, forwards = self.gradient_evaluations, self.forward_evaluations
        circuits = forwards + gradients * (2 * circuit_parameters + 1)
        return {
            "gradient_evaluations": [gradients],
            "forward_evaluations": [forwards],
            "circuit_executions": [circuits],
            "samples_read": [gradients + forwards],
        }


@dataclass(frozen=True)
class Outcome:
    """The unlearned parameters, the history (``epoch``, ``loss``, ``accuracy`` on the forget set
    after each step) and one line on why the method stopped."""

    parameters: Parameters
    history: dict[str, list[float]]
    stopped: str


@dataclass(frozen=True)
class Problem:
    """One trained model and what a method may see of its data.

    ``names`` is the path of names under which the method draws its random numbers.
    """

    model: Model
    parameters: Parameters
    forget_class: int
    forget: Data | None
    retain: Data | None
    validation: Data | None
    names: tuple[str | int, ...]
    report: Callable[[str], None] = print
    ledger: Ledger = field(default_factory=Ledger)

    def key(self, *names: str | int) -> Array:
        """A random key of this problem by name."""
        return seeds.key(*self.names, *names)

    def gradient(self, parameters: Parameters, data: Data) -> Parameters:
        """The gradient of the mean training loss over ``data``; costs len(data) gradients."""
        self.ledger.gradient_evaluations += len(data)
        return loss_and_gradient(self.model)(parameters, data.inputs, data.labels)[1]

    def batch(self, data: Data, size: int, role: str, step: int) -> Data:
        """Minibatch ``step`` of ``data``: consecutive pieces of a fresh permutation per pass."""
        size = min(size, len(data))
        per_pass = len(data) // size
        rng = seeds.generator(*self.names, role, step // per_pass)
        chosen = rng.permutation(len(data))[(step % per_pass) * size :][:size]
        return Data(data.inputs[chosen], data.labels[chosen])

    def training_loss(self, parameters: Parameters, data: Data) -> float:
        """The mean training loss over ``data``; costs len(data) forward evaluations."""
        self.ledger.forward_evaluations += len(data)
        loss = losses.LOSSES[self.model.config.training.loss]
        return float(np.mean(loss(self._logits(parameters, data), np.asarray(data.labels), np)))

    def measure(self, parameters: Parameters, data: Data) -> tuple[float, float]:
        """Mean cross-entropy and accuracy over ``data``; costs len(data) forward evaluations."""
        self.ledger.forward_evaluations += len(data)
        logits, labels = self._logits(parameters, data), np.asarray(data.labels)
        loss = float(np.mean(losses.cross_entropy(logits, labels, np)))
        return loss, float(np.mean(np.argmax(logits, axis=-1) == labels))

    def _logits(self, parameters: Parameters, data: Data) -> np.ndarray:
        found = outputs(self.model)(parameters, data.padded())[1]
        return np.asarray(found, np.float64)[: len(data)]
