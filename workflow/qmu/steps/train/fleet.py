"""Training many models at once: what the steps `shadows` and `ensemble` share.

Up to ``width`` models share one compiled program. A model's members, initial parameters and
batches derive from its index alone, so it does not matter which block or program it is trained in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu import seeds
from qmu.models import federation, training
from qmu.models.model import Model
from qmu.models.outputs import evaluate
from qmu.specs.train import Fleet
from qmu.steps.io.parameters import parameter_columns
from qmu.steps.io.writer import Writer


@dataclass(frozen=True, kw_only=True)
class FleetFiles:
    """The tables of a fleet."""

    fleet_members: str
    fleet_parameters: str
    fleet_history: str
    fleet_outputs: str
    timing: str


@dataclass(frozen=True)
class Trained:
    """One model: its parameters, the pool positions of its members, and its history."""

    parameters: Mapping[str, np.ndarray]
    members: np.ndarray
    history: Mapping[str, np.ndarray]


def train_fleet(
    model: Model,
    pool: Mapping[str, np.ndarray],
    spec: Fleet,
    members: Callable[[int], np.ndarray],
    names: tuple[str | int, ...],
    report: training.Progress,
) -> dict[int, Trained]:
    """Model index -> trained model; ``members(index)`` are its pool positions, ascending, and
    ``names`` the path under which the fleet's random streams are drawn."""
    rows, trained = model.inputs(pool), {}
    clients = federation.clients(model.config.training, pool)
    for first in range(0, len(spec.indices), spec.width):
        present = spec.indices[first : first + spec.width]
        paths = [(*names, index) for index in present]
        start = [model.initial_parameters(seeds.generator(*p, "parameters")) for p in paths]
        chosen = [members(index) for index in present]
        sizes = sorted({len(one) for one in chosen})
        report(f"models {present[0]} to {present[-1]}: {sizes[0]} to {sizes[-1]} rows each")
        models = training.train_fleet(
            model, start, rows, pool["label"], chosen, paths, report, clients
        )
        for index, own, (parameters, history) in zip(present, chosen, models, strict=True):
            values = {name: np.asarray(value) for name, value in parameters.items()}
            trained[index] = Trained(values, own, history)
    return trained


def write_fleet(
    files: FleetFiles,
    spec: Fleet,
    model: Model,
    pool: Mapping[str, np.ndarray],
    trained: Mapping[int, Trained],
    timing: Mapping[str, Any],
) -> None:
    """Write the tables of a fleet, models in ascending order."""
    write, order = Writer(spec), sorted(trained)
    models, ids = [trained[index] for index in order], pool["sample_id"]
    write(
        files.fleet_members,
        "fleet_members",
        {"model_index": order, "members": [ids[one.members] for one in models]},
    )
    columns = parameters_of_models(order, [one.parameters for one in models])
    write(files.fleet_parameters, "fleet_parameters", columns)
    write(
        files.fleet_history,
        "fleet_history",
        {"model_index": _repeated(order, [one.history["epoch"] for one in models])}
        | {key: np.concatenate([one.history[key] for one in models]) for key in models[0].history},
    )
    rows, positions = model.inputs(pool), np.arange(len(ids))
    answers = [evaluate(model, one.parameters, rows) for one in models]
    member = [np.isin(positions, one.members) for one in models]
    columns = output_columns(model, order, pool, member, answers)
    write(files.fleet_outputs, "fleet_outputs", columns)
    write(files.timing, "timing", timing)


def parameters_of_models(
    indices: Sequence[int], parameters: Sequence[Mapping[str, Any]]
) -> dict[str, list[Any]]:
    """Columns of ``fleet_parameters`` from the parameters of each model."""
    stored = [parameter_columns(one) for one in parameters]
    names = _repeated(indices, [columns["name"] for columns in stored])
    rows = {key: [v for columns in stored for v in columns[key]] for key in stored[0]}
    return {"model_index": names, **rows}


def output_columns(
    model: Model,
    indices: Any,
    pool: Mapping[str, np.ndarray],
    member: list[np.ndarray],
    answers: list[Mapping[str, np.ndarray]],
) -> dict[str, np.ndarray]:
    """Columns of ``fleet_outputs`` from the membership and the answers (see
    `qmu.models.outputs.evaluate`) of each model in the pool's order; <Z> where there is a circuit.
    """
    ids = pool["sample_id"]
    kept = ("logits", "expectation_values") if model.circuit else ("logits",)
    return {
        "model_index": np.repeat(indices, len(ids)),
        "sample_id": np.tile(ids, len(indices)),
        "label": np.tile(pool["label"], len(indices)),
        "member": np.concatenate(member),
        **{
            name: np.concatenate([one[name] for one in answers]).astype(np.float32) for name in kept
        },
    }


def _repeated(order: Sequence[int], rows: list[Any]) -> list[int]:
    return [index for index, one in zip(order, rows, strict=True) for _ in one]
