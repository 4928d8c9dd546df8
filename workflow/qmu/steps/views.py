"""Reads tables into what an attacker sees: views of one model, and the shadow models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .. import tables
from ..view import Shadows, View


def view_of(outputs: Mapping[str, np.ndarray], loss: str) -> View:
    """The view of one model variant from its ``outputs`` table."""
    member = np.isin(outputs["split"], ("retain_train", "forget_train"))
    columns = {name: outputs[name] for name in ("sample_id", "label", "split", "forget", "logits")}
    return View(**columns, member=member, loss=loss)


def read_shadows(path: str, experiment: str, loss: str) -> Shadows:
    """All shadow models from the ``attack_data`` table."""
    table = tables.read(path, "attack_data", experiment=experiment)
    models = len(np.unique(table["model_index"]))
    samples = len(table["model_index"]) // models
    logits = table["logits"].astype(np.float64)
    return Shadows(
        sample_id=table["sample_id"][:samples],
        label=table["label"][:samples],
        member=table["member"].reshape(models, samples),
        logits=logits.reshape(models, samples, -1),
        loss=loss,
    )
