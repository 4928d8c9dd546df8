"""Fitted attacks as one dict of arrays, named ``<seed or shared>/<attack>/<key>``.

An attack whose card says ``fitted_on_target`` has parameters for each seed's original model, the
others share one set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from .game import AttackCard

SHARED = "shared"
Owner = int | str
Fitted = Mapping[str, np.ndarray]


def owners(card: AttackCard, seeds: tuple[int, ...]) -> tuple[Owner, ...]:
    """For whom an attack is fitted."""
    return seeds if card.fitted_on_target else (SHARED,)


def owner(card: AttackCard, seed: int) -> Owner:
    """Whose parameters serve one seed."""
    return seed if card.fitted_on_target else SHARED


def named(owner: Owner, attack: str, fitted: Fitted) -> dict[str, np.ndarray]:
    """The parameters of one attack under their names among all."""
    return {f"{owner}/{attack}/{key}": value for key, value in fitted.items()}


def of_attack(everything: Fitted, owner: Owner, attack: str) -> dict[str, np.ndarray]:
    """The parameters of one attack, by its own keys."""
    prefix = f"{owner}/{attack}/"
    return {k.removeprefix(prefix): v for k, v in everything.items() if k.startswith(prefix)}


def by_attack(everything: Fitted, key: str) -> Iterator[tuple[str, str, np.ndarray]]:
    """(owner, attack, value) wherever an attack has a parameter of this name."""
    for name, value in everything.items():
        owner, attack, own = name.split("/", 2)
        if own == key:
            yield owner, attack, value
