"""Step `unlearn_shadows`: one unlearning method on a block of shadow models.

Each shadow model forgets its own members of the forget class, with its own retain set and a
validation split of retained-class images that it was not trained on. Attacks and measures that
know the method compare with these models.
"""

from __future__ import annotations

import numpy as np

from qmu import registry, seeds
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.steps.io.parameters import read_fleet_parameters
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables
from qmu.unlearning.problem import Data, Problem

from .io import samples as seed_data
from .unlearn import problem_of


def run(inputs, outputs, spec, report, clock) -> None:
    """Unlearn the models ``spec["indices"]`` and write their outputs on the pool."""
    pool = seed_data.read_pool(inputs["pool"], spec["experiment"])
    trained = read_fleet_parameters(inputs["parameters"], spec["experiment"])
    members = tables.read(inputs["members"], "fleet_members", experiment=spec["experiment"])
    method = registry.load("unlearning", spec["method"])
    model = models.build(**spec["model"])
    clock.watch_compilation()
    clock.ready()
    rows, ids = model.inputs(pool), pool["sample_id"]
    own = dict(zip(members["model_index"].tolist(), members["members"], strict=True))
    columns: dict[str, list] = {"member": [], "logits": []}
    for index in spec["indices"]:
        member = np.isin(ids, own[index])
        problem = _problem(model, trained[index], rows, pool["label"], member, index, spec)
        outcome = method.unlearn(problem, method.Config(**spec["settings"]))
        report(f"shadow model {index}: {outcome.stopped}")
        columns["member"].append(member)
        columns["logits"].append(evaluate(model, outcome.parameters, rows)["logits"])
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


def _problem(model, parameters, rows, label, member, index, spec) -> Problem:
    forget = label == spec["forget_class"]
    names = (spec["root_seed"], "shadow_unlearning", spec["variant"], spec["name"], index)
    held_out = np.flatnonzero(~member & ~forget)
    order = seeds.generator(*names, "validation").permutation(held_out)
    positions = {
        "forget": np.flatnonzero(member & forget),
        "retain": np.flatnonzero(member & ~forget),
        "validation": np.sort(order[: spec["validation"]]),
    }
    return problem_of(
        spec, model, parameters, Data(rows, label), positions, names, lambda line: None
    )
