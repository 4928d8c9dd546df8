"""The tables ``signal``: what a backend leaves of every model, one row per embedding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .summary import null

ACCURACIES = ("ideal", "embedded", "noisy", "corrected", "sampled")


@dataclass(frozen=True)
class Embedding:
    """One embedding on one backend; None where the noise was not simulated.

    ``layers`` of a matrix-product state, 0 for any other. ``accuracy`` by the names `ACCURACIES`,
    on ``samples`` test images; ``sampled`` is after correction, from ``shots`` each.
    """

    name: str
    backend: str
    layers: int
    limit: float | None
    samples: int
    shots: int
    gates: int
    slope: float | None
    correlation: float | None
    shots_factor: float | None
    accuracy: Mapping[str, float | None]

    @property
    def label(self) -> str:
        """A short name for axes: ``4`` layers, ``exact``; starred where embeddings by a bound."""
        if self.name == "mps":
            return f"{self.layers}*" if self.limit is not None else str(self.layers)
        return "exact" if self.name == "tree" else self.name


def index(tables: Iterable[Mapping[str, Iterable[Any]]]) -> dict[str, tuple[Embedding, ...]]:
    """Model -> its embeddings, fewest gates first; nulls may be None or NaN."""
    embeddings: dict[str, list[Embedding]] = {}
    for table in tables:
        for values in zip(*table.values(), strict=True):
            row = {name: null(value) for name, value in zip(table, values, strict=True)}
            embeddings.setdefault(str(row["model"]), []).append(_embedding(row))
    return {
        model: tuple(sorted(rows, key=lambda one: one.gates)) for model, rows in embeddings.items()
    }


def _embedding(row: Mapping[str, Any]) -> Embedding:
    return Embedding(
        name=str(row["embedding"]),
        backend=str(row["backend"]),
        layers=int(row["layers"]),
        limit=row["max_infidelity"],
        samples=int(row["samples"]),
        shots=int(row["shots"]),
        gates=int(row["two_qubit_gates"]),
        slope=row["slope"],
        correlation=row["correlation"],
        shots_factor=row["shots_factor"],
        accuracy={name: row[f"accuracy_{name}"] for name in ACCURACIES},
    )
