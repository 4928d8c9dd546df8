"""Reads tables into what an attacker sees: views of one model, and the shadow models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qmu.attacks.game import ShadowModels, View
from qmu.tables import parquet


def view_of(outputs: Mapping[str, np.ndarray], loss: str) -> View:
    """The view of one model variant from its ``outputs`` table."""
    member = np.isin(outputs["split"], ("retain_train", "forget_train"))
    columns = {name: outputs[name] for name in ("sample_id", "label", "split", "forget", "logits")}
    measured = outputs.get("expectation_values")
    return View(**columns, member=member, loss=loss, expectation_values=measured)


def read_shadows(path: str, experiment: str, loss: str) -> ShadowModels:
    """All shadow models from the ``attack_data`` table."""
    return _shadows(parquet.read(path, "attack_data", experiment=experiment), loss)


def read_blocks(
    paths: Sequence[str], experiment: str, loss: str | None, indices: Sequence[int]
) -> ShadowModels:
    """The shadow models ``indices`` from the blocks of a fleet."""
    merged = merge_blocks(paths, experiment, indices)
    return _shadows(merged, loss or "")


def merge_blocks(
    paths: Sequence[str], experiment: str, indices: Sequence[int]
) -> dict[str, np.ndarray]:
    """Blocks of ``fleet_outputs`` as one table, in the order of their models."""
    blocks = [parquet.read(path, "fleet_outputs", experiment=experiment) for path in paths]
    merged = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    rows = np.flatnonzero(np.isin(merged["model_index"], indices))
    rows = rows[np.argsort(merged["model_index"][rows], kind="stable")]
    return {name: column[rows] for name, column in merged.items()}


def read_queries(path: str, experiment: str) -> dict[tuple[str, int] | None, np.ndarray]:
    """Right answers on transformed copies (n, r) by variant and seed; None is the calibrating
    shadow model's."""
    table = parquet.read(path, "queries", experiment=experiment)
    seeds = np.array([-1 if seed is None else seed for seed in table["seed"].tolist()])
    found: dict[tuple[str, int] | None, np.ndarray] = {}
    for variant in dict.fromkeys(table["variant"]):
        own = table["variant"] == variant
        for seed in np.unique(seeds[own]):
            key = None if seed < 0 else (str(variant), int(seed))
            found[key] = table["right"][own & (seeds == seed)].astype(bool)
    return found


def _shadows(table: Mapping[str, np.ndarray], loss: str) -> ShadowModels:
    models = len(np.unique(table["model_index"]))
    samples = len(table["model_index"]) // models

    def per_model(name: str) -> np.ndarray:
        return table[name].astype(np.float64).reshape(models, samples, -1)

    measured = "expectation_values"
    return ShadowModels(
        sample_id=table["sample_id"][:samples],
        label=table["label"][:samples],
        member=table["member"].reshape(models, samples),
        logits=per_model("logits"),
        loss=loss,
        expectation_values=per_model(measured) if measured in table else None,
    )
