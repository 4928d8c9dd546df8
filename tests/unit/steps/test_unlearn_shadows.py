"""What a shadow model is asked to forget: its own members of the forget set, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import fixtures
import numpy as np
import pytest
import step_example
from qmu.seeds import generator
from qmu.steps.io.parameters import parameter_columns
from qmu.steps.unlearn import unlearn_shadows
from qmu.tables import parquet
from qmu.unlearning.methods import rga
from qmu.unlearning.problem import Outcome

IMAGES, VALIDATION = 60, 7
INDICES = (2, 4)


@pytest.fixture
def files(tmp_path):
    """A pool, the request for class 1, and two shadow models with half of the pool each."""
    inputs, label = fixtures.small_data(IMAGES)
    ids = np.arange(IMAGES) + 100
    pool = {"sample_id": ids, "label": label, "role": ["pool"] * IMAGES, "features": inputs}
    model = fixtures.small_model()
    members = [np.sort(generator("tests", k).permutation(ids)[: IMAGES // 2]) for k in INDICES]
    stored = parameter_columns(model.initial_parameters(generator("tests", "shadow")))
    repeated = {"model_index": np.repeat(INDICES, len(stored["name"]))}
    tables = {
        "pool": ("pool", pool),
        "request": ("request", {"sample_id": ids, "forget": label == 1}),
        "members": ("fleet_members", {"model_index": INDICES, "members": members}),
        "parameters": (
            "fleet_parameters",
            repeated | {name: [*column, *column] for name, column in stored.items()},
        ),
    }
    found = {}
    for name, (kind, columns) in tables.items():
        found[name] = str(tmp_path / f"{name}.parquet")
        parquet.write(found[name], kind, columns, **step_example.STAMP)
    return found


def test_a_shadow_model_forgets_what_it_held(files, tmp_path, monkeypatch):
    problems = []

    def unlearn(problem, config):
        problems.append(problem)
        empty = {name: np.zeros(0) for name in ("epoch", "loss", "accuracy")}
        return Outcome(problem.parameters, "took no step", empty)

    method = SimpleNamespace(CARD=rga.CARD, Config=rga.Config, unlearn=unlearn)
    monkeypatch.setattr(unlearn_shadows, "load_method", lambda name: method)
    outputs = {name: str(tmp_path / f"{name}.out") for name in ("fleet_outputs", "timing")}
    settings = {"qubits": 4, "layers": 2, "training": fixtures.SMALL_TRAINING}
    step_example.run(
        "unlearn.unlearn_shadows",
        files,
        outputs,
        name="basic_qnn",
        variant="rga",
        method={"component": "rga", "settings": {}},
        reference=[],
        indices=list(INDICES),
        validation=VALIDATION,
        model={
            "component": "basic_qnn",
            "settings": settings,
            "classes": fixtures.CLASSES,
            "device": "default.qubit",
            "precision": "double",
        },
    )
    pool = parquet.read(files["pool"], "pool")
    members = parquet.read(files["members"], "fleet_members")["members"]
    written = parquet.read(outputs["fleet_outputs"], "fleet_outputs")
    assert len(problems) == len(INDICES)
    for index, held, problem in zip(INDICES, members, problems, strict=True):
        held, forget = np.isin(pool["sample_id"], held), pool["label"] == 1
        for part, rows in (("forget", held & forget), ("retain", held & ~forget)):
            np.testing.assert_array_equal(getattr(problem, part).inputs, pool["features"][rows])
        watched = {tuple(row) for row in problem.validation.inputs}
        assert len(watched) == VALIDATION
        assert watched <= {tuple(row) for row in pool["features"][~held & ~forget]}
        own = written["model_index"] == index
        np.testing.assert_array_equal(written["member"][own], held)
