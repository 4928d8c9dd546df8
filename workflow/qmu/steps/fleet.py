"""Step `fleet`: train many models at once: a block of shadow models, or a retrain ensemble.

Shadow models of the variant ``retrain`` have the members of the target's, without the forget class.

Up to ``width`` models share one compiled program. A model's members, initial parameters and
batches derive from its index alone, so it does not matter which block or program it is trained in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qmu import seeds
from qmu.data import splits as sampling
from qmu.models import model as models
from qmu.models import training
from qmu.models.outputs import evaluate
from qmu.steps.io.parameters import parameter_columns
from qmu.steps.io.writer import Writer

from .io import samples as seed_data


def run(inputs, outputs, spec, report, clock) -> None:
    """Train the models ``spec["indices"]`` and write one block of fleet tables."""
    model = models.build(**spec["model"])
    if "samples" in inputs:
        data = seed_data.read(inputs["pool"], inputs["samples"], spec["experiment"])
        pool, retain = data.pool, data.positions("retain_train")
        role: tuple[str | int, ...] = ("retrain_ensemble", spec["name"], spec["seed"])

        def members(index: int) -> np.ndarray:
            return retain
    else:
        pool = seed_data.read_pool(inputs["pool"], spec["experiment"])
        without = spec["without"]
        role = ("shadow", spec["name"], *(() if without is None else ("without", without)))

        def members(index: int) -> np.ndarray:
            return shadow_members(pool["label"], index, spec)

    clock.watch_compilation()
    clock.ready()
    names = (spec["root_seed"], *role)
    trained = _train(model, pool, spec["indices"], spec["width"], members, names, report)
    clock.stop()
    _write(outputs, spec, model, pool, trained)
    Writer(spec)(outputs["timing"], "timing", clock.columns())


def shadow_members(label: np.ndarray, index: int, spec: Mapping[str, Any]) -> np.ndarray:
    """Pool positions that shadow model ``index`` is trained on, ascending."""
    drawn = sampling.fleet_members(spec["root_seed"], "shadow", index, len(label), spec["members"])
    return drawn if spec["without"] is None else drawn[label[drawn] != spec["without"]]


def _train(
    model: models.Model,
    pool: dict[str, np.ndarray],
    indices: list[int],
    width: int,
    members: Callable[[int], np.ndarray],
    names: tuple[str | int, ...],
    report: training.Progress,
) -> dict[int, tuple[Any, np.ndarray, dict[str, np.ndarray]]]:
    rows, trained = model.inputs(pool), {}
    for first in range(0, len(indices), width):
        present = indices[first : first + width]
        paths = [(*names, index) for index in present]
        start = [model.initial_parameters(seeds.generator(*p, "parameters")) for p in paths]
        chosen = [members(index) for index in present]
        sizes = sorted({len(one) for one in chosen})
        report(f"models {present[0]} to {present[-1]}: {sizes[0]} to {sizes[-1]} images each")
        fitted, history = training.train(
            model,
            {name: np.stack([one[name] for one in start]) for name in start[0]},
            rows,
            pool["label"],
            chosen,
            paths,
            report,
        )
        stacked = {name: np.asarray(value) for name, value in fitted.items()}
        for slot, index in enumerate(present):
            one = {name: value[slot] for name, value in stacked.items()}
            curve = {
                "epoch": history["epoch"],
                "loss": history["loss"][:, slot],
                "accuracy": history["accuracy"][:, slot],
            }
            trained[index] = (one, chosen[slot], curve)
    return trained


def _write(outputs, spec, model, pool, trained) -> None:
    write, ids, rows = Writer(spec), pool["sample_id"], model.inputs(pool)
    order = sorted(trained)
    write(
        outputs["fleet_members"],
        "fleet_members",
        {"model_index": order, "members": [ids[trained[i][1]] for i in order]},
    )
    stored = {i: parameter_columns(trained[i][0]) for i in order}
    write(
        outputs["fleet_parameters"],
        "fleet_parameters",
        {"model_index": [i for i in order for _ in stored[i]["name"]]}
        | {key: [v for i in order for v in stored[i][key]] for key in ("name", "shape", "values")},
    )
    curves = {i: trained[i][2] for i in order}
    write(
        outputs["fleet_history"],
        "fleet_history",
        {"model_index": [i for i in order for _ in curves[i]["epoch"]]}
        | {key: np.concatenate([curves[i][key] for i in order]) for key in curves[order[0]]},
    )
    logits = [evaluate(model, trained[i][0], rows)["logits"] for i in order]
    write(
        outputs["fleet_outputs"],
        "fleet_outputs",
        {
            "model_index": np.repeat(order, len(ids)),
            "sample_id": np.tile(ids, len(order)),
            "label": np.tile(pool["label"], len(order)),
            "member": np.concatenate([np.isin(np.arange(len(ids)), trained[i][1]) for i in order]),
            "logits": np.concatenate(logits).astype(np.float32),
        },
    )
