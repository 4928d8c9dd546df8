"""Step `attack_data`: what the shadow models say of every pool row, member or not, in one table.

Each row is one (shadow model, pool row): the label, the membership, the logits, <Z> where there is
a circuit, and the features of the published attack. It is what any shadow-model attack is fitted
on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu.attacks.statistics import features
from qmu.specs.attack import AttackData
from qmu.steps.frame.job import Job
from qmu.steps.io.views import merge_blocks
from qmu.steps.io.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``fleet_outputs`` of all blocks of shadow models."""

    blocks: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``attack_data``."""

    data: str


def run(inputs: Inputs, outputs: Outputs, spec: AttackData, job: Job) -> None:
    """Join the blocks of the fleet in the order of their models."""
    merged = merge_blocks(inputs.blocks, spec.experiment, spec.indices)
    job.clock.ready()
    columns = features(merged["logits"].astype(np.float64), merged["label"], spec.loss)
    Writer(spec)(outputs.data, "attack_data", {**merged, "features": columns})
    job.report(f"{len(spec.indices)} shadow models, {len(merged['label'])} rows")
