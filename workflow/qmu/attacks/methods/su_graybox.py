"""`su_graybox`: the published attack, fitted once on the original model and then frozen.

Source: Su et al. 2025, "Quantum machine unlearning" (arXiv:2509.06086), released code. An MLP
tells the first training samples (members) from the first test samples (non-members) by 13
features of the original model's outputs. 80% of these points fit it; the published figure is the
share of forget-class members among *all* of them that it calls members, so most of the points
counted were fitted on. ``fitted`` says which. The fitted attack scores every other variant
unchanged.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu import seeds
from qmu.attacks import network as _mlp
from qmu.attacks.game import AttackCard, Evidence, Scored, View
from qmu.attacks.statistics import features
from qmu.data.splits import scattered_order
from qmu.strict import Strict

CARD = AttackCard(
    title="Grey-box MLP, frozen (Su et al.)",
    source="Su et al. 2025, arXiv:2509.06086, released code",
    access="logits and labels; training and test samples of the original model",
    fitted_on_target=True,
    freezable=True,
    statement=(
        "Fitted on the original model: 80% of its first 500 training samples (members) and first "
        "500 test samples (non-members). Asked unchanged about every other model. Most forget-"
        "class members it is asked about were among the points that it was fitted on."
    ),
    published=True,
)


class Config(Strict):
    """``members``, ``non_members``: how many samples each side gives, fewer where fewer exist;
    ``fitted_share``: the share of them that is fitted on; the rest of the MLP as published."""

    members: PositiveInt = 500
    non_members: PositiveInt = 500
    fitted_share: float = Field(default=0.8, gt=0, lt=1)
    hidden: PositiveInt = 64
    dropout: float = Field(default=0.3, ge=0, lt=1)
    learning_rate: PositiveFloat = 0.01
    steps: PositiveInt = 1000


def population(view: View, config: Config) -> np.ndarray:
    """Rows (k,) of the attack's own samples: members first, then test samples.

    "First" is by a fixed order of the sample ids that ignores the class.
    """
    order = scattered_order(view.sample_id)
    part = np.array([str(name).rpartition("_")[2] for name in view.split])
    members = order[view.member[order]][: config.members]
    others = order[(part[order] == "test") & ~view.member[order]][: config.non_members]
    if len(members) < 2 or len(others) < 2:
        raise ValueError("su_graybox needs at least two training and two test samples")
    return np.concatenate([members, others])


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """The trained MLP, ``threshold`` (on its output's logit), and the ids of its samples:
    ``fitted_sample_id`` and all of them, ``population_sample_id``."""
    target = evidence.original
    rows = population(target, config)
    shuffled = seeds.generator(*names, "split").permutation(rows)
    fitted = shuffled[: round(config.fitted_share * len(rows))]
    inputs = features(target.logits, target.label, target.loss)[fitted]
    targets = target.member[fitted]
    network = _mlp.train(
        inputs[None],
        targets[None],
        np.ones((1, len(fitted))),
        hidden=config.hidden,
        dropout=config.dropout,
        learning_rate=config.learning_rate,
        steps=config.steps,
        names=[(*names, "network")],
    )
    return {
        **{name: value[0] for name, value in network.items()},
        "threshold": np.zeros(1),
        "fitted_sample_id": target.sample_id[fitted],
        "population_sample_id": target.sample_id[rows],
    }


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The MLP's output before the sigmoid; the decision is sigmoid > 0.5, that is logit > 0."""
    audited = evidence.audited
    output = _mlp.logit(fitted, features(audited.logits, audited.label, audited.loss))
    return Scored(
        score=output,
        decision=output > fitted["threshold"],
        fitted=np.isin(audited.sample_id, fitted["fitted_sample_id"].astype(np.int64)),
    )
