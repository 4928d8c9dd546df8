"""The loops that methods share: minibatches, steps, stopping and history, written once.

A gradient method is its direction (`follow`). One with an optimiser, noise or an update of its own
hands over the update (`iterate`); one that edits the model hands over the edited states
(`first_that_forgets`). The bill is kept by the `Problem`, the end decided by `stopping`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Protocol

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.models.model import Parameters
from qmu.strict import Strict

from .problem import Data, Outcome, Problem
from .scaled_steps import compiled, moved
from .stopping import Monitor, Stopping


class ScaledSteps(Strict):
    """Settings of a method that takes scaled steps.

    ``step_length``: the fraction of each tensor's size that one step moves.
    """

    step_length: PositiveFloat = 0.002
    batch_size: PositiveInt = 32
    stopping: Stopping = Field(default=Stopping())


class Steps(Protocol):
    """What `iterate` reads of a method's `Config`."""

    batch_size: int
    stopping: Stopping


class Minibatch:
    """The data of one step: equal minibatches of the sets that the method is handed.

    Each is drawn when it is first asked for, from the random stream of its set. Their size is the
    forget set's where that is smaller. ``step`` counts from 0.
    """

    def __init__(self, problem: Problem, size: int, step: int) -> None:
        self.step = step
        self._problem = problem
        self._size = min(size, len(problem.forget)) if problem.has("forget") else size

    @cached_property
    def forget(self) -> Data:
        """A minibatch of the forget set."""
        return self._problem.batch(self._problem.forget, self._size, "forget", self.step)

    @cached_property
    def retain(self) -> Data:
        """A minibatch of the retain set."""
        return self._problem.batch(self._problem.retain, self._size, "retain", self.step)


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
        parameters = update(Minibatch(problem, config.batch_size, step), parameters)
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
        monitor.step(state)
    return monitor.outcome()
