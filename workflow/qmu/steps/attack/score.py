"""Step `score`: every attack's score of every row on one group of variants of one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qmu import registry
from qmu.attacks.fitted import Fitted, of_attack, owner
from qmu.attacks.game import Evidence, ShadowModels, View, allowed
from qmu.specs.attack import Score
from qmu.steps.frame.job import Job
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.views import read_blocks, read_queries, view_of
from qmu.steps.io.writer import Writer
from qmu.tables import parquet

SAMPLE = ("sample_id", "label", "split", "forget")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Fitted attacks; ``outputs`` of the audited models, variant by variant, and of the original
    ones of all seeds; where an attack asks for them, table ``queries`` and ``fleet_outputs`` of
    shadow models before and after the audited method and retrained ones."""

    fitted: str
    outputs: list[str]
    original: list[str]
    queries: str | Sequence[str] = ()
    shadows: Sequence[str] = ()
    unlearned: Sequence[str] = ()
    retrained: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``scores``."""

    scores: str


def run(inputs: Inputs, outputs: Outputs, spec: Score, job: Job) -> None:
    """Write the scores of all attacks, one block of rows per variant, seed and attack."""
    everything = read_parameters(inputs.fitted, spec.experiment)
    fleets = {
        kind: read_blocks(files, spec.experiment, spec.loss, spec.indices)
        for kind in ("shadows", "unlearned", "retrained")
        if (files := getattr(inputs, kind))
    }
    queries = read_queries(inputs.queries, spec.experiment) if inputs.queries else None

    def viewed(file: str) -> View:
        return view_of(parquet.read(file, "outputs", experiment=spec.experiment), spec.loss)

    job.clock.watch_compilation()
    job.clock.ready()
    blocks = []
    originals = dict(zip(spec.seeds, map(viewed, inputs.original), strict=True))
    audited = [(variant, seed) for variant in spec.variants for seed in spec.seeds]
    for (variant, seed), file in zip(audited, inputs.outputs, strict=True):
        job.report(f"{variant}, seed {seed}")
        view, calibration = viewed(file), None
        if queries is not None:
            view = replace(view, right=queries[variant, seed])
            calibration = _calibration(view, fleets["shadows"], queries[None])
        evidence = Evidence(originals[seed], view, calibration=calibration, **fleets)
        for name in spec.attacks:
            block = _score(name, seed, evidence, everything, spec)
            named = np.full(len(block["score"]), variant, dtype=object)
            blocks.append({"variant": named, **block})
    columns = {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
    Writer(spec)(outputs.scores, "scores", columns)


def _score(
    name: str, seed: int, evidence: Evidence, everything: Fitted, spec: Score
) -> dict[str, np.ndarray]:
    """The rows of one attack on one seed's model."""
    module = registry.load("attacks", spec.attacks[name].component)
    config = module.Config(**spec.attacks[name].settings)
    fitted = of_attack(everything, owner(module.CARD, seed), name)
    names = (spec.root_seed, "attack", name, spec.name, seed)
    scored = module.score(fitted, allowed(evidence, module.CARD), config, names)
    rows = len(scored.score)
    return {
        **{column: getattr(evidence.audited, column) for column in SAMPLE},
        "seed": np.full(rows, seed, np.int64),
        "attack": np.full(rows, name, dtype=object),
        "score": scored.score,
        "decision": scored.decision,
        "fitted": scored.fitted,
    }


def _calibration(audited: View, shadows: ShadowModels, right: np.ndarray) -> View:
    """The first shadow model's view of the same rows, with members and answers of its own."""
    member, measured = shadows.member[0], shadows.expectation_values
    return View(
        sample_id=shadows.sample_id,
        label=shadows.label,
        split=np.where(member, "retain_train", "retain_unseen").astype(object),
        forget=audited.forget,
        member=member,
        logits=shadows.logits[0],
        loss=audited.loss,
        right=right,
        expectation_values=None if measured is None else measured[0],
    )
