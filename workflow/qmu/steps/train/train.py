"""Step `train`: the target on all its training rows, or the retrained model without D_f."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qmu import seeds
from qmu.models import federation, training
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.specs.train import Train
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.variant import VariantFiles, write_variant
from qmu.unlearning.ledger import Ledger

PARTS = {"target": ("retain_train", "forget_train"), "retrain": ("retain_train",)}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool`` and ``samples``."""

    pool: str
    samples: str


def run(inputs: Inputs, outputs: VariantFiles, spec: Train, job: Job) -> None:
    """Train one model of one seed and write its tables."""
    data = samples.read(inputs.pool, inputs.samples, spec.experiment)
    model = models.build(**dict(spec.model))
    job.clock.watch_compilation()
    job.clock.ready()
    rows = model.inputs(data.pool)
    members = data.positions(*PARTS[spec.variant])
    names = (spec.root_seed, spec.variant, spec.name, spec.seed)
    job.report(f"{len(members)} rows, {model.config.training.epochs} epochs")
    start = model.initial_parameters(seeds.generator(*names, "parameters"))
    recipe = model.config.training
    clients = federation.clients(recipe, data.pool)
    parameters, history = training.train(
        model, start, rows, data.label, members, names, job.report, clients
    )
    epsilon, certificate = training.certified_epsilon(recipe, len(members)), {}
    if epsilon is not None:
        certificate = {"epsilon": [epsilon]}
        job.report(f"private with epsilon {epsilon:.3g} at delta {recipe.private.delta:g}")
    ledger = Ledger(**training.evaluations(model, members, clients))
    job.clock.stop()  # evaluating is no part of what training takes
    write_variant(
        outputs,
        spec,
        parameters,
        history=history,
        outputs=data.sample_columns() | evaluate(model, parameters, rows),
        cost=ledger.columns(model.circuit_parameters) | certificate,
        timing=job.clock.columns(),
    )
    job.report(f"last epoch's training accuracy {np.mean(history['accuracy'][-1]):.3f}")
