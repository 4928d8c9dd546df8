"""Single records of the forget set that attacks find, from the table ``records``.

Kept are the rows of what is found, in variants that stand for themselves: few of the many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .summary import stands_alone

KEPT = ("attack", "seed", "sample_id", "p_value", "stability")


@dataclass(frozen=True)
class Finds:
    """What attacks find of one model's variant; ``count``: its pairs of a record and a seed that
    trained on it, ``seeds``: how many there are. Columns (rows,), one row per find: ``attack``,
    ``seed``, ``sample_id``, ``p_value``, ``stability``."""

    count: int
    seeds: int
    attack: np.ndarray
    seed: np.ndarray
    sample_id: np.ndarray
    p_value: np.ndarray
    stability: np.ndarray

    @property
    def members(self) -> float:
        """Records of the forget set, the mean of the seeds."""
        return self.count / self.seeds

    def by_attack(self) -> dict[str, float]:
        """Attack -> records that it finds, the mean of the seeds, the most first."""
        counts = Counter(map(str, self.attack))
        ranked = sorted(counts, key=lambda name: (-counts[name], name))
        return {name: counts[name] / self.seeds for name in ranked}

    def by_set(self) -> dict[frozenset[str], float]:
        """Attacks -> records that these, and no others, find, the mean of the seeds, the most
        first."""
        of: dict[tuple[int, int], set[str]] = {}
        for seed, record, attack in zip(self.seed, self.sample_id, self.attack, strict=True):
            of.setdefault((seed, record), set()).add(str(attack))
        counts = Counter(map(frozenset, of.values()))
        ranked = sorted(counts, key=lambda names: (-counts[names], len(names), sorted(names)))
        return {names: counts[names] / self.seeds for names in ranked}

    def of(self, record: int) -> dict[str, float]:
        """Attack -> the share of its seeds in which it finds the record, the largest first."""
        own = self.sample_id == record
        shares = dict(zip(map(str, self.attack[own]), self.stability[own].tolist(), strict=True))
        return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))

    def ranked(self) -> list[int]:
        """The records found, those most at risk first: by how stably some attack finds them, by how
        many do, by the smallest p-value."""
        keys = []
        for record in np.unique(self.sample_id).tolist():
            shares, p = self.of(record), self.smallest(record)
            keys.append((-max(shares.values()), -len(shares), p, record))
        return [key[-1] for key in sorted(keys)]

    def smallest(self, record: int) -> float:
        """The smallest p-value of a find of the record."""
        return float(self.p_value[self.sample_id == record].min())


@dataclass(frozen=True)
class RecordResults:
    """Finds by (model, variant)."""

    finds: Mapping[tuple[str, str], Finds] = field(default_factory=dict)

    def of(self, model: str) -> dict[str, Finds]:
        """Variant -> finds of a model; empty where no attack finds a record of any variant."""
        own = {variant: found for (name, variant), found in self.finds.items() if name == model}
        return own if any(len(found.attack) for found in own.values()) else {}


def index(table: Mapping[str, Iterable[Any]]) -> RecordResults:
    """The columns of a table ``records``."""
    columns = {name: np.asarray(values) for name, values in table.items()}
    forget = columns["forget"].astype(bool)
    variants = columns["variant"]
    finds = {}
    for variant in filter(stands_alone, dict.fromkeys(variants)):
        of_variant = forget & (variants == variant)
        for model in dict.fromkeys(columns["model"][of_variant]):
            own = of_variant & (columns["model"] == model)
            pairs = set(zip(columns["seed"][own], columns["sample_id"][own], strict=True))
            found = own & columns["found"].astype(bool)
            finds[str(model), str(variant)] = Finds(
                len(pairs),
                len({seed for seed, _ in pairs}),
                **{name: columns[name][found] for name in KEPT},
            )
    return RecordResults(finds)
