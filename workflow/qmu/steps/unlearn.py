"""Step `unlearn`: one unlearning method on one trained target."""

from __future__ import annotations

from qmu.models import model as models
from qmu.models.outputs import evaluate, evaluate_head
from qmu.steps.io.parameters import parameters_from
from qmu.steps.io.writer import write_variant
from qmu.tables import parquet as tables
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import Data, problem_of

from .io import samples as seed_data

SPLITS = {"forget": "forget_train", "retain": "retain_train", "validation": "retain_validation"}


def run(inputs, outputs, spec, report, clock) -> None:
    """Hand the method what its card asks for and write the unlearned model's tables."""
    data = seed_data.read(inputs["pool"], inputs["samples"], spec["experiment"])
    stored = tables.read(inputs["parameters"], "parameters", experiment=spec["experiment"])
    method = load_method(spec["method"])
    model = models.build(**spec["model"], circuit=not method.CARD.head_only)
    clock.watch_compilation()
    clock.ready()
    rows = model.inputs(data.pool)

    card = method.CARD
    problem = problem_of(
        spec["method"],
        card,
        model=model,
        parameters=parameters_from(stored),
        pool=Data(rows, data.label),
        positions={part: data.positions(split) for part, split in SPLITS.items()},
        classes=(spec["forget_class"],),
        names=(spec["root_seed"], "unlearning", spec["variant"], spec["name"], spec["seed"]),
        report=report,
    )
    outcome = method.unlearn(problem, method.Config(**spec["settings"]))
    clock.stop()
    outcome = checked(outcome, problem, spec["variant"], card)
    report(f"stopped: {outcome.stopped}")
    if card.head_only:
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
