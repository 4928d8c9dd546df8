"""An unlearning problem: the trained model, the data that a method may read, and its bill.

A method is one file with a `CARD`, a `Config` and a pure function ``unlearn(problem, config) ->
Outcome``: see `UnlearningMethod`. It is handed what its card asks for and nothing else; whatever
it computes through the problem is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from qmu import losses, seeds
from qmu.errors import ConfigError, QmuError
from qmu.models import curvature
from qmu.models.gradients import gradient_of, input_gradient_of, loss_and_gradient, outputs
from qmu.models.model import Model, Parameters
from qmu.strict import Strict

from .ledger import Ledger

if TYPE_CHECKING:
    from jax import Array

    from qmu.metrics.accounting import Certificate

# Outputs are computed for a multiple of so many samples: forget sets of different seeds then share
# one compiled program.
PADDING = 64

Reads = Literal["none", "forget", "retain", "both"]
# What a card's ``reads`` hands the method.
READS: dict[str, tuple[str, ...]] = {
    "none": (),
    "forget": ("forget",),
    "retain": ("retain",),
    "both": ("forget", "retain"),
}


# What a method may need of a model (`models.model.traits`), in the words of the line that says so.
NEEDS = {
    "biases": "a head with a bias for every class",
    "circuit": "a circuit with trained angles",
    "classical": "trained parameters outside of a circuit",
    "dense_head": "a head of one dense layer",
    "fixed_features": "a dense head, and no trained parameters before it",
    "head": "a head with parameters",
    "kernel": "a kernel",
    "last_layer": "a head that ends in a dense layer",
    "layers": "trained parameters before its head",
    "real_inputs": "real inputs, which can be moved a little",
}
# What a method goes over, from nothing to as much as a training; the bill counts it exactly.
COSTS = {
    "nothing": "no data",
    "once": "the data once",
    "steps": "minibatches, until a rule ends it",
    "epochs": "the data for some epochs",
    "training": "as much as a training",
}
# Which tensors a method with such a setting may change.
Scope = Literal["all", "circuit", "classical", "head"]


def in_scope(scope: Scope, name: str) -> bool:
    """Whether the tensor of that name is the scope's."""
    if scope == "head":
        return name.startswith("head/")
    return scope == "all" or (scope == "circuit") == (name == "circuit")


@dataclass(frozen=True)
class MethodCard:
    """An unlearning method: its title, its source, and the data it is handed.

    ``reads`` is enforced: a forget-only method never receives the retain set. ``validation``
    says whether its stopping rule looks at the held-out validation split (what is retained only;
    test data never chooses anything). ``reconstructed`` marks a method whose source leaves details
    open: results show the label. ``control`` marks one that is meant to fail the audit.
    ``head_only`` promises that nothing before the classical head changes: the circuit need not run
    again. ``whole_classes``: it works only where every image of some classes is forgotten.
    ``masks_logits``: it may set parameters of the head to minus infinity. ``needs``: what a model
    must have (`NEEDS`); it is left out for models that do not. ``cost``: its class (`COSTS`).
    """

    title: str
    source: str
    reads: Reads
    validation: bool = False
    head_only: bool = False
    whole_classes: bool = False
    masks_logits: bool = False
    needs: tuple[str, ...] = ()
    cost: str = "steps"
    reconstructed: bool = False
    control: bool = False

    def __post_init__(self) -> None:
        for key, value, known in (
            ("reads", (self.reads,), READS),
            ("needs", self.needs, NEEDS),
            ("cost", (self.cost,), COSTS),
        ):
            for one in value:
                if one not in known:
                    raise ConfigError(f"its card says {key}={one!r}, which is none of {(*known,)}")


@dataclass(frozen=True)
class Data:
    """``inputs`` (n, d) as the model reads them, ``labels`` (n,) int.

    For a gradient of a loss of the method's own, ``labels`` holds that loss's targets (n, ...).
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return self.inputs.shape[0]

    def padded(self) -> np.ndarray:
        """The inputs filled up with copies of the first to a multiple of `PADDING`."""
        return _padded(self.inputs)


def _padded(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.repeat(rows[:1], -len(rows) % PADDING, 0)])


def _no_history() -> dict[str, list[float]]:
    return {"epoch": [], "loss": [], "accuracy": []}


Timing = dict[str, list[float]]


@dataclass(frozen=True)
class State:
    """A state on a method's path: its parameters, why a run that ends here ``stopped``, the
    ``steps`` that led here, the ``history`` by then (see `Outcome`), and what it had cost:
    ``ledger`` and ``timing``."""

    parameters: Parameters
    stopped: str
    steps: int
    history: dict[str, list[float]]
    ledger: Ledger
    timing: Timing


@dataclass(frozen=True)
class Outcome:
    """The unlearned parameters, one line on why the method stopped, and the history (``epoch``,
    ``loss``, ``accuracy`` on the forget set after each step; empty for an edit without steps).

    A run under a stopping rule (`stopping.Monitor`) also has its ``end`` with the bill by then, and
    the states at the levels of ``problem.levels``, by level. ``certificate``: what the method
    proves of these parameters; those on the way have none.
    """

    parameters: Parameters
    stopped: str
    history: dict[str, list[float]] = field(default_factory=_no_history)
    end: State | None = None
    path: Mapping[float, State] = field(default_factory=dict)
    certificate: Certificate | None = None


class UnlearningMethod(Protocol):
    """What a file of `unlearning.methods` holds; the module is the method.

    `CARD` says what the method is handed, `Config` validates its settings and holds their defaults.
    """

    CARD: MethodCard
    Config: type[Strict]

    @staticmethod
    def unlearn(problem: Problem, config: Any) -> Outcome:
        """Forget ``problem.forget``.

        Args:
            problem: The trained model. ``problem.parameters`` are arrays by name (``circuit``:
                angles in radians) in the model's precision; ``problem.forget``, ``retain`` and
                ``validation`` hold inputs (n, d) and labels (n,). None of them may be written to.
                Random numbers come from ``problem.key`` and ``problem.generator`` alone.
            config: This module's `Config`.

        Returns:
            Parameters with the names, shapes and dtypes of ``problem.parameters``, all finite
            (but for ``masks_logits``), with the history and the reason for stopping.

        Raises:
            QmuError: What is asked cannot be forgotten in this way; one line that says why.
        """
        ...


@dataclass(frozen=True)
class Problem:
    """One trained model and what a method may see of its data.

    ``parts`` holds the data that the card of ``method`` asks for, by name. ``classes`` are those of
    which every image is to be forgotten; empty where a request takes part of a class. ``names`` is
    the path of names under which the method draws its random numbers. ``reference``: the mean
    cross-entropy of retrained shadow models on the forget set. ``levels``: forget losses, in units
    of log C, at which the state is wanted too. ``clock``: the seconds so far, as the columns of the
    table ``timing``. ``scope``: the tensors that may change; gradients by all others are zero.
    """

    model: Model
    parameters: Parameters
    parts: Mapping[str, Data]
    classes: tuple[int, ...]
    names: tuple[str | int, ...]
    method: str
    report: Callable[[str], None] = print
    ledger: Ledger = field(default_factory=Ledger)
    reference: float | None = None
    levels: tuple[float, ...] = ()
    clock: Callable[[], Timing] = dict
    scope: Scope = "all"

    # Data.

    def has(self, part: str) -> bool:
        """Whether the method is handed the part ``forget``, ``retain`` or ``validation``."""
        return part in self.parts

    @property
    def forget(self) -> Data:
        """The training data to forget; QmuError where the card does not ask for them."""
        return self._part("forget", "the data to forget")

    @property
    def retain(self) -> Data:
        """The other training data; QmuError where the card does not ask for them."""
        return self._part("retain", "the retained data")

    @property
    def validation(self) -> Data:
        """Held-out data of what is retained; QmuError where the card does not ask for them."""
        return self._part("validation", "the validation data")

    def batch(self, data: Data, size: int, role: str, step: int) -> Data:
        """Minibatch ``step`` of ``data``: consecutive pieces of a fresh permutation per pass."""
        size = min(size, len(data))
        per_pass = len(data) // size
        rng = self.generator(role, step // per_pass)
        chosen = rng.permutation(len(data))[(step % per_pass) * size :][:size]
        return Data(data.inputs[chosen], data.labels[chosen])

    def _part(self, name: str, title: str) -> Data:
        if name in self.parts:
            return self.parts[name]
        if name == "validation":
            said, needed = "validation=False", "validation=True"
        else:
            handed = tuple(part for part in READS["both"] if part in self.parts)
            said = f"reads={next(word for word, parts in READS.items() if parts == handed)!r}"
            needed = f"reads={'both' if handed else name!r}"
        raise QmuError(
            f"{self.method}: its card says {said}, so it is not given {title}; say {needed}"
        )

    # Randomness.

    def key(self, *names: str | int) -> Array:
        """A JAX random key of this problem by name."""
        return seeds.key(*self.names, *names)

    def generator(self, *names: str | int) -> np.random.Generator:
        """A NumPy generator of this problem by name."""
        return seeds.generator(*self.names, *names)

    # What may change.

    def within(self, parameters: Parameters) -> Parameters:
        """``parameters`` with the trained values of every tensor that is not in the scope."""
        if self.scope == "all":
            return parameters
        return {
            name: value if in_scope(self.scope, name) else self.parameters[name]
            for name, value in parameters.items()
        }

    def scoped(self, gradient: Parameters) -> Parameters:
        """A gradient (or any sum of such) with zeros for every tensor that is not in the scope."""
        if self.scope == "all":
            return gradient
        return {
            name: value if in_scope(self.scope, name) else 0 * value
            for name, value in gradient.items()
        }

    @property
    def shifted_angles(self) -> int:
        """Angles that hardware must shift for a gradient: none for that of the head alone."""
        return 0 if self.scope == "head" else self.model.circuit_parameters

    # What a method computes, and pays for.

    def bill(self) -> tuple[Ledger, Timing]:
        """What was paid so far: a copy of the ledger, and the seconds."""
        return replace(self.ledger), self.clock()

    def gradient(
        self, parameters: Parameters, data: Data, loss: losses.Loss | None = None
    ) -> Parameters:
        """The gradient of the mean training loss over ``data``, or of the mean of a ``loss`` of the
        method's own (as in `losses`: logits (n, C) and targets to (n,)); costs len(data)
        gradients."""
        self.ledger.gradient_evaluations += len(data)
        if loss is not None:
            found = gradient_of(self.model, loss)(parameters, data.inputs, data.labels)
        else:
            found = loss_and_gradient(self.model)(parameters, data.inputs, data.labels)[1]
        return self.scoped(found)

    def input_gradient(
        self, parameters: Parameters, data: Data, loss: losses.Loss | None = None
    ) -> np.ndarray:
        """The gradient of every sample's training loss, or of a ``loss`` of the method's own, by
        its inputs, (n, d); costs len(data) gradients."""
        self.ledger.gradient_evaluations += len(data)
        own = losses.LOSSES[self.model.config.training.loss] if loss is None else loss
        by_inputs = input_gradient_of(self.model, own)
        found = by_inputs(parameters, data.padded(), _padded(data.labels))
        return np.asarray(found)[: len(data)]

    def per_sample_gradients(self, parameters: Parameters, data: Data) -> Parameters:
        """Every sample's gradient of the training loss, (n, ...) per parameter; costs len(data)
        gradients. All are held at once: hand over minibatches."""
        self.ledger.gradient_evaluations += len(data)
        gradients = curvature.per_sample_gradients(self.model)
        return self.scoped(gradients(parameters, data.inputs, data.labels))

    def hessian_product(self, parameters: Parameters, data: Data, vector: Parameters) -> Parameters:
        """The Hessian of the mean training loss over ``data``, by the tensors of the scope, times
        ``vector``; costs len(data) Hessian products."""
        self.ledger.hessian_products += len(data)
        product = curvature.hessian_product(self.model)
        return self.scoped(product(parameters, data.inputs, data.labels, self.scoped(vector)))

    def fisher_product(self, parameters: Parameters, data: Data, vector: Parameters) -> Parameters:
        """The empirical Fisher matrix of ``data``, the mean of g g' over the samples' gradients g
        by the tensors of the scope, times ``vector``; costs len(data) gradients."""
        self.ledger.gradient_evaluations += len(data)
        product = curvature.fisher_product(self.model)
        return self.scoped(product(parameters, data.inputs, data.labels, self.scoped(vector)))

    def logits(self, parameters: Parameters, data: Data) -> np.ndarray:
        """Class scores before the softmax, (n, C) float64; costs len(data) forward evaluations."""
        self.ledger.forward_evaluations += len(data)
        logits = outputs(self.model)(parameters, data.padded())[1]
        return np.asarray(logits, np.float64)[: len(data)]

    def expectation_values(self, parameters: Parameters, data: Data) -> np.ndarray:
        """What the head reads, (n, wires) or (n, units), float64; costs len(data) forward
        evaluations."""
        self.ledger.forward_evaluations += len(data)
        values = outputs(self.model)(parameters, data.padded())[0]
        return np.asarray(values, np.float64)[: len(data)]

    def training_loss(self, parameters: Parameters, data: Data) -> float:
        """The mean training loss over ``data``; costs len(data) forward evaluations."""
        loss = losses.LOSSES[self.model.config.training.loss]
        return float(np.mean(loss(self.logits(parameters, data), np.asarray(data.labels), np)))

    def measure(self, parameters: Parameters, data: Data) -> tuple[float, float]:
        """Mean cross-entropy and accuracy over ``data``; costs len(data) forward evaluations."""
        logits, labels = self.logits(parameters, data), np.asarray(data.labels)
        loss = float(np.mean(losses.cross_entropy(logits, labels, np)))
        return loss, float(np.mean(np.argmax(logits, axis=-1) == labels))


def problem_of(
    method: str,
    card: MethodCard,
    *,
    model: Model,
    parameters: Mapping[str, np.ndarray],
    pool: Data,
    positions: Mapping[str, np.ndarray],
    classes: tuple[int, ...],
    names: tuple[str | int, ...],
    report: Callable[[str], None],
    **more: Any,
) -> Problem:
    """The problem of one trained model as the ``card`` of ``method`` allows it to be seen.

    ``parameters`` are the stored ones. ``positions`` gives the rows of ``pool`` that are
    ``forget``, ``retain`` and ``validation``; only those that the card reads are handed on.
    ``classes``, ``names``, ``report`` and ``more`` as in `Problem`. Raises QmuError for a part
    without data.
    """
    handed = [*READS[card.reads], *(["validation"] if card.validation else [])]
    rows = {part: positions[part] for part in handed}
    for part, at in rows.items():
        if len(at) == 0:
            raise QmuError(f"{method}: reads the {part} data, and there are none")
    return Problem(
        model=model,
        parameters=model.convert(dict(parameters)),
        parts={part: Data(pool.inputs[at], pool.labels[at]) for part, at in rows.items()},
        classes=tuple(classes),
        names=names,
        method=method,
        report=report,
        **more,
    )
