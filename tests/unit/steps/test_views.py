"""What fleets write of their models comes back as what attackers see; <Z> of circuits only."""

from types import SimpleNamespace

import numpy as np
import pytest
from qmu.steps.io.views import read_blocks, view_of
from qmu.steps.train.fleet import output_columns
from qmu.tables import parquet

IDS = np.array([5, 3, 9])


def _write(path, circuit, indices, rng):
    pool = {"sample_id": IDS, "label": np.array([0, 1, 1])}
    answers = [
        {"logits": rng.normal(size=(3, 2)), "expectation_values": rng.normal(size=(3, 4))}
        for _ in indices
    ]
    member = [rng.random(3) < 0.5 for _ in indices]
    model = SimpleNamespace(circuit=circuit)
    columns = output_columns(model, indices, pool, member, answers)
    parquet.write(path, "fleet_outputs", columns, experiment="test", code_digest="0")
    return answers, member


@pytest.mark.parametrize("circuit", [None, object()], ids=["classical", "quantum"])
def test_blocks_come_back_model_by_model(tmp_path, rng, circuit):
    files = [str(tmp_path / f"{k}.parquet") for k in range(2)]
    answers, member = [], []
    for k, file in enumerate(files):
        found = _write(file, circuit, [2 * k, 2 * k + 1], rng)
        answers += found[0]
        member += found[1]
    fleet = read_blocks(files[::-1], "test", "ce", (0, 1, 3))
    kept = (0, 1, 3)
    np.testing.assert_array_equal(fleet.sample_id, IDS)
    np.testing.assert_array_equal(fleet.member, [member[k] for k in kept])
    np.testing.assert_allclose(fleet.logits, [answers[k]["logits"] for k in kept], rtol=1e-6)
    if circuit is None:
        assert fleet.expectation_values is None
    else:
        wanted = [answers[k]["expectation_values"] for k in kept]
        np.testing.assert_allclose(fleet.expectation_values, wanted, rtol=1e-6)


@pytest.mark.parametrize("measured", [False, True])
def test_a_view_holds_what_was_measured_where_the_table_does(measured):
    outputs = {
        "sample_id": IDS,
        "label": np.array([0, 1, 1]),
        "split": np.array(["retain_train", "forget_train", "forget_test"], dtype=object),
        "forget": np.array([False, True, True]),
        "logits": np.zeros((3, 2)),
    }
    values = np.ones((3, 4))
    view = view_of(outputs | ({"expectation_values": values} if measured else {}), "ce")
    np.testing.assert_array_equal(view.member, [True, True, False])
    assert view.expectation_values is (values if measured else None)
