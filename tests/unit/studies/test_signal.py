"""What a backend leaves of a model's signal: the choices, the step, the figure."""

from __future__ import annotations

import numpy as np
import pytest
import report_example
import step_example
from fixtures import small_config
from qmu.config.parse import parse
from qmu.data.splits import scattered_order
from qmu.errors import ConfigError, QmuError
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.plan import studies
from qmu.report.drawing import theme
from qmu.report.evidence import signal as signal_evidence
from qmu.report.figures import signal as fig_signal
from qmu.seeds import generator
from qmu.steps.io.parameters import parameter_columns
from qmu.studies import signal as hardware_signal
from qmu.tables import parquet as tables

CLASSES, FEATURES, IMAGES, SHOWN = 3, 16, 150, 20
TRAINING = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 8, "epochs": 1, "loss": "ce"}
MODEL = {
    "component": "basic_qnn",
    "settings": {"qubits": 4, "layers": 1, "training": TRAINING},
    "classes": CLASSES,
    "device": "default.qubit",
    "precision": "double",
}
FAST = {"backend": "fake_manila", "images": SHOWN, "layers": [1, 2], "transpiler_seeds": 1}


def written(folder, validation=True):
    """Pool, samples and parameters of one seed, and the exact accuracy on the shown images."""
    rng = generator("tests", "signal")
    label = rng.integers(0, CLASSES, IMAGES)
    part = np.where(np.arange(IMAGES) % 2, "test", "validation" if validation else "train")
    split = np.array([f"{'forget' if x == 1 else 'retain'}_{p}" for x, p in zip(label, part)])  # noqa: B905
    samples = {"sample_id": np.arange(IMAGES), "label": label, "split": split}
    samples["forget"] = label == 1
    pool = {
        "sample_id": np.arange(IMAGES),
        "label": label,
        "role": ["pool"] * IMAGES,
        "image": np.zeros((IMAGES, 4), np.uint8),
        "features": rng.normal(size=(IMAGES, FEATURES)) + label[:, None],
    }
    model = models.build(**MODEL)
    parameters = model.initial_parameters(rng)
    columns = {"pool": pool, "samples": samples, "parameters": parameter_columns(parameters)}
    for kind, values in columns.items():
        tables.write(folder / f"{kind}.parquet", kind, values, **step_example.STAMP)
    order = scattered_order(np.arange(IMAGES))
    shown = order[part[order] == "test"][:SHOWN]
    logits = evaluate(model, parameters, pool["features"][shown])["logits"]
    accuracy = float(np.mean(logits.argmax(axis=1) == label[shown]))
    return {kind: str(folder / f"{kind}.parquet") for kind in columns}, accuracy


def run(files, path, **setting):
    spec = {
        "name": "basic_qnn",
        "seed": 0,
        "signal": hardware_signal.Config(**FAST | setting).model_dump(mode="json"),
        "model": MODEL,
    }
    lines = step_example.run("studies.signal", files, {"signal": str(path)}, **spec)
    return tables.read(path, "signal", experiment=step_example.EXPERIMENT), lines


def test_a_row_for_every_embedding(tmp_path):
    files, accuracy = written(tmp_path)
    table, lines = run(files, tmp_path / "signal.parquet", shots=1_000_000)
    assert list(table["embedding"]) == ["mps", "mps", "mps", "tree"]
    assert list(table["layers"][:2]) == [1, 2]
    assert [value == 0.05 for value in table["max_infidelity"]] == [False, False, True, False]
    assert set(table["samples"]) == {SHOWN}
    np.testing.assert_allclose(table["accuracy_ideal"], accuracy)
    assert table["fidelity_min"][3] == 1 == table["fidelity_mean"][3]
    assert table["fidelity_mean"][0] < 0.99 < table["fidelity_mean"][1]
    np.testing.assert_allclose(table["shots_factor"], 1 / np.array(table["slope"]) ** 2)
    assert np.all((np.array(table["slope"]) > 0.1) & (np.array(table["slope"]) < 1))
    # A million shots are nearly exact values; an embedding without error changes nothing.
    np.testing.assert_allclose(table["accuracy_sampled"], table["accuracy_corrected"], atol=0.06)
    assert table["accuracy_embedded"][3] == table["accuracy_ideal"][3]
    assert table["accuracy_corrected"][3] >= table["accuracy_ideal"][3] - 0.1
    assert len(lines) == 5
    again, _ = run(files, tmp_path / "again.parquet", shots=1_000_000)
    assert list(again["accuracy_sampled"]) == list(table["accuracy_sampled"])
    figure = fig_signal.draw(report_example.evidence(tables={"signal": [table]}))
    assert not theme.is_empty(figure)


def test_an_embedding_that_serves_nobody_is_left_out(tmp_path, monkeypatch):
    files, _ = written(tmp_path)
    prepare = hardware_signal.prepare

    def hopeless(*arguments):
        if arguments[-1].embedding == "mps":
            raise QmuError("max_infidelity: 3 of 20 samples miss 0")
        return prepare(*arguments)

    monkeypatch.setattr(hardware_signal, "prepare", hopeless)
    path = tmp_path / "signal.parquet"
    table, lines = run(files, path, layers=[], max_infidelity=0.0)
    assert list(table["embedding"]) == ["tree"]
    assert any("mps within 0: left out, max_infidelity" in line for line in lines)
    with pytest.raises(QmuError, match="signal: no embedding serves basic_qnn"):
        run(files, tmp_path / "none.parquet", layers=[], max_infidelity=0.0, tree=False)
    assert not (tmp_path / "none.parquet").exists()


def test_a_correction_needs_validation_images(tmp_path):
    files, _ = written(tmp_path, validation=False)
    with pytest.raises(QmuError, match="20 test and 0 retained validation images"):
        run(files, tmp_path / "signal.parquet")


def test_the_figure_shows_each_embedding_once_and_skips_what_was_not_simulated():
    row = {
        **{"model": "hqnn", "seed": 0, "backend": "fake_torino", "embedding": "mps", "layers": 2},
        **{"max_infidelity": None, "compact": True, "samples": 64, "two_qubit_gates": 180},
        **{"product_of_fidelities": 0.4, "fidelity_mean": 0.9, "fidelity_min": 0.8, "slope": 0.2},
        **{"correlation": 0.9, "shots_factor": 25.0, "shots": 4096, "accuracy_ideal": 0.9},
        **{"accuracy_embedded": 0.9, "accuracy_noisy": 0.5, "accuracy_corrected": 0.8},
        **{"accuracy_sampled": 0.7, "agreement": 0.5},
    }
    rows = [row, row | {"max_infidelity": 0.05}, row | {"layers": 4, "slope": float("nan")}]
    table = {name: [one[name] for one in rows] for name in row}
    found = signal_evidence.index([table])["hqnn"]
    assert [one.label for one in fig_signal._distinct(found)] == ["2*", "4"]
    assert found[2].slope is None
    figure = fig_signal.draw(report_example.evidence(tables={"signal": [table]}))
    axes = [ax for part in figure.subfigs for ax in part.axes]
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["180\n2*"]
    assert theme.is_empty(fig_signal.draw(report_example.evidence()))


def test_the_choices_are_ordered_and_only_the_search_asks_for_fidelity():
    choices = hardware_signal.Config(layers=(4, 1)).choices()
    assert [(c.embedding, c.layers) for c in choices] == [
        *(("mps", 1), ("mps", 4), ("mps", None), ("tree", None))
    ]
    assert [c.max_infidelity for c in choices[:3]] == [1.0, 1.0, 0.05]
    assert all(choice.compact for choice in choices)


REFUSED = [
    (3, "signal: must be a mapping"),
    ({"backend": "ibm_torino"}, "signal.backend: must be a name of the form"),
    ({"layers": [1, 1]}, "signal: layers: a value stands there twice"),
    ({"layers": [0]}, "signal.layers.0: must be greater than or equal to 1"),
    ({"image": 3}, "signal.image: unknown key 'image'. Did you mean"),
    ({"layers": [], "tree": False, "max_infidelity": None}, "at least one embedding is needed"),
]


@pytest.mark.parametrize(("section", "words"), REFUSED)
def test_a_wrong_section_is_refused(section, words):
    with pytest.raises(ConfigError) as caught:
        parse(small_config() | {"signal": section})
    assert words in str(caught.value)


def test_no_section_no_signal():
    assert parse(small_config()).signal is None
    experiment = parse(small_config() | {"signal": {}})
    assert experiment.signal == hardware_signal.Config()
    spec = studies.signal(experiment, next(iter(experiment.models)))
    assert spec.signal["images"] == 64
    assert spec.seed == experiment.common.seeds[0]
