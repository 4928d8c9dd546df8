"""Step `unlearn_shadows`: one unlearning method on a block of shadow models.

Each shadow model forgets its own members of the forget set, with its own retain set and a
validation split of retained rows that it was not trained on. Attacks and measures that know the
method compare with these models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qmu import seeds
from qmu.forget.scenario import whole_classes
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.specs.unlearn import UnlearnShadows
from qmu.steps.frame.job import Job
from qmu.steps.io.parameters import read_fleet_parameters
from qmu.steps.io.samples import Asked, read_pool, read_request
from qmu.steps.io.writer import Writer
from qmu.steps.train.fleet import output_columns, parameters_of_models
from qmu.tables import parquet
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import Data, problem_of

from .unlearn import forget_loss


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool`` and ``request``, and of the shadow models ``fleet_parameters`` (of a sequence
    what the method made of them at an earlier request) and ``fleet_members``; ``fleet_outputs`` of
    retrained ones where the method asks for them."""

    pool: str
    request: str
    parameters: str
    members: str
    reference: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Tables ``fleet_outputs`` and ``timing``; ``fleet_parameters`` where a further request may
    start from them."""

    fleet_outputs: str
    timing: str
    fleet_parameters: str = ""


def run(inputs: Inputs, outputs: Outputs, spec: UnlearnShadows, job: Job) -> None:
    """Unlearn the models ``spec.indices`` and write their outputs on the pool."""
    pool = read_pool(inputs.pool, spec.experiment)
    asked = read_request(inputs.request, pool, spec.experiment)
    trained = read_fleet_parameters(inputs.parameters, spec.experiment)
    members = parquet.read(inputs.members, "fleet_members", experiment=spec.experiment)
    reference = forget_loss(inputs.reference, spec, asked.present)
    method = load_method(spec.method.component)
    config = method.Config(**spec.method.settings)
    model = models.build(**dict(spec.model))
    job.clock.watch_compilation()
    job.clock.ready()
    rows, ids = model.inputs(pool), pool["sample_id"]
    own = dict(zip(members["model_index"].tolist(), members["members"], strict=True))
    classes = whole_classes(pool["label"], asked.rows, asked.present)
    member, unlearned = [], []
    for index in spec.indices:
        member.append(np.isin(ids, own[index]))
        if not np.any(member[-1] & asked.present):
            job.report(f"shadow model {index}: holds nothing of the request")
            unlearned.append(model.convert(dict(trained[index])))
            continue
        names = (spec.root_seed, "shadow_unlearning", spec.variant, spec.name, index)
        names = (*names, *spec.request)
        problem = problem_of(
            spec.method.component,
            method.CARD,
            model=model,
            parameters=trained[index],
            pool=Data(rows, pool["label"]),
            positions=_positions(member[-1], asked, spec.validation, names),
            classes=classes,
            names=names,
            report=lambda line: None,
            reference=reference,
            scope=getattr(config, "scope", "all"),
        )
        outcome = checked(method.unlearn(problem, config), problem, spec.variant, method.CARD)
        job.report(f"shadow model {index}: {outcome.stopped}")
        unlearned.append(outcome.parameters)
    answers = [evaluate(model, parameters, rows) for parameters in unlearned]
    job.clock.stop()
    write = Writer(spec)
    if outputs.fleet_parameters:
        columns = parameters_of_models(spec.indices, unlearned)
        write(outputs.fleet_parameters, "fleet_parameters", columns)
    columns = output_columns(model, spec.indices, pool, member, answers)
    write(outputs.fleet_outputs, "fleet_outputs", columns)
    write(outputs.timing, "timing", job.clock.columns())


def _positions(
    member: np.ndarray, asked: Asked, validation: int, names: tuple[str | int, ...]
) -> Mapping[str, np.ndarray]:
    """Pool positions of one shadow model's forget, retain and validation rows; those of earlier
    requests are gone."""
    held_out = np.flatnonzero(~member & ~asked.rows)
    order = seeds.generator(*names, "validation").permutation(held_out)
    return {
        "forget": np.flatnonzero(member & asked.present),
        "retain": np.flatnonzero(member & ~asked.rows),
        "validation": np.sort(order[:validation]),
    }
