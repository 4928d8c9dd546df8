"""What an unlearning method must be, and what it must return: checked, and told in one line.

Whoever writes a method meets these lines first, so each says what a method must do.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from qmu import registry
from qmu.errors import ConfigError, QmuError

from .problem import (
    NEEDS,
    MethodCard,
    Outcome,
    Problem,
    Scope,
    UnlearningMethod,
    in_scope,
)

COLUMNS = ("epoch", "loss", "accuracy")


def load_method(name: str) -> UnlearningMethod:
    """The method of that name; ConfigError where its file is no unlearning method."""
    module = registry.load("unlearning", name)
    if not isinstance(module.CARD, MethodCard):
        raise ConfigError(
            f"unlearning component {name!r}: CARD must be a MethodCard, "
            f"not {type(module.CARD).__name__}"
        )
    return cast(UnlearningMethod, module)


def missing(card: MethodCard, scope: Scope, traits: frozenset[str]) -> str | None:
    """What a method with such a card and scope needs and a model with these traits lacks, in words;
    None where it can unlearn it."""
    for need in (*card.needs, *([] if scope == "all" else [scope])):
        if need not in traits:
            return NEEDS[need]
    return None


def checked(outcome: object, problem: Problem, variant: str, card: MethodCard) -> Outcome:
    """The outcome of ``unlearn``, if it keeps what `UnlearningMethod` promises.

    Raises QmuError that names ``variant``, its method and the parameter or column that is wrong.
    """
    who = variant if variant == problem.method else f"{variant} (method {problem.method})"
    if not isinstance(outcome, Outcome):
        raise QmuError(
            f"{who}: unlearn must return an Outcome(parameters, stopped, history), "
            f"not {type(outcome).__name__}"
        )
    for state in (outcome, *outcome.path.values()):
        _check_parameters(who, problem.parameters, state.parameters, card)
    _check_history(who, outcome.history)
    if not isinstance(outcome.stopped, str) or not outcome.stopped.strip():
        raise QmuError(f"{who}: Outcome.stopped must say in words why it stopped")
    promises: list[tuple[Scope, str]] = [(problem.scope, f"scope is {problem.scope!r}")]
    if card.head_only:
        promises.insert(0, ("head", "its card says head_only"))
    for state in (outcome, *outcome.path.values()):
        for scope, told in promises:
            _check_scope(variant, problem.parameters, state.parameters, scope, told)
    return outcome


def _check_parameters(who: str, before: object, after: object, card: MethodCard) -> None:
    if not isinstance(after, dict):
        raise QmuError(f"{who}: Outcome.parameters must be a dict of arrays by name")
    for name in sorted(before.keys() ^ after.keys()):
        what = "lacks the parameter" if name in before else "has a parameter that the model lacks,"
        raise QmuError(f"{who}: its outcome {what} {name!r}")
    for name, old in before.items():
        new, old = np.asarray(after[name]), np.asarray(old)
        if new.shape != old.shape or new.dtype != old.dtype:
            raise QmuError(
                f"{who}: {name!r} must stay {old.dtype} of shape {old.shape}, "
                f"its outcome is {new.dtype} of shape {new.shape}"
            )
        wrong = ~np.isfinite(new)
        if card.masks_logits and name.startswith("head/"):
            wrong &= new != -np.inf
        if wrong.any():
            raise QmuError(f"{who}: returned {name!r} with {wrong.sum()} of {new.size} not finite")


def _check_history(who: str, history: object) -> None:
    if not isinstance(history, dict) or history.keys() != set(COLUMNS):
        raise QmuError(f"{who}: Outcome.history must have the columns {', '.join(COLUMNS)}")
    lengths = {name: len(column) for name, column in history.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise QmuError(f"{who}: the columns of Outcome.history differ in length: {told}")


def _check_scope(variant: str, before: dict, after: dict, scope: Scope, told: str) -> None:
    """What stays lets the target's expectation values stand for the method's, and tells where the
    forgetting happened."""
    for name, value in before.items():
        if not in_scope(scope, name) and not np.array_equal(value, after[name]):
            raise QmuError(f"{variant}: changed {name!r}, though {told}")
