"""Step `unlearn`: one unlearning method on one trained target."""

from __future__ import annotations

import numpy as np

from .. import model as models
from .. import registry, tables
from ..errors import QmuError
from ..evaluation import evaluate, evaluate_head
from ..model import Parameters
from ..problem import Data, Problem
from . import seed_data
from .variant import write_variant
from .write import parameters_from

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

    def part(split: str) -> Data:
        chosen = data.positions(split)
        return Data(rows[chosen], data.label[chosen])

    card = method.CARD
    allowed = READS[card.reads]
    problem = Problem(
        model=model,
        parameters=model.convert(parameters_from(stored)),
        forget_class=spec["forget_class"],
        forget=part("forget_train") if "forget" in allowed else None,
        retain=part("retain_train") if "retain" in allowed else None,
        validation=part("retain_validation") if card.validation else None,
        names=(spec["root_seed"], "unlearning", spec["variant"], spec["name"], spec["seed"]),
        report=report,
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


def _check_head_only(variant: str, before: Parameters, after: Parameters) -> None:
    """The promise that lets the target's expectation values stand for the method's."""
    for name, value in before.items():
        if not name.startswith("head/") and not np.array_equal(value, after[name]):
            raise QmuError(f"{variant}: changed {name!r}, though its card says head_only")
