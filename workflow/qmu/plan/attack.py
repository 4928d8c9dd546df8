"""Specs of the rules in ``attack.smk``, and what the configured attacks ask for."""

from __future__ import annotations

from typing import Any

from qmu import registry
from qmu.config.experiment import Entry, Experiment
from qmu.specs.attack import AttackData, FitAttacks, Query, Score

from .common import (
    attack_card,
    base,
    component,
    components,
    loss,
    model_code,
    modules,
    unlearned,
)
from .common import model as model_spec


def attack_data(experiment: Experiment, model: str) -> AttackData:
    """The joined shadow outputs."""
    return AttackData(
        **base(experiment, "attack.attack_data"),
        indices=tuple(range(experiment.common.shadows.count)),
        loss=loss(experiment, model),
    )


def fit_attacks(experiment: Experiment, model: str) -> FitAttacks:
    """Fitting of all attacks on one model kind, for all seeds."""
    return FitAttacks(**attacks(experiment, "attack.fit_attacks", model, experiment.attacks))


def score(experiment: Experiment, model: str, group: str) -> Score:
    """All attacks on one group of variants of one model, all seeds."""
    fields = attacks(experiment, "attack.score", model, experiment.attacks)
    variants = tuple(experiment.members(model, group))
    # Where no shadow model is unlearned, the first still calibrates answers on transformed copies.
    calibrating = (0,) if "queries" in needs(experiment) else ()
    return Score(**fields, variants=variants, indices=unlearned(experiment) or calibrating)


def query(experiment: Experiment, model: str, group: str) -> Query:
    """Answers on transformed copies, by the settings of the attack that asks for them."""
    entry = _asking(experiment)
    code = *model_code(experiment, model), registry.module("attacks", entry.component)
    return Query(
        **base(experiment, "attack.query", *code),
        name=model,
        variants=tuple(experiment.members(model, group)),
        seeds=tuple(experiment.common.seeds),
        attack=component(entry),
        model=model_spec(experiment, model, "fleet"),
    )


def needs(experiment: Experiment) -> set[str]:
    """What the configured attacks are handed beside a model's outputs."""
    cards = [attack_card(entry) for entry in experiment.attacks.values()]
    return {need for card in cards for need in card.needs}


def attacks(
    experiment: Experiment, step: str, model: str, entries: dict[str, Entry]
) -> dict[str, Any]:
    """The fields of a spec that fits or asks some attacks."""
    return base(experiment, step, *modules("attacks", entries.values())) | {
        "name": model,
        "seeds": tuple(experiment.common.seeds),
        "attacks": components(entries),
        "loss": loss(experiment, model),
    }


def _asking(experiment: Experiment) -> Entry:
    """The attack that needs answers on transformed copies; a checked configuration has at most
    one, and this is asked only where there is one."""
    entries = experiment.attacks.values()
    return next(entry for entry in entries if "queries" in attack_card(entry).needs)
