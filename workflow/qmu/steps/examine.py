"""Step `examine`: every measure of unlearning quality on one variant of one model, all seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from qmu import registry
from qmu.audit import measure as audit
from qmu.models import model as models
from qmu.quality.exam import Exam, SeedExam
from qmu.steps.io.figures import write_figures
from qmu.steps.io.parameters import parameters_from, read_fleet_parameters
from qmu.steps.io.views import read_blocks
from qmu.tables import parquet as tables

from .io import samples as seed_data

FLEETS = ("shadows", "unlearned", "retrained")


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the figures of all measures, of single seeds and over seeds."""
    model = models.build(**spec["model"])
    exams = [
        _seed_exam(number, seed, model, inputs, spec) for number, seed in enumerate(spec["seeds"])
    ]
    fleets = {
        kind: read_blocks(inputs[kind], spec["experiment"], spec["loss"], spec["indices"])
        for kind in FLEETS
        if inputs.get(kind)
    }
    clock.watch_compilation()
    clock.ready()
    settings = audit.Resampling((spec["root_seed"],), **spec["evaluation"])
    figures = []
    for name, entry in spec["quality"].items():
        report(name)
        module = registry.load("quality", entry["component"])
        handed = fleets if module.CARD.fleets else {}
        exam = Exam(
            name=spec["name"],
            variant=spec["variant"],
            device=spec["device"],
            forget_class=spec["forget_class"],
            model=model,
            seeds=tuple(exams),
            settings=settings,
            **{kind: handed.get(kind) for kind in FLEETS},
        )
        figures += module.measure(exam, module.Config(**entry["settings"]))
    write_figures(outputs["quality"], spec, figures, settings)


def _seed_exam(number: int, seed: int, model: models.Model, inputs: Any, spec: Any) -> SeedExam:
    experiment = spec["experiment"]
    data = seed_data.read(inputs["pool"], inputs["samples"][number], experiment)

    def parameters(kind: str) -> models.Parameters:
        stored = tables.read(inputs[kind][number], "parameters", experiment=experiment)
        return model.convert(parameters_from(stored))

    def outputs(kind: str) -> dict[str, np.ndarray]:
        table = tables.read(inputs[kind][number], "outputs", experiment=experiment)
        return {name: table[name] for name in ("expectation_values", "logits", "probabilities")}

    ensemble = read_fleet_parameters(inputs["ensemble"][number], experiment)
    logits = tables.read(inputs["ensemble_outputs"][number], "fleet_outputs", experiment=experiment)
    shape = (len(ensemble), len(data.label), -1)
    return SeedExam(
        seed=seed,
        inputs=model.inputs(data.pool),
        label=data.label,
        split=data.split,
        parameters=parameters("parameters"),
        original=parameters("original"),
        retrain=parameters("retrain"),
        ensemble=tuple(model.convert(ensemble[index]) for index in sorted(ensemble)),
        outputs=outputs("outputs"),
        original_outputs=outputs("original_outputs"),
        retrain_outputs=outputs("retrain_outputs"),
        ensemble_logits=logits["logits"].astype(np.float64).reshape(shape),
    )
