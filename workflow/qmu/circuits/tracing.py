"""A quantum function that a PennyLane user wrote, translated once into a `Circuit`.

The function is recorded with JAX's tracers for inputs and weights, so its gates cannot depend on
their values, and the derivatives of every angle say what the angle is made of: a constant, a weight
or an input by scale and shift, sums of these (one gate each), a product of two inputs. Any other
function of inputs and weights is computed beside the circuit and enters as a further feature. What
comes out is compared with PennyLane's own execution at random points.

PennyLane: Bergholm et al. 2018 (arXiv:1811.04968).
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmu.errors import QmuError
from qmu.lazy import jax, jnp

from .angles import depends_on_inputs
from .circuit import Angle, Circuit, Feature, FeatureProduct, Operation, Parameter
from .gates import SUPPORTED, THREE_ANGLES
from .qnode import quantum_function

# Where derivatives are taken and values compared, and where values alone are.
POINTS, FURTHER = 3, 3
AGREEMENT = 1e-10
LARGEST_JACOBIAN = 2**26
_ZERO = 1e-12
# States of the basis are prepared by gates.
_BASIS = ("BasisState", "BasisEmbedding")
_NO_GATE = frozenset({"Identity", "GlobalPhase", "Barrier", "Snapshot", "WireCut"})
_BY_CASES = frozenset(
    {
        *("select_n", "max", "min", "clamp", "sign", "abs", "floor", "ceil", "round", "rem"),
        *("lt", "le", "gt", "ge", "eq", "ne", "is_finite", "convert_element_type", "cond", "while"),
        *("reduce_max", "reduce_min", "argmax", "argmin", "sort", "cummax", "cummin"),
    }
)
_MEASURED = frozenset({"MidMeasureMP", "MidMeasure", "Conditional", "PauliMeasure"})


class Untranslatable(Exception):
    """The function has no `Circuit`; the text says why in a few words."""


@dataclass(frozen=True)
class Function:
    """A quantum function or ``qml.QNode`` with one argument of inputs and others of weights.

    ``shapes``: the shape of every weight argument, in the order of the signature. All weights in a
    row are the vector theta (P,), one row of inputs is x (``width``,).
    """

    function: Any
    inputs: str
    shapes: Mapping[str, tuple[int, ...]]
    width: int

    @property
    def weights(self) -> int:
        """P, the number of all weights."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def arguments(self, theta: Any, x: Any) -> dict[str, Any]:
        """The function's arguments by name."""
        found, first = {self.inputs: x}, 0
        for name, shape in self.shapes.items():
            size = int(np.prod(shape))
            found[name] = theta[first : first + size].reshape(shape)
            first += size
        return found

    def native(self, interface: str | None, **options: Any) -> Any:
        """The function as a node on PennyLane's own ``default.qubit``, exact."""
        import pennylane as qml

        device = qml.device("default.qubit")
        if isinstance(self.function, qml.QNode):
            return qml.set_shots(
                self.function.update(device=device, interface=interface, **options), None
            )
        return qml.QNode(self.function, device, interface=interface, **options)


@dataclass(frozen=True)
class Translation:
    """A circuit whose parameter i is theta[``trained``[i]].

    ``embed(theta (P,), x (width,))`` gives what the circuit takes in, (circuit.input_size,), and
    reads none of those weights; None where that is x itself.
    """

    circuit: Circuit
    trained: np.ndarray
    embed: Callable[[Any, Any], Any] | None


def arguments(function: Any) -> tuple[str, list[str]]:
    """``(inputs, weights)``: names of the arguments of a quantum function. The inputs are called so
    or come first; arguments with a default value keep it. QmuError where there are none."""
    signature = inspect.signature(getattr(function, "func", function))
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = [p for p in signature.parameters.values() if p.default is inspect.Parameter.empty]
    names = [p.name for p in found if p.kind in kinds]
    if len(names) < 2 or len(names) < len(found):
        raise QmuError(
            f"circuit{signature}: must be circuit(inputs, weights), inputs and one or more "
            "arguments of weights"
        )
    inputs = "inputs" if "inputs" in names else names[0]
    return inputs, [name for name in names if name != inputs]


def translate(function: Function) -> Translation:
    """The circuit of a function, checked against it.

    Raises Untranslatable where it has none, QmuError where PennyLane cannot execute the function or
    it does not compute with JAX arrays.
    """
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        points = [_point(function, rng) for _ in range(POINTS + FURTHER)]
        expected = [executed(function, *point) for point in points]
        recording = _Recording(function)
        values = recording.look(points[:POINTS])
        translation = _translation(function, recording, points[:POINTS], *values)
        for point, values in zip(points, expected, strict=True):
            _compare(translation, *point, values)
        return translation


def measured(function: Function) -> int:
    """K, the values that a function measures; QmuError where PennyLane cannot execute it."""
    return len(executed(function, *_point(function, np.random.default_rng(0))))


def executed(function: Function, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What PennyLane measures, (K,) float64; QmuError where it cannot."""
    try:
        answer = function.native(None, diff_method=None)(**function.arguments(theta, x))
        values = np.array(answer, np.float64).reshape(-1)
    except Exception as error:
        raise QmuError(f"circuit: PennyLane cannot execute it: {_told(error)}") from error
    if not len(values):
        raise QmuError("circuit: must return expectation values, found nothing")
    return values


def _told(error: BaseException) -> str:
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text}"


def _point(function: Function, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Random weights and a unit vector of inputs, which may be amplitudes."""
    x = rng.normal(size=function.width)
    return rng.uniform(-np.pi, np.pi, function.weights), x / np.linalg.norm(x)


@dataclass(frozen=True)
class _Gate:
    name: str
    wires: tuple[int, ...]
    angles: slice


class _Recording:
    """The function's gates, and its angles and prepared state as functions of theta and x."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.gates: list[_Gate] = []
        self.measured: tuple[int, ...] = ()
        self.wires = 0
        self.prepares = False
        self._record = recorder(function)
        size = jax.ShapeDtypeStruct((function.weights,), np.float64)
        row = jax.ShapeDtypeStruct((function.width,), np.float64)
        try:
            traced = jax.make_jaxpr(lambda *point: self._traced(*point)[0])(size, row)
        except (Untranslatable, QmuError):
            raise
        except Exception as error:
            raise QmuError(
                "circuit: must compute with JAX arrays, whose values are unknown while it is "
                f"recorded (use jax.numpy, no NumPy and no `if`): {_told(error)}"
            ) from error
        # Angles whose derivatives at a few points say nothing of others.
        self.branching = np.array([_branches(traced.jaxpr, v) for v in traced.jaxpr.outvars], bool)

    def _traced(self, theta: Any, x: Any) -> tuple[list[Any], Any]:
        """The A angles, and the prepared state (2**wires,), of length 0 where there is none."""
        tape = self._record(theta, x)
        order = _ordered(tape.wires)
        self.wires = len(order)
        place = {wire: number for number, wire in enumerate(order)}
        applied, self.measured, last = list(tape.operations), *_measured(tape, place)
        state = jnp.zeros(0)
        if applied and hasattr(applied[0], "state_vector") and applied[0].name not in _BASIS:
            state = jnp.ravel(applied.pop(0).state_vector(wire_order=order))
        self.prepares = bool(state.size)
        self.gates, angles = [], []
        for gate in (inner for one in [*applied, *last] for inner in _decomposed(one)):
            self.gates.append(
                _Gate(
                    gate.name,
                    tuple(place[wire] for wire in gate.wires),
                    slice(len(angles), len(angles) + len(gate.data)),
                )
            )
            angles += [jnp.asarray(angle, float) for angle in gate.data]
        if any(angle.ndim for angle in angles):
            raise Untranslatable("a gate has several angles at once")
        return angles, state

    def angles(self, theta: Any, x: Any) -> Any:
        angles = self._traced(theta, x)[0]
        return jnp.stack(angles) if angles else jnp.zeros(0)

    def state(self, theta: Any, x: Any) -> Any:
        return self._traced(theta, x)[1]

    def look(self, points: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, ...]:
        """At each point: the angles (A,), their derivatives by theta (A, P) and by x (A, d)."""
        function = self.function
        count = self.gates[-1].angles.stop if self.gates else 0
        if count * (function.weights + function.width) > LARGEST_JACOBIAN:
            raise Untranslatable("it has too many angles and weights")
        slopes = jax.jit(jax.jacfwd(self.angles, argnums=(0, 1)))
        values = jax.jit(self.angles)
        found = [(values(*point), *slopes(*point)) for point in points]
        return tuple(np.stack(rows) for rows in zip(*found, strict=True))


def _branches(jaxpr: Any, wanted: Any) -> bool:
    """Whether a value is made by cases of the arguments, as clipping and rounding are."""
    needed, kept = {id(wanted)}, []
    for equation in reversed(jaxpr.eqns):
        if any(id(v) in needed for v in equation.outvars):
            kept.append(equation)
            needed |= {id(v) for v in equation.invars}
    depends = {id(v) for v in jaxpr.invars}
    for equation in reversed(kept):
        if any(id(v) in depends for v in equation.invars):
            depends |= {id(v) for v in equation.outvars}
            inner = [getattr(v, "jaxpr", v) for v in equation.params.values()]
            inner = [v for v in inner if hasattr(v, "eqns")]
            if equation.primitive.name in _BY_CASES:
                return True
            if any(_branches(one, v) for one in inner for v in one.outvars):
                return True
    return False


def recorder(function: Function) -> Callable[[Any, Any], Any]:
    """``f(theta, x) -> tape``, behind the user's own transforms."""
    import pennylane as qml

    node = function.function
    if isinstance(node, qml.QNode) and len(node.compile_pipeline):
        tape = qml.workflow.construct_tape(node, level="user")
    else:
        tape = qml.tape.make_qscript(getattr(node, "func", node))

    def record(theta: Any, x: Any) -> Any:
        try:
            return tape(**function.arguments(theta, x))
        except ValueError as error:
            if "batch" in str(error):
                raise Untranslatable("its transforms make several circuits of it") from error
            raise

    return record


def _ordered(wires: Any) -> list[Any]:
    labels = list(wires)
    return sorted(labels) if all(isinstance(label, int) for label in labels) else labels


def _measured(tape: Any, place: Mapping[Any, int]) -> tuple[tuple[int, ...], list[Any]]:
    """Wires of the measured Paulis, and the gates that turn each into Pauli-Z."""
    turned: dict[Any, str] = {}
    wires, last = [], []
    for measurement in tape.measurements:
        observable = measurement.obs
        if type(measurement).__name__ != "ExpectationMP" or observable is None:
            raise Untranslatable("it measures something else than expectation values")
        if observable.name not in ("PauliX", "PauliY", "PauliZ"):
            raise Untranslatable("it measures something else than single Pauli operators")
        wire = observable.wires[0]
        if turned.setdefault(wire, observable.name) != observable.name:
            raise Untranslatable(f"it measures two directions of wire {wire}")
        if place[wire] not in wires:
            last += observable.diagonalizing_gates()
        wires.append(place[wire])
    if not wires:
        raise Untranslatable("it measures nothing")
    return tuple(wires), last


def _decomposed(operation: Any) -> Iterator[Any]:
    """Gates that the engines know, up to a global phase."""
    import pennylane as qml

    if operation.name in SUPPORTED:
        yield operation
    elif operation.name in _MEASURED or type(operation).__name__ in _MEASURED:
        raise Untranslatable("it measures in mid-circuit")
    elif operation.name not in _NO_GATE:
        if not operation.has_decomposition:
            raise Untranslatable(f"no engine knows {operation.name}")
        with qml.QueuingManager.stop_recording():
            parts = operation.decomposition()
        for part in parts:
            yield from _decomposed(part)


def _translation(
    function: Function,
    recording: _Recording,
    points: Sequence[tuple[np.ndarray, np.ndarray]],
    values: np.ndarray,
    by_weight: np.ndarray,
    by_input: np.ndarray,
) -> Translation:
    at = np.array([np.concatenate(point) for point in points])
    slopes = np.concatenate([by_weight, by_input], axis=2)
    slopes[np.abs(slopes) < _ZERO] = 0.0
    sums = [
        None if branching else _terms(values[:, a], slopes[:, a], at, function.weights)
        for a, branching in enumerate(recording.branching)
    ]
    if not recording.prepares:
        sums = _computed(sums, slopes, function.weights)
    elif None in sums or _incommensurable(sums):
        raise Untranslatable("an angle is neither a sum of weights nor one of inputs")
    free = _computed_weights(sums, slopes, function.weights)
    trained = np.array([i for i in range(function.weights) if i not in free], int)
    numbers = {int(index): number for number, index in enumerate(trained)}
    further = [a for a, terms in enumerate(sums) if terms == [_COMPUTED]]
    features = {a: function.width + number for number, a in enumerate(further)}
    operations = []
    for gate in recording.gates:
        rows = range(gate.angles.start, gate.angles.stop)
        terms = [[Feature(features[a])] if a in features else sums[a] for a in rows]
        operations += _operations(gate, [[_numbered(t, numbers) for t in one] for one in terms])
    circuit = Circuit(
        wires=recording.wires,
        embedding="amplitude" if recording.prepares else "angle",
        operations=tuple(operations),
        measured=recording.measured,
        parameters=len(trained),
        features=0 if recording.prepares else function.width + len(further),
    )
    if recording.prepares:
        return Translation(circuit, trained, _amplitudes(recording, circuit, points))
    chosen = np.array(further, int)

    def embed(theta: Any, x: Any) -> Any:
        return jnp.concatenate([x, recording.angles(theta, x)[chosen].astype(x.dtype)])

    return Translation(circuit, trained, embed if further else None)


_COMPUTED = "computed"


def _terms(
    values: np.ndarray, slopes: np.ndarray, at: np.ndarray, weights: int
) -> list[Angle] | None:
    """The angles whose sum an angle is, from its values (points,) and derivatives (points, P + d)
    at those points; None where it is no such sum."""
    used = np.flatnonzero(slopes.any(axis=0))
    slope = slopes[0]
    if np.allclose(slopes, slope, rtol=1e-9, atol=_ZERO):
        shift = _clean(values[0] - slope[used] @ at[0, used])
        if not len(used):
            return [float(values[0])]
        kinds = [(Parameter, i) if i < weights else (Feature, i - weights) for i in used.tolist()]
        terms = [
            kind(index, float(slope[i]), shift if number == 0 else 0.0)
            for number, ((kind, index), i) in enumerate(zip(kinds, used, strict=True))
        ]
        return terms
    if len(used) in (1, 2) and used.min() >= weights:
        return _product(values, slopes, at, used, weights)
    return None


def _product(
    values: np.ndarray, slopes: np.ndarray, at: np.ndarray, used: np.ndarray, weights: int
) -> list[Angle] | None:
    """``slope (x_i + a)(x_j + b)``, of one feature or of two."""
    i, j = used[0], used[-1]
    # The derivative by x_j runs along x_i; for a square it has twice the slope.
    rise = (slopes[1, j] - slopes[0, j]) / (at[1, i] - at[0, i])
    slope = rise / 2 if i == j else rise
    if abs(slope) < _ZERO:
        return None
    b = slopes[0, i] / rise - at[0, j]
    a = slopes[0, j] / rise - at[0, i]
    if not np.allclose(slope * (at[:, i] + a) * (at[:, j] + b), values, rtol=1e-9, atol=1e-11):
        return None
    first = Feature(int(i) - weights, float(slope), _clean(slope * a))
    return [FeatureProduct(first, Feature(int(j) - weights, 1.0, _clean(b)))]


def _clean(value: float) -> float:
    """Without what rounding left of a zero."""
    return 0.0 if abs(value) < _ZERO else float(value)


def _computed(sums: list[Any], slopes: np.ndarray, weights: int) -> list[Any]:
    """The same with `_COMPUTED` where an angle is computed beside the circuit: where it is no sum,
    and where it shares a weight with such an angle."""
    sums = [[_COMPUTED] if terms is None else terms for terms in sums]
    while True:
        free = _computed_weights(sums, slopes, weights) | _incommensurable(sums)
        more = [
            a
            for a, terms in enumerate(sums)
            if any(isinstance(t, Parameter) and t.index in free for t in terms)
        ]
        if not more:
            return sums
        for a in more:
            sums[a] = [_COMPUTED]


def _computed_weights(sums: Sequence[Any], slopes: np.ndarray, weights: int) -> set[int]:
    """The weights that angles computed beside the circuit depend on."""
    rows = [a for a, terms in enumerate(sums) if terms == [_COMPUTED]]
    return set(np.flatnonzero(slopes[:, rows, :weights].any(axis=(0, 1))).tolist())


def _incommensurable(sums: Sequence[Any]) -> set[int]:
    """Weights that enter by scales of which the smallest does not divide the others: no turn of
    such a weight leaves the circuit as it is."""
    scales: dict[int, set[float]] = {}
    for terms in sums:
        for term in terms:
            if isinstance(term, Parameter):
                scales.setdefault(term.index, set()).add(abs(term.scale))
    return {
        index
        for index, found in scales.items()
        if not np.allclose([s / min(found) % 1 for s in found], 0, atol=1e-9)
    }


def _numbered(term: Angle, numbers: Mapping[int, int]) -> Angle:
    """A weight by its number among the circuit's parameters."""
    if isinstance(term, Parameter):
        return dataclasses.replace(term, index=numbers[term.index])
    return term


def _operations(gate: _Gate, terms: Sequence[Sequence[Angle]]) -> list[Operation]:
    """The gate, or where an angle is a sum one gate for each of its terms: they commute."""
    if all(len(one) == 1 for one in terms):
        return [Operation(gate.name, gate.wires, tuple(one[0] for one in terms))]
    names: Sequence[str] = (gate.name,)
    if gate.name in THREE_ANGLES:
        names = ("RZ", "RY", "RZ")
        terms = [terms[2], terms[0], terms[1]] if gate.name == "U3" else terms
    return [
        Operation(name, gate.wires, (term,))
        for name, one in zip(names, terms, strict=True)
        for term in one
    ]


def _amplitudes(
    recording: _Recording, circuit: Circuit, points: Sequence[tuple[np.ndarray, np.ndarray]]
) -> Callable[[Any, Any], Any]:
    """The prepared state as what the circuit takes in; no weight may reach it."""
    if any(map(depends_on_inputs, circuit.operations)):
        raise Untranslatable("its inputs are amplitudes and angles at once")
    theta, x = points[0]
    states = jax.jit(recording.state)
    slope = jax.jvp(lambda weights: states(weights, x), (theta,), (points[1][0],))[1]
    if np.abs(np.asarray(slope)).max() > _ZERO:
        raise Untranslatable("its prepared state depends on the weights")
    real = all(np.abs(np.imag(states(*point))).max() == 0 for point in points)

    def embed(theta: Any, x: Any) -> Any:
        state = recording.state(theta, x)
        return jnp.real(state) if real else state

    return embed


def _compare(
    translation: Translation, theta: np.ndarray, x: np.ndarray, expected: np.ndarray
) -> None:
    """Raise Untranslatable where the circuit on ``default.qubit`` gives other values."""
    import pennylane as qml

    taken = x if translation.embed is None else np.asarray(translation.embed(theta, x))
    node = qml.QNode(
        quantum_function(translation.circuit),
        qml.device("default.qubit", wires=translation.circuit.wires),
        interface=None,
        diff_method=None,
    )
    found = np.array(node(theta[translation.trained], taken), np.float64).reshape(-1)
    if found.shape != expected.shape:
        raise Untranslatable(f"it returns {len(expected)} values for {len(found)} measurements")
    gap = float(np.abs(found - expected).max())
    if not gap < AGREEMENT:
        raise Untranslatable(f"its translation differs from it by {gap:.1e}")
