"""The names of all that is audited beside the original models, and the groups they come in.

A group is what one job makes or audits: the retrained models, one method with the levels of its
path, the ladder of known residues, the innocent edits. The name of a variant begins with its
group's; what stands behind ``@`` tells its members apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

TARGET, RETRAIN, RESIDUE, INNOCENT = "target", "retrain", "residue", "innocent"
# What every method is compared with.
BASELINES = (TARGET, RETRAIN)
RESERVED = (TARGET, RETRAIN, RESIDUE, INNOCENT)
# Edits of a retrained model that add no knowledge of what is to be forgotten.
EDITS = ("bias", "temperature", "head", "turn")


def cells(
    variants: Mapping[str, Iterable[str]], seeds: Iterable[int], without: Collection[str] = ()
) -> list[tuple[str, int, str]]:
    """Every (model, seed, variant) for the ``variants`` of each model, but for those ``without``:
    the order in which the rules list files and a job reads them."""
    return [
        (model, seed, variant)
        for model, own in variants.items()
        for seed in seeds
        for variant in own
        if variant not in without
    ]


def retrained(number: int) -> str:
    """A further retrained model of every seed, from 1 on: ``retrain@1``."""
    return f"{RETRAIN}@{number}"


def residue(percent: float) -> str:
    """A model retrained with that share of the forget set left in: ``residue@5``."""
    return f"{RESIDUE}@{percent:g}"


def innocent(edit: str, number: int) -> str:
    """A retrained model after one of `EDITS`: ``innocent_bias@1``."""
    return f"{INNOCENT}_{edit}@{number}"


def level(method: str, forget_loss: float) -> str:
    """A method's state at a forget loss in units of log C: ``ga@2``."""
    return f"{method}@{forget_loss:g}"


def group(variant: str) -> str:
    """The group of a variant: ``ga`` of ``ga@2``, ``innocent`` of ``innocent_bias@1``."""
    name = variant.partition("@")[0]
    return INNOCENT if name.startswith(f"{INNOCENT}_") else name


def number_of(variant: str) -> int | None:
    """Which of the further retrained models a variant is, or was edited from; None of others."""
    name, _, number = variant.partition("@")
    of_retrained = name == RETRAIN or group(variant) == INNOCENT
    return int(number) if number and of_retrained else None
