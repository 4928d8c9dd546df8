"""Step `evaluate_on`: one variant's outputs on a simulated device, all seeds."""

from __future__ import annotations

from qmu import seeds
from qmu.devices.execution import Execution
from qmu.devices.kinds.simulated import Simulated
from qmu.models import model as models
from qmu.models.outputs import evaluate, evaluate_head
from qmu.steps.io.parameters import parameters_from
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables

from .io import samples as seed_data


def run(inputs, outputs, spec, report, clock) -> None:
    """Write one table of kind ``outputs`` per seed, on every image of the pool."""
    setting = Simulated(**spec["settings"])
    exact = setting.noise is None and setting.shots is None
    device = setting.device if exact else spec["model"]["device"]
    model = models.build(**{**spec["model"], "device": device}, circuit=exact)
    clock.watch_compilation()
    clock.ready()
    write = Writer(spec)
    files = zip(
        spec["seeds"], inputs["samples"], inputs["parameters"], outputs["outputs"], strict=True
    )
    for seed, samples, stored, path in files:
        data = seed_data.read(inputs["pool"], samples, spec["experiment"])
        table = tables.read(stored, "parameters", experiment=spec["experiment"])
        parameters = model.convert(parameters_from(table))
        rows = model.inputs(data.pool)
        if exact:
            evaluated = evaluate(model, parameters, rows)
        else:
            names = (spec["root_seed"], "shots", spec["device"], spec["name"], seed)
            rng = seeds.generator(*names, spec["variant"])
            evaluated = evaluate_head(
                model, parameters, _values(model, setting, parameters, rows, rng)
            )
        write(path, "outputs", {**data.sample_columns(), **evaluated})
        hits = evaluated["logits"].argmax(axis=-1) == data.label
        report(f"seed {seed}: accuracy on {len(hits)} images {hits.mean():.3f}")


def _values(model, setting, parameters, rows, rng):
    execution = Execution(model, setting.noise)
    if setting.shots is None:
        return execution.expectations(parameters, rows)
    return execution.sampled(parameters, rows, setting.shots, rng)
