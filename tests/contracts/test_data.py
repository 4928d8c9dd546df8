"""What every data set promises, whatever it holds."""

from pathlib import Path

import numpy as np
import pytest
from qmu import registry
from qmu.data.dataset import Dataset, Description, checked
from qmu.errors import QmuError
from qmu.strict import Strict

# Settings with which a data set can be described, or is small. Some need files of the user's.
SETTINGS = {
    "mnist_full": {"openml": True},
    "xxz": {"qubits": 4, "rows": 20},
    "cluster_ising": {"qubits": 4, "rows": 20},
    "table": {
        "path": str(Path(__file__).parents[1] / "examples" / "patients.csv"),
        "label": "outcome",
        "id": "patient",
        "group": "clinic",
    },
}
ELSEWHERE = {"mnist_full", "fashion_mnist", "covertype"}
OFFLINE = [name for name in registry.names("data") if name not in ELSEWHERE]
TYPES = {"image": np.uint8, "features": np.float64, "states": np.complex128}

every = pytest.mark.parametrize("name", registry.names("data"))
offline = pytest.mark.parametrize("name", OFFLINE)


def made(name):
    """The data set and settings of it."""
    module = registry.load("data", name)
    return module, module.Config(**SETTINGS.get(name, {}))


@every
def test_a_data_set_says_what_the_checks_of_a_configuration_need(name):
    module, config = made(name)
    assert issubclass(module.Config, Strict)
    assert module.Config(**config.model_dump(mode="json")) == config
    known = module.describe(config)
    assert isinstance(known, Description)
    assert known == module.describe(config)
    assert known.classes > 1
    assert known.rows > known.classes
    assert known.kind in TYPES
    assert known.width == np.prod(known.shape) > 0
    assert callable(module.load)


@every
def test_a_data_set_names_its_source(name):
    assert "Source" in registry.load("data", name).__doc__


@every
def test_a_data_set_stands_in_the_documentation(name):
    page = Path(__file__).parents[2] / "docs" / "data.md"
    assert f"\n| `{name}` |" in page.read_text(encoding="utf-8")


@offline
def test_what_is_loaded_is_what_is_promised(name):
    module, config = made(name)
    known, data = module.describe(config), module.load(config)
    assert checked(name, known, data) is data
    assert isinstance(data, Dataset)
    assert data.inputs.shape == (known.rows, known.width)
    assert data.inputs.dtype == TYPES[known.kind]
    assert data.labels.shape == data.training.shape == (known.rows,)
    assert (data.labels.dtype, data.training.dtype) == (np.int64, bool)
    assert set(data.labels.tolist()) == set(range(known.classes))
    assert np.all(data.inputs.any(axis=1))
    assert len(known.labels) in (0, known.classes)
    assert data.training.all() or known.split


@offline
def test_loading_twice_gives_the_same(name):
    module, config = made(name)
    one, other = (module.load(config) for _ in range(2))
    assert np.array_equal(one.inputs, other.inputs)
    assert np.array_equal(one.labels, other.labels)


def small(**changes):
    """Six rows of two features and three classes, as promised by `SMALL`."""
    columns = {
        "inputs": np.arange(12.0).reshape(6, 2) + 1,
        "labels": np.arange(6) % 3,
        "training": np.ones(6, bool),
    }
    return Dataset(**columns | changes)


SMALL = Description(classes=3, rows=6, kind="features", shape=(2,))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": np.arange(5) % 3}, "has 6 rows, loaded 5"),
        ({"inputs": np.ones((6, 3))}, r"promises rows of 2 numbers, loaded an array of shape \(6"),
        ({"labels": np.array([0, 1, 2, 3, 0, 1])}, "row 3 has label 3, outside 0 to 2"),
        ({"labels": np.array([0, -1, 2, 0, 0, 1])}, "row 1 has label -1, outside 0 to 2"),
        ({"inputs": np.where(np.eye(6, 2), np.nan, 1.0)}, "row 0 holds no finite number"),
        ({"inputs": np.where(np.arange(12).reshape(6, 2) == 9, np.inf, 1.0)}, "row 4 holds no"),
    ],
)
def test_what_breaks_a_promise_is_named_by_set_and_row(changes, words):
    with pytest.raises(QmuError, match=words) as caught:
        checked("small", SMALL, small(**changes))
    assert str(caught.value).startswith("dataset: small")


NAMED = Description(3, 6, "features", (2,), ids=True, groups=("site",))


def named(**changes):
    names = {"ids": np.arange(6), "groups": {"site": np.array(list("aabbcc"))}}
    return small(**names | changes)


def test_names_of_rows_are_kept():
    assert checked("small", NAMED, named()).groups["site"].tolist() == list("aabbcc")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ids": None}, r"promises ids: True and groups \['site'\], loaded False"),
        ({"groups": {}}, r"loaded True and \[\]"),
        ({"groups": {"client": np.arange(6)}}, r"loaded True and \['client'\]"),
        ({"groups": {"site": np.arange(5)}}, "site names 5 of the rows"),
        ({"ids": np.arange(7)}, "id names 7 of the rows"),
        ({"ids": np.array([5, 1, 2, 3, 1, 5])}, "rows 1 and 4 both have the id '1'"),
        ({"ids": np.array(list("abcdea"), object)}, "rows 0 and 5 both have the id 'a'"),
    ],
)
def test_names_that_break_a_promise(changes, words):
    with pytest.raises(QmuError, match=words):
        checked("small", NAMED, named(**changes))


def test_amplitudes_are_checked_in_both_parts():
    promised = Description(classes=3, rows=6, kind="states", shape=(2,))
    inputs = np.ones((6, 2), complex)
    assert checked("small", promised, small(inputs=inputs)).inputs is inputs
    inputs[2, 1] = complex(1.0, np.inf)
    with pytest.raises(QmuError, match="row 2 holds no finite number"):
        checked("small", promised, small(inputs=inputs))
