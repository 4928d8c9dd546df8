"""Step `attack_data`: what the shadow models say of every pool image, member or not, in one table.

Each row is one (shadow model, image): the label, the membership, the logits and the features of
the published attack. It is what any shadow-model attack is fitted on.
"""

from __future__ import annotations

import numpy as np

from .. import tables
from ..attacks._features import features as attack_features
from .write import Writer


def run(inputs, outputs, spec, report, clock) -> None:
    """Join the blocks of the fleet in the order of their models."""
    kind = "fleet_outputs"
    blocks = [tables.read(f, kind, experiment=spec["experiment"]) for f in inputs["blocks"]]
    clock.ready()
    merged = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    rows = np.flatnonzero(np.isin(merged["model_index"], spec["indices"]))
    rows = rows[np.argsort(merged["model_index"][rows], kind="stable")]
    merged = {name: column[rows] for name, column in merged.items()}
    features = attack_features(merged["logits"].astype(np.float64), merged["label"], spec["loss"])
    Writer(spec)(outputs["data"], "attack_data", {**merged, "features": features})
    report(f"{len(spec['indices'])} shadow models, {len(rows)} rows")
