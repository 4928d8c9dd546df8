"""Step `attack_data`: what the shadow models say of every pool image, member or not, in one table.

Each row is one (shadow model, image): the label, the membership, the logits and the features of
the published attack. It is what any shadow-model attack is fitted on.
"""

from __future__ import annotations

import numpy as np

from qmu.attacks.statistics import features as attack_features
from qmu.steps.io.views import merge_blocks
from qmu.steps.io.writer import Writer


def run(inputs, outputs, spec, report, clock) -> None:
    """Join the blocks of the fleet in the order of their models."""
    merged = merge_blocks(inputs["blocks"], spec["experiment"], spec["indices"])
    clock.ready()
    features = attack_features(merged["logits"].astype(np.float64), merged["label"], spec["loss"])
    Writer(spec)(outputs["data"], "attack_data", {**merged, "features": features})
    report(f"{len(spec['indices'])} shadow models, {len(merged['label'])} rows")
