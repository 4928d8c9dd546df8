"""Refusals before a run starts, and memory predictions against what programs really take."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.simulators import capabilities, memory
from qmu.simulators.fused import engine as fused
from qmu.simulators.statevector import engine as statevector

MEASURE = """
import sys
import numpy as np
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.simulators.lightning.register import LightningRegister

precision, batch, wires = sys.argv[1], int(sys.argv[2]), 10
circuit = u3_cnot_ring.circuit(wires, 1)
engine = LightningRegister(circuit, "lightning.qubit", precision, 2**40)
engine._derived = batch
real = np.float32 if precision == "single" else np.float64
parameters = np.ones(circuit.parameters, real)
def run(batch):
    inputs = np.full((batch, 2**wires), 2 ** (-wires / 2), real)
    weights = np.ones((batch, wires), real)
    values, states = engine.values(parameters, inputs)
    engine.parameter_gradient(parameters, inputs, weights)
    engine.input_gradient(parameters, states, weights)
run(2)
def peak():
    # Not ru_maxrss: a child inherits that from the process that started it.
    status = dict(line.split(":") for line in open("/proc/self/status"))
    return 1024 * int(status["VmHWM"].split()[0])
before = peak()
run(batch)
print(peak() - before)
"""


@pytest.mark.parametrize(
    ("device", "options", "message"),
    [
        ("lightning.qbit", {}, "did you mean 'lightning.qubit'"),
        ("aer", {}, "did you mean 'qiskit.aer'"),
        ("default.mixed", {"needs_gradients": True}, "no adjoint gradients: use it for evaluation"),
        ("qiskit.aer", {"needs_gradients": True, "shots": 100}, "no adjoint gradients"),
        ("lightning.qubit", {"shots": 100}, "leave shots out"),
        ("qiskit.aer", {"shots": 0}, "at least 1"),
        ("qiskit.remote", {}, "give it shots"),
        ("lightning.qubit", {"noise": True}, "no noise"),
        ("lightning.qubit", {"precision": "float"}, "precision must be 'single' or 'double'"),
    ],
)
def test_impossible_wishes_are_refused_in_one_line(device, options, message):
    with pytest.raises(ValueError, match=message) as raised:
        capabilities.check(device, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("device", capabilities.DEVICES)
def test_every_device_can_do_something(device):
    able = capabilities.capabilities(device)
    capabilities.check(
        device,
        needs_gradients=able.gradients,
        shots=None if able.analytic else 100,
        noise=able.noise,
    )


def test_installed_devices():
    assert capabilities.installed("lightning.qubit")
    assert capabilities.installed("default.qubit")
    assert not capabilities.installed("lightning.kokkos")
    with pytest.raises(ValueError, match="pip install pennylane pennylane-lightning-gpu"):
        capabilities.require_installed("lightning.gpu")


def test_the_config_reader_imports_nothing_heavy():
    code = (
        "import sys; from qmu.simulators import capabilities, memory;"
        "capabilities.installed('lightning.qubit'); memory.largest_batch(8, 2**30);"
        "print([m for m in ('jax', 'pennylane', 'numpy', 'pennylane_lightning') "
        "if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_default_qubit_imports_no_pennylane():
    code = (
        "import sys; from qmu.simulators.choose import expectation_function;"
        "from qmu.circuits.ansatz import angle_hybrid, u3_cnot_ring;"
        "expectation_function(u3_cnot_ring.circuit(2, 1), device='default.qubit');"
        "expectation_function(angle_hybrid.circuit(2, 1), device='default.qubit');"
        "print('pennylane' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "False", result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("precision", ["single", "double"])
def test_lightning_takes_what_is_predicted(precision):
    batch = 2**10
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, precision, str(batch)], capture_output=True, text=True
    )
    predicted = memory.predicted_bytes(10, batch, precision=precision)
    assert 0.4 * predicted < int(result.stdout) < 1.1 * predicted, result.stderr


@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("engine", [statevector, fused])
def test_the_jax_engines_take_what_is_predicted(engine, gradient):
    layers, batch = 12, 64
    circuit = u3_cnot_ring.circuit(10, layers)
    function = engine.expectation_function(circuit, "double")

    def loss(parameters, inputs):
        return jnp.sum(function(parameters, inputs))

    program = jax.grad(loss, argnums=(0, 1)) if gradient else loss
    arguments = (np.ones(circuit.parameters), np.ones((batch, 2**10)))
    analysis = jax.jit(program).lower(*arguments).compile().memory_analysis()
    taken = analysis.temp_size_in_bytes + analysis.argument_size_in_bytes
    taken += analysis.output_size_in_bytes
    predicted = memory.predicted_bytes(
        10, batch, device="default.qubit", gradient=gradient, layers=layers
    )
    assert 0.2 * predicted < taken < 1.1 * predicted


def test_largest_batch_fits_and_its_double_does_not():
    for device in ("lightning.qubit", "default.qubit", "default.mixed"):
        batch = memory.largest_batch(6, 2**28, device=device, layers=5)
        assert memory.predicted_bytes(6, batch, device=device, layers=5) <= 2**28
        assert memory.predicted_bytes(6, 2 * batch, device=device, layers=5) > 2**28


def test_memory_grows_with_what_it_must():
    base = memory.predicted_bytes(8, 32, device="default.qubit")
    assert memory.predicted_bytes(9, 32, device="default.qubit") == 2 * base
    assert memory.predicted_bytes(8, 32, device="default.qubit", fleet=16) == 16 * base
    assert memory.predicted_bytes(8, 32, device="default.qubit", precision="single") < base
    lightning = memory.predicted_bytes(8, 32)
    assert memory.predicted_bytes(8, 32, fleet=16) == lightning
    assert memory.predicted_bytes(8, 32, gradient=False) < lightning


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match=r"30 qubits .* for one sample, more than the 1 GiB"):
        memory.largest_batch(30, 2**30)
    with pytest.raises(ValueError, match="precision must be"):
        memory.predicted_bytes(4, 1, precision="half")
