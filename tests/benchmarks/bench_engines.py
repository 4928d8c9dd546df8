"""The engines under comparison: each makes the gradient step of one training batch.

A step is the gradient, in the circuit parameters, of the mean cross-entropy of softmax(3 <Z>) over
a batch of real amplitude-embedded samples. All engines take the same circuit and the same loss.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.circuits.circuit import Circuit
from qmu.circuits.qnode import operations


@dataclass(frozen=True)
class Problem:
    """One configuration: circuit size, batch, number of models trained at once."""

    wires: int = 8
    layers: int = 5
    batch: int = 32
    fleet: int = 1

    @property
    def circuit(self) -> Circuit:
        return u3_cnot_ring.circuit(self.wires, self.layers)

    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Parameters (M, P), states (M, B, 2**n), labels (M, B); no M for a single model."""
        rng = np.random.default_rng(3)
        parameters = rng.uniform(-np.pi, np.pi, (self.fleet, self.circuit.parameters))
        states = rng.normal(size=(self.fleet, self.batch, 2**self.wires))
        states /= np.linalg.norm(states, axis=-1, keepdims=True)
        labels = rng.integers(self.wires, size=(self.fleet, self.batch))
        arrays = parameters.astype(np.float32), states.astype(np.float32), labels
        return arrays if self.fleet > 1 else tuple(array[0] for array in arrays)


@dataclass(frozen=True)
class Step:
    """A compiled gradient step, and the seconds that tracing and compiling took."""

    run: Callable[[], Any]
    compile_seconds: float


def cross_entropy(values: Any, labels: Any) -> Any:
    logits = jax.nn.log_softmax(3 * values, axis=-1)
    return -jnp.mean(jnp.take_along_axis(logits, labels[:, None], axis=1))


def fused(problem: Problem, over_models: str = "vmap") -> Step:
    """This project's fused path; a fleet runs under vmap or as a loop over models (map)."""
    from qmu.simulators.fused import engine

    function = engine.expectation_function(problem.circuit, "single")
    gradient = _gradient(function)
    if problem.fleet == 1:
        return _compiled(gradient, problem)
    if over_models == "vmap":
        return _compiled(jax.vmap(gradient), problem)
    return _compiled(lambda *data: jax.lax.map(lambda one: gradient(*one), data), problem)


def fused_double(problem: Problem) -> Step:
    """The fused path in double precision."""
    from qmu.simulators.fused import engine

    with jax.enable_x64(True):
        function = engine.expectation_function(problem.circuit, "double")
        return _compiled(_gradient(function), problem, np.float64)


def from_qnode(problem: Problem) -> Step:
    """A PennyLane function of the same gates, translated (`default_qubit` is it as it was)."""
    from qmu.circuits.qnode import quantum_function
    from qmu.simulators.own import from_qnode

    circuit = quantum_function(problem.circuit)
    values = from_qnode(lambda inputs, weights: circuit(weights, inputs), precision="single")
    return _compiled(_gradient(lambda parameters, states: values(states, parameters)), problem)


def lightning(problem: Problem) -> Step:
    """This project's lightning.qubit path: the batch in an index register."""
    from qmu.simulators.choose import expectation_function

    function = expectation_function(problem.circuit, device="lightning.qubit", precision="single")
    return _compiled(_gradient(function), problem)


def default_qubit(problem: Problem) -> Step:
    """PennyLane's default.qubit with parameter broadcasting, back-propagation, under jax.jit."""
    from qmu.simulators.pennylane import expectation_function

    function = expectation_function(problem.circuit, "default.qubit", "single")
    return _compiled(_gradient(function), problem)


def tensorcircuit(problem: Problem) -> Step:
    """TensorCircuit-NG on JAX, vmap over samples (Zhang et al. 2023, arXiv:2205.10091)."""
    import tensorcircuit as tc

    tc.set_backend("jax")
    tc.set_dtype("complex64")
    circuit = problem.circuit

    def one(parameters: Any, state: Any) -> Any:
        simulated = tc.Circuit(circuit.wires, inputs=state)
        for operation in circuit.operations:
            if operation.name == "CNOT":
                simulated.cnot(*operation.wires)
            else:
                theta, phi, delta = (parameters[angle.index] for angle in operation.angles)
                simulated.u(*operation.wires, theta=theta, phi=phi, lbd=delta)
        values = [simulated.expectation_ps(z=[wire]) for wire in circuit.measured]
        return jnp.real(jnp.stack(values))

    return _compiled(_gradient(jax.vmap(one, (None, 0))), problem)


def tape_per_sample(problem: Problem) -> Step:
    """One QNode call per sample on lightning.qubit with adjoint differentiation."""
    import pennylane as qml
    from pennylane import numpy as pnp

    circuit = problem.circuit
    parameters, states, labels = problem.data()

    @qml.qnode(qml.device("lightning.qubit", wires=circuit.wires), diff_method="adjoint")
    def node(parameters: Any, state: Any) -> Any:
        for operation in operations(circuit, parameters, state):
            qml.apply(operation)
        return [qml.expval(qml.PauliZ(wire)) for wire in circuit.measured]

    def loss(parameters: Any) -> Any:
        total = 0.0
        for state, label in zip(states.astype(np.float64), labels, strict=True):
            unit = state / np.linalg.norm(state)
            logits = 3 * pnp.stack(node(parameters, unit))
            total = total + pnp.log(pnp.sum(pnp.exp(logits))) - logits[int(label)]
        return total / len(states)

    differentiate = qml.grad(loss)
    point = pnp.array(parameters.astype(np.float64), requires_grad=True)
    return Step(lambda: differentiate(point), 0.0)


def available() -> dict[str, str]:
    """Engines that cannot run here, with the reason."""
    missing = {}
    if importlib.util.find_spec("tensorcircuit") is None:
        missing["tensorcircuit"] = "tensorcircuit-ng is not installed (pip extra 'bench')"
    if importlib.util.find_spec("qmu.simulators.lightning.register") is None:
        missing["lightning"] = "qmu.simulators.lightning.register does not exist"
    return missing


def _gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.grad(
        lambda parameters, states, labels: cross_entropy(function(parameters, states), labels)
    )


def _compiled(gradient: Callable[..., Any], problem: Problem, real: type = np.float32) -> Step:
    parameters, states, labels = problem.data()
    data = jax.device_put((parameters.astype(real), states.astype(real), labels))
    start = time.perf_counter()
    program = jax.jit(gradient).lower(*data).compile()
    seconds = time.perf_counter() - start
    return Step(lambda: jax.block_until_ready(program(*data)), seconds)
