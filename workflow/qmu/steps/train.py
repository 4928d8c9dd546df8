"""Step `train`: the target on all its training images, or the retrained model without D_f."""

from __future__ import annotations

import numpy as np

from qmu import seeds
from qmu.models import model as models
from qmu.models import training
from qmu.models.outputs import evaluate
from qmu.steps.io.writer import write_variant
from qmu.unlearning.problem import Ledger

from .io import samples as seed_data

PARTS = {"target": ("retain_train", "forget_train"), "retrain": ("retain_train",)}


def run(inputs, outputs, spec, report, clock) -> None:
    """Train one model of one seed and write its tables."""
    data = seed_data.read(inputs["pool"], inputs["samples"], spec["experiment"])
    model = models.build(**spec["model"])
    clock.watch_compilation()
    clock.ready()
    rows = model.inputs(data.pool)
    members = data.positions(*PARTS[spec["variant"]])
    names = (spec["root_seed"], spec["variant"], spec["name"], spec["seed"])
    report(f"{len(members)} images, {model.config.training.epochs} epochs")
    parameters, history = training.train(
        model,
        model.initial_parameters(seeds.generator(*names, "parameters")),
        rows,
        data.label,
        members,
        names,
        report,
    )
    recipe = model.config.training
    steps = training.steps_per_epoch(recipe, len(members)) * recipe.epochs
    ledger = Ledger(gradient_evaluations=steps * recipe.batch_size)
    clock.stop()
    evaluated = evaluate(model, parameters, rows)
    write_variant(outputs, spec, model, data, evaluated, parameters, history, ledger, clock)
    hits = np.mean(history["accuracy"][-1])
    report(f"last epoch's training accuracy {hits:.3f}")
