"""Step `unlearn`: one unlearning method on one trained target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qmu import registry
from qmu.errors import QmuError
from qmu.models import model as models
from qmu.models.model import Parameters
from qmu.models.outputs import evaluate, evaluate_head
from qmu.steps.io.parameters import parameters_from
from qmu.steps.io.writer import write_variant
from qmu.tables import parquet as tables
from qmu.unlearning.problem import Data, Problem

from .io import samples as seed_data

READS = {"none": (), "forget": ("forget",), "retain": ("retain",), "both": ("forget", "retain")}


def run(inputs, outputs, spec, report, clock) -> None:
    """Hand the method what its card asks for and write the unlearned model's tables."""
    data = seed_data.read(inputs["pool"], inputs["samples"], spec["experiment"])
    stored = tables.read(inputs["parameters"], "parameters", experiment=spec["experiment"])
    method = registry.load("unlearning", spec["method"])
    model = models.build(**spec["model"], circuit=not method.CARD.head_only)
    clock.watch_compilation()
    clock.ready()
    rows = model.inputs(data.pool)

    card = method.CARD
    splits = {"forget": "forget_train", "retain": "retain_train", "validation": "retain_validation"}
    problem = problem_of(
        spec,
        model,
        parameters_from(stored),
        Data(rows, data.label),
        {part: data.positions(split) for part, split in splits.items()},
        (spec["root_seed"], "unlearning", spec["variant"], spec["name"], spec["seed"]),
        report,
    )
    outcome = method.unlearn(problem, method.Config(**spec["settings"]))
    clock.stop()
    report(f"stopped: {outcome.stopped}")
    if card.head_only:
        _check_head_only(spec["variant"], problem.parameters, outcome.parameters)
        known = tables.read(inputs["outputs"], "outputs", experiment=spec["experiment"])
        evaluated = evaluate_head(model, outcome.parameters, known["expectation_values"])
    else:
        evaluated = evaluate(model, outcome.parameters, rows)
    write_variant(
        outputs,
        spec,
        model,
        data,
        evaluated,
        outcome.parameters,
        outcome.history,
        problem.ledger,
        clock,
    )


def problem_of(
    spec: Mapping[str, Any],
    model: models.Model,
    parameters: dict[str, np.ndarray],
    pool: Data,
    positions: Mapping[str, np.ndarray],
    names: tuple[str | int, ...],
    report: Callable[[str], None],
) -> Problem:
    """What the card of the method allows it to see: of the pool's ``positions`` of the parts
    ``forget``, ``retain`` and ``validation``, those that it reads."""
    card = registry.load("unlearning", spec["method"]).CARD
    handed = {*READS[card.reads], *(("validation",) if card.validation else ())}

    def part(name: str) -> Data | None:
        if name not in handed:
            return None
        return Data(pool.inputs[positions[name]], pool.labels[positions[name]])

    return Problem(
        model=model,
        parameters=model.convert(parameters),
        forget_class=spec["forget_class"],
        forget=part("forget"),
        retain=part("retain"),
        validation=part("validation"),
        names=names,
        report=report,
    )


def _check_head_only(variant: str, before: Parameters, after: Parameters) -> None:
    """The promise that lets the target's expectation values stand for the method's."""
    for name, value in before.items():
        if not name.startswith("head/") and not np.array_equal(value, after[name]):
            raise QmuError(f"{variant}: changed {name!r}, though its card says head_only")
