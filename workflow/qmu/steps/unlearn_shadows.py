"""Step `unlearn_shadows`: one unlearning method on a block of shadow models.

Each shadow model forgets its own members of the forget class, with its own retain set and a
validation split of retained-class images that it was not trained on. Attacks and measures that
know the method compare with these models.
"""

from __future__ import annotations

import numpy as np

from qmu import seeds
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.steps.io.parameters import read_fleet_parameters
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import Data, MethodCard, Problem, problem_of

from .io import samples as seed_data


def run(inputs, outputs, spec, report, clock) -> None:
    """Unlearn the models ``spec["indices"]`` and write their outputs on the pool."""
    pool = seed_data.read_pool(inputs["pool"], spec["experiment"])
    trained = read_fleet_parameters(inputs["parameters"], spec["experiment"])
    members = tables.read(inputs["members"], "fleet_members", experiment=spec["experiment"])
    method = load_method(spec["method"])
    model = models.build(**spec["model"])
    clock.watch_compilation()
    clock.ready()
    data, ids = Data(model.inputs(pool), pool["label"]), pool["sample_id"]
    own = dict(zip(members["model_index"].tolist(), members["members"], strict=True))
    columns: dict[str, list] = {"member": [], "logits": []}
    for index in spec["indices"]:
        member = np.isin(ids, own[index])
        problem = _problem(method.CARD, model, trained[index], data, member, index, spec)
        outcome = method.unlearn(problem, method.Config(**spec["settings"]))
        outcome = checked(outcome, problem, f"{spec['variant']}, shadow model {index}", method.CARD)
        report(f"shadow model {index}: {outcome.stopped}")
        columns["member"].append(member)
        columns["logits"].append(evaluate(model, outcome.parameters, data.inputs)["logits"])
    clock.stop()
    write, count = Writer(spec), len(spec["indices"])
    write(
        outputs["fleet_outputs"],
        "fleet_outputs",
        {
            "model_index": np.repeat(spec["indices"], len(ids)),
            "sample_id": np.tile(ids, count),
            "label": np.tile(pool["label"], count),
            "member": np.concatenate(columns["member"]),
            "logits": np.concatenate(columns["logits"]).astype(np.float32),
        },
    )
    write(outputs["timing"], "timing", clock.columns())


def _problem(card: MethodCard, model, parameters, pool: Data, member, index, spec) -> Problem:
    forget = pool.labels == spec["forget_class"]
    names = (spec["root_seed"], "shadow_unlearning", spec["variant"], spec["name"], index)
    held_out = np.flatnonzero(~member & ~forget)
    order = seeds.generator(*names, "validation").permutation(held_out)
    return problem_of(
        spec["method"],
        card,
        model=model,
        parameters=parameters,
        pool=pool,
        positions={
            "forget": np.flatnonzero(member & forget),
            "retain": np.flatnonzero(member & ~forget),
            "validation": np.sort(order[: spec["validation"]]),
        },
        classes=(spec["forget_class"],),
        names=names,
        report=lambda line: None,
    )
