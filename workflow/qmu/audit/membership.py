"""The figures of one attack on one model.

Members are the training samples of the *original* model, also when a retrained or unlearned one
is audited. ``mia_success`` and ``mia_false_positive`` are the attack's own yes on members and on
non-members, as published. Everything else compares members with non-members of the same group
(forget class, or retained classes), leaving out what the attack was fitted on: rows of split
``forget_train`` speak of forget_train against forget_test and forget_unseen, likewise ``retain``.
Retained classes are compared in one ranking, so non-members are taken in the classes' proportions
among the members: no class tells members from non-members.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qmu.data.splits import scattered_order

from .measurement import Measurement, Recorder

GROUPS = ("forget", "retain")


def attack_figures(
    draw: Recorder,
    attack: str,
    table: Mapping[str, np.ndarray],
    population: np.ndarray | None,
) -> list[Measurement]:
    """All figures of ``attack`` from its rows of the table ``scores``.

    ``population`` (k,) are the sample ids that ``mia_success`` counts, None for all members.
    Raises ValueError for a score that is NaN.
    """
    if np.isnan(table["score"]).any():
        raise ValueError(f"{attack}: a membership score is NaN")
    figures = []
    for group in GROUPS:
        figures += _published(draw, attack, group, table, population)
        figures += _comparison(draw, attack, group, table)
    return figures


def _published(
    draw: Recorder,
    attack: str,
    group: str,
    table: Mapping[str, np.ndarray],
    population: np.ndarray | None,
) -> list[Measurement]:
    decision, split, figures = table["decision"], table["split"], []
    members = split == f"{group}_train"
    counted = members
    if population is not None:
        counted = members & np.isin(table["sample_id"], np.asarray(population, np.int64))
    rows = [
        ("mia_success", f"{group}_train", counted),
        ("mia_success_unfitted", f"{group}_train", members & ~table["fitted"]),
    ]
    for part in ("test", "unseen"):
        rows.append(("mia_false_positive", f"{group}_{part}", split == f"{group}_{part}"))
    for metric, name, chosen in rows:
        if chosen.any():
            ids = table["sample_id"][chosen]
            figures.append(draw.rate(attack, metric, name, decision[chosen], ids))
    return figures


def _comparison(
    draw: Recorder, attack: str, group: str, table: Mapping[str, np.ndarray]
) -> list[Measurement]:
    members, others = compared(table, group)
    if not len(members) or not len(others):
        return []
    name, score, decision = f"{group}_train", table["score"], table["decision"]
    images = (table["sample_id"][members], table["sample_id"][others])
    return [
        *draw.ranking(attack, name, score[members], score[others], images),
        draw.advantage(attack, name, decision[members], decision[others], images),
        *draw.epsilon(attack, name, score[members], score[others]),
    ]


def compared(table: Mapping[str, np.ndarray], group: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the members and of the non-members that are compared, none of them fitted on.

    Both are in an order that ignores label and score. Every class has the same number of
    non-members per member, as many as the scarcest class allows.
    """
    split, free, label = table["split"], ~table["fitted"], table["label"]
    order = scattered_order(table["sample_id"])
    members = order[(free & (split == f"{group}_train"))[order]]
    others = order[(free & ((split == f"{group}_test") | (split == f"{group}_unseen")))[order]]
    classes, sizes = np.unique(label[members], return_counts=True)
    if not len(classes):
        return members, others[:0]
    available = np.array([np.sum(label[others] == one) for one in classes])
    share = np.min(available / sizes)
    kept = [
        others[label[others] == one][: int(share * size + 1e-9)]
        for one, size in zip(classes, sizes, strict=True)
    ]
    chosen = np.isin(others, np.concatenate(kept))
    return members, others[chosen]
