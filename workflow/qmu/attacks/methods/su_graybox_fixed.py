"""`su_graybox_fixed`: the grey-box MLP of Su et al. with its evaluation repaired (ours).

The published attack is judged mostly on points that it was fitted on, on a model other than the
one it was fitted on, with members and non-members of different classes (Su et al. 2025,
arXiv:2509.06086; the criticism is this project's). Here the same network on the same features,
the loss on a log scale and all standardised, is refitted on the audited model itself by
cross-fitting: every sample is scored by a network that never saw it, and within each class members
and non-members are equally many, so that "looks like class 4" is worth nothing.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from qmu import seeds
from qmu.attacks import network as _mlp
from qmu.attacks.game import AttackCard, Evidence, Scored, View
from qmu.attacks.statistics import features
from qmu.strict import Strict

CARD = AttackCard(
    title="Grey-box MLP, cross-fitted per model",
    source="this project, after Su et al. 2025, arXiv:2509.06086",
    access="logits and labels; labelled members and non-members of the audited model",
    statement=(
        "Refitted on each audited model. Members: the original's training samples. Non-members: "
        "test samples, then never-used samples, as many per class as there are members (drawn at "
        "random; the larger side is thinned). Five folds: a sample is scored by the network of the "
        "fold that left it out. Samples outside the balanced pools are dealt to folds at random "
        "and scored by that fold's network, which never saw them either."
    ),
)


class Config(Strict):
    """``folds``: parts of the cross-fit. ``steps`` is below the published 1000, where the network
    memorises its own samples and tells others apart less well."""

    folds: int = Field(default=5, ge=2, le=50)
    hidden: PositiveInt = 64
    dropout: float = Field(default=0.3, ge=0, lt=1)
    learning_rate: PositiveFloat = 0.01
    steps: PositiveInt = 50


def balanced_pool(view: View, names: tuple[str | int, ...]) -> np.ndarray:
    """Rows (k,) with as many members as non-members in every class, sorted.

    Test samples come before unseen ones; what is thinned is drawn by name.
    """
    part = np.array([str(name).rpartition("_")[2] for name in view.split])
    order = seeds.generator(*names, "pool").permutation(len(part))
    rows = []
    for label in np.unique(view.label):
        here = order[view.label[order] == label]
        members = here[view.member[here]]
        others = np.concatenate(
            [here[(part[here] == name) & ~view.member[here]] for name in ("test", "unseen")]
        )
        count = min(len(members), len(others))
        rows += [members[:count], others[:count]]
    return np.sort(np.concatenate(rows))


def deal_folds(
    view: View, pool: np.ndarray, folds: int, names: tuple[str | int, ...]
) -> np.ndarray:
    """Fold (n,) of every sample, equally many per fold within each class, membership and pool."""
    order = seeds.generator(*names, "folds").permutation(len(view.label))
    in_pool = np.isin(np.arange(len(order)), pool)
    strata = np.lexsort((view.member[order], view.label[order], in_pool[order]))
    fold = np.empty(len(order), np.int64)
    fold[order[strata]] = np.arange(len(order)) % folds
    return fold


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Nothing is fitted in advance: the attack fits on the audited model when it scores."""
    return {}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """Out-of-fold outputs before the sigmoid; the decision is sigmoid > 0.5, that is logit > 0."""
    audited = evidence.audited
    pool = balanced_pool(audited, names)
    if len(pool) < 2 * config.folds:
        raise ValueError(
            f"su_graybox_fixed: {len(pool)} samples in classes with members and non-members are "
            f"too few for {config.folds} folds"
        )
    fold = deal_folds(audited, pool, config.folds, names)
    inputs = _scaled_features(audited)
    output = np.empty(len(inputs))
    chosen = [pool[fold[pool] != number] for number in range(config.folds)]
    scaled = [_standardised(inputs, rows) for rows in chosen]
    networks = _train_folds(scaled, audited.member, chosen, config, names)
    for number in range(config.folds):
        network = {name: value[number] for name, value in networks.items()}
        left_out = fold == number
        output[left_out] = _mlp.logit(network, scaled[number][left_out])
    return Scored(score=output, decision=output > 0, fitted=np.zeros(len(output), bool))


def _scaled_features(view: View) -> np.ndarray:
    """The 13 features with the loss by its logarithm.

    Confident models put members and non-members alike far below a loss of 0.1; on a linear scale
    a few large losses would hide them.
    """
    found = features(view.logits, view.label, view.loss)
    found[:, -1] = np.log(found[:, -1] + 1e-8)
    return found


def _standardised(inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """All inputs by the mean and standard deviation of the rows fitted on; constants become 0."""
    mean, deviation = inputs[rows].mean(axis=0), inputs[rows].std(axis=0)
    return (inputs - mean) / np.where(deviation > 1e-12, deviation, np.inf)


def _train_folds(
    scaled: list[np.ndarray],
    member: np.ndarray,
    chosen: list[np.ndarray],
    config: Config,
    names: tuple[str | int, ...],
) -> dict[str, np.ndarray]:
    """All folds' networks at once; folds of unequal size are padded with rows of weight 0."""
    length = max(len(rows) for rows in chosen)
    padded = [np.resize(rows, length) for rows in chosen]
    weights = np.array([np.arange(length) < len(rows) for rows in chosen], float)
    return _mlp.train(
        np.stack([values[rows] for values, rows in zip(scaled, padded, strict=True)]),
        np.stack([member[rows] for rows in padded]),
        weights,
        hidden=config.hidden,
        dropout=config.dropout,
        learning_rate=config.learning_rate,
        steps=config.steps,
        names=[(*names, "network", number) for number in range(config.folds)],
    )
