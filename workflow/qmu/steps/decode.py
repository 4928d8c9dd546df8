"""Step `decode`: from the raw results of one model's IBM jobs to a table of outputs."""

from __future__ import annotations

import numpy as np

from qmu.errors import QmuError
from qmu.ibm.decode import expectations
from qmu.ibm.jobs import raw_result
from qmu.ibm.stored import read_prepared
from qmu.models import model as models
from qmu.models.outputs import evaluate_head
from qmu.steps.io.parameters import parameters_from
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables

from .io import ibm_job
from .io import samples as seed_data


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the outputs on the images that the device was asked about."""
    experiment = spec["experiment"]
    model = models.build(**spec["model"], circuit=False)
    clock.watch_compilation()
    clock.ready()
    data = seed_data.read(inputs["pool"], inputs["samples"], experiment)
    stored = tables.read(inputs["parameters"], "parameters", experiment=experiment)
    parameters = model.convert(parameters_from(stored))
    chosen = ibm_job.positions(data.split, data.sample_id, spec)
    parts = [
        _read(prepared, result, len(ibm_job.part_of(chosen, number, len(inputs["result"]))))
        for number, (prepared, result) in enumerate(
            zip(inputs["prepared"], inputs["result"], strict=True)
        )
    ]
    values, fidelity = (np.concatenate(column) for column in zip(*parts, strict=True))
    evaluated = evaluate_head(model, parameters, values)
    columns = {name: column[chosen] for name, column in data.sample_columns().items()}
    columns |= {**evaluated, "embedding_fidelity": fidelity}
    Writer(spec)(outputs["outputs"], "outputs", columns)
    hits = evaluated["logits"].argmax(axis=-1) == columns["label"]
    report(f"accuracy on {len(hits)} images {hits.mean():.3f}")


def _read(prepared_path: str, result_path: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """<Z> (count, wires) and the embedding's fidelity (count,) of one job."""
    prepared = read_prepared(prepared_path)
    header, result = raw_result.read_result(result_path)
    if header.get("digest") != prepared.digest or prepared.samples != count:
        raise QmuError(
            f"{result_path}: the result of another job than {prepared_path}; remove both and run "
            "again (a paid result is found again)"
        )
    return expectations(result, prepared)[0], prepared.fidelity
