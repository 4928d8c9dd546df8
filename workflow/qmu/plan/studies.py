"""Specs of the rules in ``studies.smk``: noise, shots and signal."""

from __future__ import annotations

from qmu.config.experiment import Experiment
from qmu.specs.studies import JoinSweep, Signal, Sweep

from .common import attack_card, audited, base, components, loss, model_code, modules
from .common import model as model_spec


def sweep(experiment: Experiment, model: str, variant: str) -> Sweep:
    """Leakage and accuracy of one variant against shots and noise."""
    attacks = {n: e for n, e in experiment.attacks.items() if attack_card(e).freezable}
    code = *model_code(experiment, model), *modules("attacks", attacks.values())
    return Sweep(
        **base(experiment, "studies.sweep", *code),
        **audited(experiment, model, (variant,), None),
        variant=variant,
        sweep=experiment.sweep.model_dump(mode="json"),
        attacks=components(attacks),
        loss=loss(experiment, model),
        model=model_spec(experiment, model, "simulation"),
    )


def join_sweep(experiment: Experiment) -> JoinSweep:
    """The sweeps of all models and variants as one table."""
    return JoinSweep(**base(experiment, "studies.join_sweep"))


def signal(experiment: Experiment, model: str) -> Signal:
    """What a backend leaves of a model's signal, by embedding."""
    return Signal(
        **base(experiment, "studies.signal", *model_code(experiment, model)),
        name=model,
        seed=experiment.common.seeds[0],
        signal=experiment.signal.model_dump(mode="json"),
        model=model_spec(experiment, model, "simulation"),
    )
