"""Step `unlearn`: one unlearning method on the trained targets of all seeds.

One job takes all seeds: a method takes seconds, and starting a process and compiling its programs
would take as long again for every seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qmu import losses
from qmu.forget.scenario import whole_classes
from qmu.models import model as models
from qmu.models.outputs import evaluate, evaluate_head
from qmu.specs.unlearn import Unlearn, UnlearnShadows
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.variant import ManyFiles, VariantFiles, write_variant
from qmu.steps.io.views import read_blocks
from qmu.tables import parquet
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import Data, Problem, State, problem_of

SPLITS = {"forget": "forget_train", "retain": "retain_train", "validation": "retain_validation"}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``; tables ``samples``, and ``parameters`` and ``outputs`` of the model that the
    method starts from (the target, or what it made of an earlier request), of every seed;
    ``fleet_outputs`` of retrained shadow models where the method asks for them."""

    pool: str
    samples: list[str]
    parameters: list[str]
    outputs: list[str]
    reference: Sequence[str] = ()


def run(inputs: Inputs, outputs: ManyFiles, spec: Unlearn, job: Job) -> None:
    """Hand the method what its card asks for and write the unlearned models' tables: those of every
    seed, then of every level and seed."""
    method = load_method(spec.method.component)
    config = method.Config(**spec.method.settings)
    # Edits of the head that look at no data need no circuit, which takes seconds to build.
    blind = method.CARD.head_only and method.CARD.reads == "none"
    model = models.build(**dict(spec.model), circuit=not blind)
    per_seed = [samples.read(inputs.pool, path, spec.experiment) for path in inputs.samples]
    reference = forget_loss(inputs.reference, spec, per_seed[0].present)
    job.clock.watch_compilation()
    job.clock.ready()
    for number, seed in enumerate(spec.seeds):
        job.report(f"seed {seed}")
        data = per_seed[number]
        target = read_parameters(inputs.parameters[number], spec.experiment)
        rows = model.inputs(data.pool)
        job.clock.restart()
        problem = problem_of(
            spec.method.component,
            method.CARD,
            model=model,
            parameters=target,
            pool=Data(rows, data.label),
            positions=_positions(data),
            classes=whole_classes(data.label, data.forget, data.present),
            names=(spec.root_seed, "unlearning", spec.variant, spec.name, seed, *spec.request),
            report=job.report,
            reference=reference,
            scope=getattr(config, "scope", "all"),
            levels=spec.levels,
            clock=job.clock.lap,
        )
        outcome = method.unlearn(problem, config)
        job.clock.stop()
        outcome = checked(outcome, problem, spec.variant, method.CARD)
        job.report(f"stopped: {outcome.stopped}")
        certificate = {}
        if outcome.certificate is not None:
            certificate = outcome.certificate.columns()
            job.report(f"certified: {outcome.certificate}")
        head_only = method.CARD.head_only or problem.scope == "head"
        end = outcome.end or State(
            outcome.parameters,
            outcome.stopped,
            len(outcome.history["epoch"]),
            outcome.history,
            problem.ledger,
            job.clock.columns(),
        )
        for place, state in enumerate((end, *(outcome.path[level] for level in spec.levels))):
            write_variant(
                VariantFiles.of_many(outputs, place * len(spec.seeds) + number),
                spec,
                state.parameters,
                history=state.history,
                outputs=data.sample_columns()
                | _evaluated(head_only, model, state, rows, inputs, number, spec),
                cost=state.ledger.columns(problem.shifted_angles)
                | _end(problem, state)
                | (certificate if state is end else {}),
                timing=state.timing,
            )


def _positions(data: samples.SeedData) -> dict[str, np.ndarray]:
    """Pool positions of what a method is handed; the rows of earlier requests are gone."""
    found = {part: data.positions(split) for part, split in SPLITS.items()}
    return found | {"forget": found["forget"][~data.earlier[found["forget"]]]}


def forget_loss(
    files: Sequence[str], spec: Unlearn | UnlearnShadows, forget: np.ndarray
) -> float | None:
    """The mean cross-entropy of retrained shadow models on the rows to forget, (n,) bool."""
    if not files:
        return None
    fleet = read_blocks(files, spec.experiment, None, spec.reference)
    label = np.tile(fleet.label[forget], len(fleet.logits))
    logits = fleet.logits[:, forget].reshape(len(label), -1)
    return float(np.mean(losses.cross_entropy(logits, label, np)))


def _end(problem: Problem, state: State) -> dict[str, list]:
    """Columns of the table ``cost`` on how the method ended."""
    before = problem.parameters
    changed = any(
        not np.array_equal(np.asarray(before[name]), np.asarray(value))
        for name, value in state.parameters.items()
    )
    return {"steps": [state.steps], "changed": [changed], "stopped": [state.stopped]}


def _evaluated(
    head_only: bool,
    model: models.Model,
    outcome: State,
    rows: np.ndarray,
    inputs: Inputs,
    number: int,
    spec: Unlearn,
) -> dict[str, np.ndarray]:
    """The outputs on every pool row; a method that changes the head alone runs no circuit."""
    if not head_only:
        return evaluate(model, outcome.parameters, rows)
    target = parquet.read(inputs.outputs[number], "outputs", experiment=spec.experiment)
    return evaluate_head(model, outcome.parameters, target["expectation_values"])
