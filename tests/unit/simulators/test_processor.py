"""Lightning's compiled operations give the bits of PennyLane's device, or give way to it."""

import subprocess
import sys

import numpy as np
import pytest
from qmu.circuits.circuit import Operation, Parameter
from qmu.circuits.gates import ONE_ANGLE, SELF_INVERSE
from qmu.simulators.lightning import processor as processors
from qmu.simulators.lightning.device import Device
from qmu.simulators.lightning.gates import BoundGates
from qmu.simulators.lightning.processor import Compiled, processor

WIRES = 4


@pytest.fixture(autouse=True)
def asked_anew():
    processors.compiled_is_known.cache_clear()
    yield
    processors.compiled_is_known.cache_clear()


def gates(rng, merge):
    """Every gate that the engines know, in random places, each angle a parameter."""
    operations, count = [], 0
    for name in sorted(SELF_INVERSE | ONE_ANGLE | {"U3", "Rot"}) * 2:
        single = name in ("PauliX", "PauliY", "PauliZ", "Hadamard", "RX", "RY", "RZ", "PhaseShift")
        arity = 1 if single or name in ("U3", "Rot") else 2
        angles = 3 if name in ("U3", "Rot") else int(name in ONE_ANGLE)
        wires = tuple(rng.permutation(WIRES)[:arity].tolist())
        operations.append(
            Operation(name, wires, tuple(Parameter(count + step) for step in range(angles)))
        )
        count += angles
    bound = BoundGates(operations, merge=merge)
    return bound, bound.bind(rng.normal(size=count))(0)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("prepared", [True, False])
def test_the_bits_are_those_of_the_device(rng, dtype, prepared):
    start = None
    if prepared:
        # Of any norm: the register holds a batch of unit vectors.
        start = (rng.normal(size=2**WIRES) + 1j * rng.normal(size=2**WIRES)).astype(dtype)
    direct, device = Compiled(dtype), Device("lightning.qubit", dtype)
    for _ in range(2):  # The second call uses the first's state vector again.
        _, merged = gates(rng, merge=True)
        states = [one.state(WIRES, start, merged) for one in (direct, device)]
        assert states[0].dtype == states[1].dtype == dtype
        np.testing.assert_array_equal(*states)
        bound, placed = gates(rng, merge=False)
        diagonal = rng.normal(size=2**WIRES).astype(dtype(0).real.dtype)
        arguments = (WIRES, start, placed, diagonal, bound.trainable)
        derivatives = [one.derivatives(*arguments) for one in (direct, device)]
        assert derivatives[0].shape == (len(bound.trainable),)
        np.testing.assert_array_equal(*derivatives)


def test_some_of_the_angles(rng):
    bound, placed = gates(rng, merge=False)
    diagonal, some = rng.normal(size=2**WIRES), bound.trainable[3::4]
    whole = Compiled(np.complex128).derivatives(WIRES, None, placed, diagonal, bound.trainable)
    for one in (Compiled(np.complex128), Device("lightning.qubit", np.complex128)):
        part = one.derivatives(WIRES, None, placed, diagonal, some)
        np.testing.assert_array_equal(part, whole[3::4])


def test_the_compiled_module_is_used_where_it_is_known():
    assert isinstance(processor("lightning.qubit", np.complex64), Compiled)


def misses_a_class(monkeypatch):
    monkeypatch.setattr(processors, "COMPILED", "math")
    return "AttributeError: module 'math' has no attribute 'StateVectorC128'"


def is_missing(monkeypatch):
    monkeypatch.setattr(processors, "COMPILED", "no_such_module")
    return "ModuleNotFoundError: No module named 'no_such_module'"


def takes_other_arguments(monkeypatch):
    def refuse(*_):
        raise TypeError("state(): incompatible\n  function arguments")

    monkeypatch.setattr(Compiled, "state", refuse)
    return "TypeError: state\\(\\): incompatible function arguments"


def answers_otherwise(monkeypatch):
    original = Compiled.derivatives
    monkeypatch.setattr(Compiled, "derivatives", lambda *arguments: -original(*arguments))
    return "another derivative"


@pytest.mark.parametrize(
    "change", [misses_a_class, is_missing, takes_other_arguments, answers_otherwise]
)
def test_an_unknown_module_gives_way_to_the_device(monkeypatch, change):
    message = change(monkeypatch)
    with pytest.warns(UserWarning, match=message):
        assert isinstance(processor("lightning.qubit", np.complex128), Device)


TRAINED = """
import sys
import numpy as np
from qmu.models import model, training

for name in ("basic_qnn", "hqnn"):
    built = model.build(name, {"training": {"epochs": 1}}, 2, "lightning.qubit", "double")
    rng = np.random.default_rng(0)
    parameters = built.initial_parameters(rng)
    pool = {"features": rng.normal(size=(64, 256)), "image": rng.normal(size=(64, 784))}
    training.train(
        built, parameters, built.inputs(pool), np.zeros(64, int), np.arange(64), ("a",), print
    )
print(sorted({"pennylane", "scipy", "sklearn"} & set(sys.modules)))
"""


def test_training_imports_neither_pennylane_nor_scipy():
    ran = subprocess.run(
        [sys.executable, "-c", TRAINED], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"
