"""The loops that methods share: minibatches, steps, stopping and history, written once.

A method with an objective without a bound takes steps until a rule ends them: it is its direction
(`follow`), or an update of its own, such as an optimiser's along its gradient (`iterate`,
`descending`). One that edits the model hands over the edited states (`first_that_forgets`). One
whose objective has a minimum trains for some epochs (`fine_tune`). The bill is kept by the
`Problem`, the end decided by `stopping`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.lazy import jax, optax
from qmu.models.model import Parameters
from qmu.models.training import Descent, optimizer
from qmu.strict import Strict

from .problem import Data, Outcome, Problem, Scope, State
from .scaled_steps import combined, compiled, moved
from .search import Search
from .stopping import Monitor, Stopping


class Scoped(Strict):
    """``scope``: what may change: everything, the circuit's angles, all but these, or the head.
    A method shows by it how much of the forgetting happens where."""

    scope: Scope = "all"


class ScaledSteps(Scoped):
    """Settings of a method that takes scaled steps.

    ``step_length``: the fraction of each tensor's size that one step moves.
    """

    step_length: Annotated[PositiveFloat, Search(0.0002, 0.02, log=True)] = 0.002
    batch_size: PositiveInt = 32
    stopping: Stopping = Field(default=Stopping())


class FineTuning(Scoped):
    """Settings of a method that goes on training: ``epochs`` over the retained data, or over the
    forget set where it reads no other. ``momentum`` is that of ``sgd``."""

    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[PositiveFloat, Search(1e-4, 0.1, log=True)] = 1e-3
    momentum: float = Field(default=0.9, ge=0, lt=1)
    batch_size: PositiveInt = 32
    epochs: Annotated[PositiveInt, Search(1, 20, log=True)] = 5


class Steps(Protocol):
    """What `iterate` reads of a method's `Config`."""

    batch_size: int
    stopping: Stopping


class Minibatch:
    """The data of one step: minibatches of the sets that the method is handed.

    Each is drawn when it is first asked for, from the random stream of its set. ``equal``: both are
    as large as the forget set where that is smaller; otherwise only its own is. ``step`` counts
    from 0.
    """

    def __init__(self, problem: Problem, size: int, step: int, *, equal: bool = True) -> None:
        self.step, self.size = step, size
        self._problem = problem
        if equal and problem.has("forget"):
            self.size = min(size, len(problem.forget))

    @cached_property
    def forget(self) -> Data:
        """A minibatch of the forget set."""
        return self.of(self._problem.forget, "forget")

    @cached_property
    def retain(self) -> Data:
        """A minibatch of the retain set."""
        return self.of(self._problem.retain, "retain")

    def of(self, data: Data, part: str) -> Data:
        """The same rows of ``data``, which holds the rows of a ``part`` with other targets."""
        return self._problem.batch(data, self.size, part, self.step)


Update = Callable[[Minibatch, Parameters], Parameters]


def iterate(
    problem: Problem, config: Steps, update: Update, start: Parameters | None = None
) -> Outcome:
    """Replace the parameters by ``update(minibatch, parameters)`` until the stopping rule ends it.

    It starts from the trained parameters, or from ``start`` where a method first changes these.
    The forget set, and the validation split where the card asks for it, are measured after every
    update. What an update carries from step to step (an optimiser's state, a snapshot) lives in it.
    """
    monitor, step = Monitor(problem, config.stopping), 0
    parameters = problem.parameters if start is None else start
    while not monitor.finished and step < config.stopping.max_steps:
        updated = update(Minibatch(problem, config.batch_size, step), parameters)
        parameters = problem.within(updated)
        monitor.step(parameters)
        step += 1
    return monitor.outcome()


def follow(
    problem: Problem,
    config: ScaledSteps,
    direction: Update,
    step: Callable[..., Parameters] = moved,
) -> Outcome:
    """`iterate` with steps of ``config.step_length`` along ``direction(minibatch, parameters)``.

    ``step`` is `scaled_steps.moved`, which takes the direction as it is, tensors of unit length,
    or `scaled_steps.climbed`, which first scales a gradient to that.
    """

    def update(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        along = direction(minibatch, parameters)
        return compiled(step)(parameters, along, config.step_length)

    return iterate(problem, config, update)


def first_that_forgets(
    problem: Problem, rule: Stopping, states: Iterator[Parameters], exhausted: str
) -> Outcome:
    """The first of several states, from the gentlest on, that has forgotten.

    States are computed one by one, as long as none has forgotten nor done harm and the budget
    lasts; ``exhausted`` says in the outcome that none did.
    """
    monitor = Monitor(problem, rule, exhausted)
    while not monitor.finished and len(monitor.rows) < rule.max_steps:
        state = next(states, None)
        if state is None:
            break
        monitor.step(problem.within(state))
    return monitor.outcome()


def along(
    problem: Problem, rule: Stopping, step: Parameters, growth: float, shortest: float = 1.0
) -> Outcome:
    """The shortest t of ``shortest * growth**k``, k = 0, 1, ..., at which the trained parameters
    plus t times ``step`` have forgotten."""

    def states() -> Iterator[Parameters]:
        for power in range(rule.max_steps):
            length = shortest * growth**power
            yield compiled(combined)(problem.parameters, 1.0, step, length)

    return first_that_forgets(problem, rule, states(), exhausted="every length tried")


def descending(config: FineTuning, gradient: Update) -> Update:
    """An update by the optimiser of ``config`` against ``gradient(minibatch, parameters)``. It
    carries the optimiser's moments: make one for every run."""
    begin, step = _compiled(config)
    moments: list[Any] = []

    def update(minibatch: Minibatch, parameters: Parameters) -> Parameters:
        found = gradient(minibatch, parameters)
        if not moments:
            moments.append(begin(parameters))
        parameters, moments[0] = step(parameters, moments[0], found)
        return parameters

    return update


def one_pass(
    problem: Problem,
    size: int,
    rows: int,
    number: int,
    update: Update,
    parameters: Parameters,
    *,
    equal: bool = False,
) -> Parameters:
    """Pass ``number`` (from 0) of updates: as many as whole minibatches of ``size`` fit into so
    many ``rows`` (`passes`). ``equal`` as in `Minibatch`."""
    steps = passes(rows, size)
    for step in range(number * steps, (number + 1) * steps):
        minibatch = Minibatch(problem, size, step, equal=equal)
        parameters = problem.within(update(minibatch, parameters))
    return parameters


def passes(rows: int, size: int) -> int:
    """Steps of one pass: whole minibatches of ``size`` in so many ``rows``, one at least."""
    return max(1, rows // size)


def fine_tune(
    problem: Problem,
    config: FineTuning,
    gradient: Update,
    start: Parameters | None = None,
    after_epoch: Callable[[int, Parameters], None] = lambda epoch, parameters: None,
) -> Outcome:
    """Descend ``gradient(minibatch, parameters)`` for ``config.epochs`` epochs.

    An epoch takes as many steps as whole minibatches fit into the retain set (into the forget set
    where no other is handed over), one at least. It starts from the trained parameters, or from
    ``start``. The forget set is measured after every epoch where the method reads it.
    ``after_epoch(epoch, parameters)`` sees every state, with epochs from 1.
    """
    part = problem.retain if problem.has("retain") else problem.forget
    parameters = problem.parameters if start is None else problem.within(start)
    update = descending(config, gradient)
    history: dict[str, list[float]] = {"epoch": [], "loss": [], "accuracy": []}
    for epoch in range(1, config.epochs + 1):
        parameters = one_pass(problem, config.batch_size, len(part), epoch - 1, update, parameters)
        after_epoch(epoch, parameters)
        if problem.has("forget"):
            loss, accuracy = problem.measure(parameters, problem.forget)
            for column, value in zip(history, (epoch, loss, accuracy), strict=True):
                history[column].append(value)
            problem.report(f"epoch {epoch}/{config.epochs}: forget loss {loss:.4f}")
    stopped = f"all of {config.epochs} epochs done"
    steps = config.epochs * passes(len(part), config.batch_size)
    end = State(parameters, stopped, steps, history, *problem.bill())
    return Outcome(parameters, stopped, history, end)


@cache
def _compiled(
    config: Descent,
) -> tuple[Callable[[Parameters], Any], Callable[[Parameters, Any, Parameters], Any]]:
    """The start and the step of an optimiser, compiled once for all runs with its settings."""
    transform = optimizer(config)

    def step(parameters: Parameters, moments: Any, gradient: Parameters) -> Any:
        updates, moments = transform.update(gradient, moments, parameters)
        return optax.apply_updates(parameters, updates), moments

    return jax.jit(transform.init), jax.jit(step)
