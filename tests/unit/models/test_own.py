"""A model that a user wrote in a file of their own."""

from pathlib import Path

import jax
import numpy as np
import pytest
import yaml
from qmu.config.parse import parse
from qmu.errors import ConfigError
from qmu.models import model as models
from qmu.models import training
from qmu.models.kinds import qnode
from qmu.plan import digest, train
from qmu.plan.reasons import differences
from qmu.seeds import generator

ROOT = Path(__file__).parents[3]
TINY = yaml.safe_load((ROOT / "experiments" / "tiny.yaml").read_text())
EXAMPLE = ROOT / "experiments" / "own_model.py"
RECIPE = {"batch_size": 20, "epochs": 3}

HEAD = "import jax.numpy as jnp\nimport pennylane as qml\n"
SIZES = 'input_size = 3\nweight_shapes = {"w": (3,)}\n'
CIRCUIT = """
def circuit(inputs, w):
    qml.AngleEmbedding(inputs, wires=range(3))
    qml.BasicEntanglerLayers(w[None], wires=range(3))
    return [qml.expval(qml.PauliZ(0)), qml.expval(qml.PauliZ(2))]
"""
PLAIN = HEAD + SIZES + CIRCUIT
MIDDLE = HEAD + SIZES + CIRCUIT.replace("    return", "    qml.measure(1)\n    return")


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes a user's file and gives its path."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="mine.py"):
        Path(name).write_text(text)
        return name

    return write


def experiment(file, components=3, **more):
    """The tiny experiment with this model beside its own."""
    features = TINY["features"] | {"components": components}
    mine = {"model": "qnode", "file": file, "training": RECIPE}
    ours = TINY["models"]["basic_qnn"]
    attacks, audit = {"gap": {}}, {}
    changed = {"features": features, "models": {"mine": mine, "basic_qnn": ours}}
    return parse(TINY | changed | {"attacks": attacks, "quality": {}, "audit": audit} | more)


def refused(file, **options):
    with pytest.raises(ConfigError) as caught:
        experiment(file, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_file_is_named_in_the_configuration_and_its_running_is_said(written, capsys):
    file = written(PLAIN)
    found = experiment(file)
    assert "runs the code of mine.py" in capsys.readouterr().err
    assert found.circuits["mine"].wires == 3
    assert found.circuits["mine"].parameters == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def circuit(:", "file: mine.py, line 1: "),
        (HEAD + "\nx = 1 / 0\n", "file: mine.py, line 4: ZeroDivisionError: division by zero"),
        (HEAD + SIZES, "file: mine.py: must define circuit, a function of inputs and weights"),
        (PLAIN.replace("(inputs, w)", "(inputs)"), "mine.py: circuit(inputs): must be circuit("),
        (HEAD + CIRCUIT, "mine.py: must define input_size"),
        (PLAIN.replace('"w"', '"v"'), "mine.py: must define weight_shapes, .*{'w': (...)}"),
        (PLAIN.replace("(3,)}", "(2.5,)}"), "weight_shapes: 'w' must be a tuple of whole numbers"),
        (PLAIN.replace("w[None]", "w"), "mine.py: circuit: PennyLane cannot execute it: "),
        (PLAIN + "\nbefore = 3\n", "mine.py: before: must be a function, found int"),
        (PLAIN.replace("= 3\n", "= 5\n"), "cannot execute it"),
    ],
)
def test_what_is_wrong_with_the_file_is_one_line(written, text, expected):
    message = refused(written(text))
    assert message.startswith("models.mine.file: ")
    for part in expected.split(".*"):
        assert part in message


BEFORE = "\ndef before(parameters, inputs):\n    return inputs{}\n"
AFTER = '\ndef after(parameters, values):\n    return values @ parameters["{}"]\n'
START = "\ndef initial_parameters(rng, width, classes):\n    return {}\n"
FULL = '{"head/a": rng.normal(size=(2, classes))}'


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (BEFORE.format("[:, :2]"), "before: must give shape (2, 3), found (2, 2)"),
        (BEFORE.format(" @ parameters['a']"), "line 12: before: KeyError: 'a'"),
        (AFTER.format("head/a"), "line 12: after: KeyError: 'head/a'"),
        (
            AFTER.format("head/a") + START.format('{"head/a": rng.normal(size=(2, 7))}'),
            "after: must give shape (2, 10), found (2, 7)",
        ),
        # Parameters of `after` are the head's.
        (AFTER.format("a") + START.format(FULL.replace("head/", "")), "after: KeyError: 'a'"),
        (START.format('{"w": rng.normal(size=4)}'), "initial_parameters: w: must give shape (3,)"),
        (START.format("[1, 2]"), "initial_parameters: must return a dict of arrays"),
    ],
)
def test_functions_that_do_not_lead_to_the_classes_are_one_line(written, more, expected):
    message = refused(written(PLAIN + more))
    assert message.startswith("models.mine.file: mine.py")
    assert expected in message


def test_rows_of_another_size_and_a_missing_file(written):
    written(PLAIN)
    message = refused("mine.py", components=4)
    assert "input_size = 3 numbers and a row has 4; choose another features.components" in message
    assert refused("none.py") == "models.mine.file: none.py: No such file or directory"


def test_what_has_no_circuit_is_a_model_without_one_and_says_why(written, capsys):
    found = experiment(written(MIDDLE))
    assert (
        "mine.py: runs on default.qubit and not on an engine, for it measures in mid-circuit"
        in capsys.readouterr().err
    )
    assert "mine" not in found.circuits
    model = built(found)
    rng = generator("own")
    parameters = model.initial_parameters(rng)
    assert {name: value.shape for name, value in parameters.items()} == {
        "weights": (3,),
        "head/weight": (2, 10),
        "head/bias": (10,),
    }
    rows, labels = model.inputs({"features": rng.normal(size=(4, 3))}), np.arange(4)
    gradient = jax.jit(jax.grad(model.mean_loss))(parameters, rows, labels)
    assert all(np.any(value != 0) for value in gradient.values())


def built(found, name="mine", precision="double"):
    entry = found.models[name]
    width = found.width(name)
    return models.build(entry.component, entry.settings, 10, "default.qubit", precision, width)


def test_with_and_without_an_engine_a_model_is_the_same(written):
    """The same circuit, once with a measurement that nothing depends on."""
    rng = generator("own")
    rows = {"features": rng.normal(size=(5, 3))}
    logits = []
    for name, text in (("a.py", PLAIN), ("b.py", MIDDLE)):
        model = built(experiment(written(text, name)))
        parameters = model.initial_parameters(generator("start"))
        logits.append(jax.jit(model.logits)(parameters, model.inputs(rows)))
    np.testing.assert_allclose(*logits, atol=1e-10)


def test_an_edit_of_the_file_runs_its_jobs_again_and_no_others(written):
    def specs():
        digest._read.cache_clear()
        found = experiment("mine.py")
        return [train.train(found, m, 0, "target").plain() for m in ("mine", "basic_qnn")]

    written(PLAIN)
    before = specs()
    written(PLAIN.replace("PauliZ(2)", "PauliZ(1)"))
    after = specs()
    assert differences(before[0], after[0]) == ["code changed: mine.py"]
    assert before[1] == after[1]
    written(PLAIN.replace("def circuit", "# a comment\ndef circuit"))
    assert specs() == before


def test_a_model_of_ones_own_learns(monkeypatch):
    """Three classes of points on six features, far above chance, in a few epochs."""
    monkeypatch.chdir(ROOT)
    settings = qnode.Config(
        file=str(EXAMPLE.relative_to(ROOT)),
        training={"optimizer": "adam", "learning_rate": 0.05, "batch_size": 20, "epochs": 6},
    )
    model = models.build("qnode", settings.model_dump(), 3, "default.qubit", "single", 6)
    rng = generator("own", "points")
    label = np.arange(120) % 3
    rows = (2 * np.eye(3, 6)[label] + 0.4 * rng.normal(size=(120, 6))).astype(model.dtype)
    names = (0, "target", "mine", 0)
    start = model.initial_parameters(generator(*names))
    assert set(start) == {"circuit", "weights", "encoder/weight", "head/weight", "head/bias"}
    found, _ = training.train(
        model, start, rows, label, np.arange(120), names, report=lambda line: None
    )
    hits = np.argmax(jax.jit(model.logits)(found, rows), axis=1) == label
    assert hits.mean() > 0.8
    assert all(np.any(found[name] != start[name]) for name in start)
