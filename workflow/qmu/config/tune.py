"""The section ``tune``: one budget for every method, and which of them are tuned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qmu import registry
from qmu.errors import ConfigError, suggestion
from qmu.strict import Strict
from qmu.unlearning.search import Choices, space

if TYPE_CHECKING:
    from .experiment import Experiment

# One shadow model chooses and another one tells how well that was chosen.
FEWEST_MODELS = 2
Ends = Annotated[list[float], Field(min_length=2, max_length=2)]


class Tune(Strict):
    """``trials``: settings of a Sobol sequence for every method, tried beside its configured ones.
    ``models``: shadow models that each of them unlearns, the seeds of a trial. ``validation_drop``:
    accuracy on held-out retained rows that a setting may cost on average. ``methods``: names of the
    section ``unlearning``, by default all. ``ranges``: method -> setting -> lowest and highest
    value, instead of those that the method declares."""

    trials: Annotated[int, Field(ge=1, le=1024)] = 16
    models: Annotated[int, Field(ge=FEWEST_MODELS, le=64)] = 4
    validation_drop: float = Field(default=0.02, ge=0, le=1)
    methods: tuple[str, ...] = ()
    ranges: dict[str, dict[str, Ends]] = Field(default_factory=dict)


def names(experiment: Experiment) -> list[str]:
    """The methods that are tuned, in the order of the section ``unlearning``."""
    asked = experiment.tune.methods or experiment.unlearning
    return [name for name in experiment.unlearning if name in asked]


def check(experiment: Experiment) -> None:
    """Raise ConfigError where the experiment cannot be tuned as the section asks."""
    tune = experiment.tune
    if tune is None:
        return
    retrained = experiment.common.shadows.unlearned
    if tune.models > retrained:
        raise ConfigError(
            f"tune.models: {tune.models} shadow models are tuned on, and only {retrained} are "
            "trained with and without the request (shadows.unlearned)"
        )
    for key, names in (("methods", tune.methods), ("ranges", tune.ranges)):
        for name in names:
            if name not in experiment.unlearning:
                hint = suggestion(name, experiment.unlearning)
                raise ConfigError(f"tune.{key}: no method {name!r} under unlearning.{hint}")
    for name, ranges in tune.ranges.items():
        declared = space(_config(experiment, name))
        for setting, (low, high) in ranges.items():
            where = f"tune.ranges.{name}.{setting}"
            one = declared.get(setting)
            if one is None or isinstance(one, Choices):
                known = [n for n, s in declared.items() if not isinstance(s, Choices)]
                told = ", ".join(known) or "none"
                raise ConfigError(f"{where}: the method has no such range (it has: {told})")
            if not low < high or (one.log and low <= 0):
                raise ConfigError(
                    f"{where}: the first value must be below the second"
                    + (" and above 0" if one.log else "")
                    + f", found {low:g} and {high:g}"
                )


def _config(experiment: Experiment, name: str) -> type[Strict]:
    return registry.load("unlearning", experiment.unlearning[name].component).Config
