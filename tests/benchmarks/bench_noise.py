"""Benchmark of noisy simulation: ``python tests/benchmarks/bench_noise.py [--quick] [--out DIR]``.

Prints the cost of exact noisy values for many images against PennyLane's density matrices, one tape
per image and with images broadcast, and its growth with qubits, layers and images. One thread;
ratios are medians over rounds in which the competitors take turns. Nothing fails: the target is
printed beside what was measured.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

# Before NumPy starts its threads.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
from bench_timing import interleaved, ratio
from qmu import seeds
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.circuits.circuit import Circuit
from qmu.circuits.noise import NoiseModel
from qmu.circuits.qnode import operations
from qmu.simulators.pauli.engine import NoisyCircuit, predicted_bytes
from qmu.simulators.shots import sample_expectations

NOISE = NoiseModel()
BROADCAST = 8
"""Images in one broadcast tape of density matrices."""
TARGET_SECONDS = 3.0
"""For the distributions of 2,000 images, 8 qubits, 5 layers."""


def problem(wires: int, layers: int, images: int) -> tuple[Circuit, np.ndarray, np.ndarray]:
    """Circuit, parameters (P,) and real states (n, 2**wires)."""
    rng = np.random.default_rng(5)
    circuit = u3_cnot_ring.circuit(wires, layers)
    states = rng.normal(size=(images, 2**wires))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    return circuit, rng.uniform(-np.pi, np.pi, circuit.parameters), states


def density_matrices(circuit: Circuit, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Probabilities of one state or of a batch on ``default.mixed``."""
    import pennylane as qml

    names = {"depolarizing": qml.DepolarizingChannel, "bit_flip": qml.BitFlip}
    placement = NOISE.placement(circuit)
    embedding, *gates = operations(circuit, parameters, states)
    applied = [embedding]
    for gate, channels in zip(gates, placement.after, strict=True):
        applied += [gate, *(names[one.name](one.probability, one.wire) for one in channels)]
    applied += [names[one.name](one.probability, one.wire) for one in placement.readout]
    tape = qml.tape.QuantumScript(applied, [qml.probs(wires=range(circuit.wires))])
    return qml.device("default.mixed", wires=circuit.wires).execute(tape)


def compare(wires: int, layers: int, images: int, rounds: int) -> dict[str, Any]:
    """All of ``images`` here against tapes of one image and of ``BROADCAST`` images."""
    circuit, parameters, states = problem(wires, layers, images)
    noisy = NoisyCircuit(circuit, NOISE)
    steps: dict[str, Callable[[], Any]] = {
        "distributions": lambda: noisy.probabilities(parameters, states),
        "values": lambda: noisy.expectations(parameters, states),
        "tape": lambda: density_matrices(circuit, parameters, states[0]),
        "broadcast": lambda: density_matrices(circuit, parameters, states[:BROADCAST]),
    }
    error = np.abs(steps["broadcast"]() - steps["distributions"]()[:BROADCAST]).max()
    seconds = interleaved(steps, rounds, 30.0)
    per_image = {"tape": seconds["tape"], "broadcast": seconds["broadcast"] / BROADCAST}
    row: dict[str, Any] = {"wires": wires, "layers": layers, "images": images, "error": error}
    row |= {f"{name} s": np.median(values) for name, values in seconds.items()}
    for name, values in per_image.items():
        for ours in ("distributions", "values"):
            row[f"{name} / {ours}"] = ratio(images * values, seconds[ours])[0]
    return row


def growth(cases: list[tuple[int, int, int]], rounds: int) -> pd.DataFrame:
    """Seconds per case (wires, layers, images) in both precisions."""
    rows = []
    for wires, layers, images in cases:
        circuit, parameters, states = problem(wires, layers, images)
        steps: dict[str, Callable[[], Any]] = {}
        for precision in ("double", "single"):
            noisy = NoisyCircuit(circuit, NOISE, precision)
            for method in ("probabilities", "expectations"):
                steps[f"{method} {precision} s"] = partial(
                    getattr(noisy, method), parameters, states
                )
        seconds = interleaved(steps, rounds, 10.0)
        row = {"wires": wires, "layers": layers, "images": images}
        row |= {name: np.median(values) for name, values in seconds.items()}
        rows.append(row | {"predicted MiB": predicted_bytes(wires, images, 2**wires) / 2**20})
    return pd.DataFrame(rows)


def sampling(images: int, rounds: int) -> pd.DataFrame:
    """Seconds to draw the shots of 8 qubits."""
    chances = np.random.default_rng(5).dirichlet(np.full(256, 0.3), size=images)
    steps = {
        shots: lambda shots=shots: sample_expectations(
            chances, range(8), shots, seeds.generator("bench", shots)
        )
        for shots in (64, 1024, 16384)
    }
    seconds = interleaved(steps, rounds, 10.0)
    return pd.DataFrame(
        {"images": images, "shots": shots, "s": np.median(values)}
        for shots, values in seconds.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer points, about ten seconds")
    parser.add_argument("--out", type=Path, default=Path("results/bench"))
    options = parser.parse_args()
    rounds = 3 if options.quick else 7
    wires = (4, 6) if options.quick else (4, 5, 6, 7, 8)
    tables = {}
    cases = [(count, 5, 500) for count in wires]
    cases += [] if options.quick else [(8, layers, 500) for layers in (1, 2, 10)]
    cases += [] if options.quick else [(8, 5, images) for images in (1, 2000, 8000)]
    tables["growth"] = growth(cases, rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    tables["sampling"] = sampling(4000, rounds)
    tables["comparison"] = pd.DataFrame([compare(count, 5, 500, rounds) for count in wires])
    options.out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        print(f"\n{name}\n{table.to_string(index=False, float_format=lambda x: f'{x:.3g}')}")
        table.to_parquet(options.out / f"bench_noise_{name}.parquet", index=False)
    print(f"\nlargest resident size of the process after the growth table: {peak:.0f} MiB")
    found = tables["growth"].query("wires == 8 and layers == 5 and images == 2000")
    for seconds in found["probabilities double s"]:
        print(f"target: {TARGET_SECONDS} s for 2,000 distributions; measured {seconds:.2f} s")


if __name__ == "__main__":
    main()
