"""Specs of the rules in ``devices.smk``: the same models on further devices."""

from __future__ import annotations

from qmu.config.experiment import Entry, Experiment
from qmu.devices.kinds import pennylane
from qmu.specs.attack import FitAttacks, Score
from qmu.specs.audit import Measure
from qmu.specs.devices import Correct, EvaluateOn, EvaluateWith

from .attack import attacks
from .common import attack_card, audited, base, model_code
from .common import model as model_spec


def evaluate_on(experiment: Experiment, model: str, variant: str, device: str) -> EvaluateOn:
    """One variant of one model on a simulated device, all seeds."""
    return EvaluateOn(
        **base(experiment, "devices.evaluate_on", *model_code(experiment, model)),
        name=model,
        variant=variant,
        seeds=tuple(experiment.common.seeds),
        device=device,
        settings=experiment.devices[device].settings,
        model=model_spec(experiment, model, "simulation"),
    )


def evaluate_with(
    experiment: Experiment, model: str, seed: int, variant: str, device: str
) -> EvaluateWith:
    """One variant of one model and seed on a PennyLane device."""
    return EvaluateWith(
        **base(experiment, "devices.evaluate_with", *model_code(experiment, model)),
        name=model,
        variant=variant,
        seed=seed,
        device=device,
        settings=experiment.devices[device].settings,
        model=model_spec(experiment, model, "simulation"),
    )


def correct(experiment: Experiment, model: str) -> Correct:
    """The linear correction of another device's outputs, all seeds."""
    return Correct(
        **base(experiment, "devices.correct", *model_code(experiment, model)),
        seeds=tuple(experiment.common.seeds),
        model=model_spec(experiment, model, "simulation"),
    )


def fit_attacks_on(experiment: Experiment, model: str) -> FitAttacks:
    """Fitting of the attacks that are run on further devices."""
    entries = _portable(experiment)
    return FitAttacks(**attacks(experiment, "attack.fit_attacks", model, entries))


def score_on(experiment: Experiment, model: str, variant: str) -> Score:
    """These attacks on one variant of one model on a further device, all seeds."""
    fields = attacks(experiment, "attack.score", model, _portable(experiment))
    return Score(**fields, variants=(variant,), indices=())


def measure_on(experiment: Experiment, model: str, variant: str, device: str) -> Measure:
    """The measurements of one variant on a further device."""
    return Measure(
        **base(experiment, "audit.measure"),
        **audited(experiment, model, (variant,), device),
        false_records=experiment.common.risk.false_records,
    )


def of_kind(experiment: Experiment, kind: str) -> list[str]:
    """Names of the devices of a kind."""
    return [name for name, entry in experiment.devices.items() if entry.component == kind]


def stays_here(experiment: Experiment, device: str) -> bool:
    """Whether a PennyLane device sends nothing to anybody."""
    return pennylane.Config(**experiment.devices[device].settings).fake


def _portable(experiment: Experiment) -> dict[str, Entry]:
    return {
        name: entry for name, entry in experiment.attacks.items() if attack_card(entry).portable
    }
