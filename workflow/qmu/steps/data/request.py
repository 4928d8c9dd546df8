"""Step `request`: which rows of the pool are to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qmu import losses
from qmu.forget.scenario import Marked, following, mark
from qmu.specs.data import Request
from qmu.steps.frame.job import Job
from qmu.steps.io.samples import read, read_pool, read_request
from qmu.steps.io.views import read_blocks
from qmu.steps.io.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``; ``fleet_outputs`` of shadow models where the scenario asks for them. In a
    sequence of requests: the table ``samples`` that all seeds share, and the ``request`` before
    this one, where there is one."""

    pool: str
    shadows: Sequence[str] = ()
    shared: Sequence[str] = ()
    before: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``request``."""

    request: str


def run(inputs: Inputs, outputs: Outputs, spec: Request, job: Job) -> None:
    """Write the scenario's marks in the pool's order."""
    pool = read_pool(inputs.pool, spec.experiment)
    known = {**pool, "label": pool.get("true_label", pool["label"])}
    if inputs.shadows:
        known["memorisation"] = memorisation(inputs.shadows, spec)
    earlier = np.zeros(len(pool["label"]), bool)
    if inputs.before:
        earlier = read_request(inputs.before[0], pool, spec.experiment).rows
    parts = None
    if inputs.shared:
        parts = read(inputs.pool, inputs.shared[0], spec.experiment).parts
        known["trained"] = (parts == "train") & ~earlier
        known["untrained"] = np.isin(parts, ("test", "unseen")) & ~earlier
    job.clock.ready()
    forget = spec.forget
    marked = mark(forget.component, forget.settings, known, spec.train, spec.root_seed)
    columns = {"sample_id": pool["sample_id"], "forget": marked.rows}
    if parts is not None:
        columns["forget"] = following(earlier, marked, parts == "train")
        columns["earlier"] = earlier
    elif marked.requested is not None:
        columns["requested"] = marked.requested
    Writer(spec)(outputs.request, "request", columns)
    job.report(_told(marked))


def memorisation(files: Sequence[str], spec: Request) -> np.ndarray:
    """How much more probable the label is to shadow models that were trained on a row than to those
    that were not, (n,); 0 where there are not both."""
    fleet = read_blocks(files, spec.experiment, None, spec.shadows)
    logits = fleet.logits.reshape(-1, fleet.logits.shape[-1])
    label = np.tile(fleet.label, len(fleet.logits))
    right = np.exp(-losses.cross_entropy(logits, label, np)).reshape(fleet.member.shape)
    held, count = fleet.member, len(fleet.member)
    there = np.clip(np.stack([held.sum(axis=0), count - held.sum(axis=0)]), 1, None)
    means = np.stack([(right * held).sum(axis=0), (right * ~held).sum(axis=0)]) / there
    both = held.any(axis=0) & ~held.all(axis=0)
    return np.where(both, means[0] - means[1], 0.0)


def _told(marked: Marked) -> str:
    rows, count = len(marked.rows), int(marked.rows.sum())
    if marked.requested is None:
        return f"{count} of {rows} rows are to be forgotten"
    asked = int(marked.requested.sum())
    return f"{asked} rows are to be forgotten, {count - asked} that no seed trains on beside them"
