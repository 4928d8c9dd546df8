"""Step `import_predictions`: a table of predictions as the tables that training would have written.

The audit then reads them as it reads those of models that were trained here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu import losses, seeds
from qmu.data import predictions, splits
from qmu.data.predictions import Answers, Predictions
from qmu.forget.draws import compared
from qmu.specs.predictions import Import
from qmu.steps.frame.job import Job
from qmu.steps.io.writer import Writer
from qmu.variants import TARGET, group


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The user's file."""

    predictions: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Tables ``pool`` and ``request``; ``samples`` of every seed; ``outputs`` of every variant and
    seed, variant by variant; ``fleet_outputs`` of the shadow models of every variant that has
    them."""

    pool: str
    request: str
    samples: list[str]
    outputs: list[str]
    shadows: list[str]


def run(inputs: Inputs, outputs: Outputs, spec: Import, job: Job) -> None:
    """Write all tables, samples in the order of their ids."""
    whole = predictions.read(predictions.Config(**spec.settings))
    job.clock.ready()
    write, rows = Writer(spec), len(whole.label)
    forget = whole.forget if whole.marked else whole.forget | _compared(whole, spec.root_seed)
    known = {"sample_id": whole.sample_id, "label": whole.label}
    named = {} if whole.ids is None else {"id": whole.ids}
    write(outputs.pool, "pool", known | named | {"role": np.full(rows, "pool", object)})
    write(outputs.request, "request", {"sample_id": whole.sample_id, "forget": forget})
    columns = {seed: known | _split(whole, seed, forget, spec.root_seed) for seed in spec.seeds}
    for seed, file in zip(spec.seeds, outputs.samples, strict=True):
        write(file, "samples", columns[seed])
    keys = [(variant, seed) for variant in spec.variants for seed in spec.seeds]
    for (variant, seed), file in zip(keys, outputs.outputs, strict=True):
        answers = whole.variants[variant, seed]
        kept = {}
        if group(variant) == "residue":
            kept = {"kept": answers.member & whole.forget}
        write(file, "outputs", columns[seed] | _answers(answers) | kept)
    for variant, file in zip(spec.shadows, outputs.shadows, strict=True):
        write(file, "fleet_outputs", _fleet(whole, variant))
    job.report(
        f"{rows} samples, {whole.classes} classes; models: {len(whole.variants)} audited, "
        f"{sum(map(len, whole.shadows.values()))} shadow"
    )


def _compared(whole: Predictions, root_seed: int) -> np.ndarray:
    """Samples (n,) bool that no original was trained on, of the labels of those to be forgotten."""
    requested = whole.forget & whole.trained
    trained = max(int(whole.variants[TARGET, seed].member.sum()) for seed in whole.seeds)
    rng = seeds.generator(root_seed, "predictions", "compared")
    return compared(whole.label, requested, trained, rng, allowed=~whole.trained)


def _split(
    whole: Predictions, seed: int, forget: np.ndarray, root_seed: int
) -> dict[str, np.ndarray]:
    """The split of every sample: the table's own. Where it has none, and of rows that were drawn
    for comparison: half of the non-members test, half unseen, of those to be forgotten and of the
    others apart."""
    member = whole.variants[TARGET, seed].member
    if whole.parts is None:
        parts, drawn = np.where(member, "train", "unseen").astype(object), [forget, ~forget]
    else:
        parts, drawn = whole.parts[seed].copy(), [] if whole.marked else [forget]
    rng = seeds.generator(root_seed, "predictions", "parts", seed)
    for asked in drawn:
        others = rng.permutation(np.flatnonzero(~member & asked))
        tested = (len(others) + 1) // 2
        parts[others[:tested]], parts[others[tested:]] = "test", "unseen"
    return {"split": splits.splits(parts, forget), "forget": forget}


def _answers(answers: Answers) -> dict[str, np.ndarray]:
    probabilities = np.exp(losses.log_probabilities(answers.logits, np))
    return {"logits": answers.logits, "probabilities": probabilities}


def _fleet(whole: Predictions, variant: str) -> dict[str, np.ndarray]:
    models, ids = whole.shadows[variant], whole.sample_id
    return {
        "model_index": np.repeat(np.arange(len(models)), len(ids)),
        "sample_id": np.tile(ids, len(models)),
        "label": np.tile(whole.label, len(models)),
        "member": np.concatenate([one.member for one in models]),
        "logits": np.concatenate([one.logits for one in models]).astype(np.float32),
    }
