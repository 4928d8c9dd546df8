"""Benchmark of the quantum engine: ``python tests/benchmarks/bench.py [--quick] [--out DIR]``.

Prints and saves the cost of a gradient step against other simulators and against the machine's
floor, its growth with batch, qubits, layers and fleet, and the targets beside what was measured.
 Ratios are medians over rounds in which the competitors take turns. Nothing fails: a
target that is missed is reported as missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
# Threads of Lightning that spin while others work would distort every engine's time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench_engines as engines
import bench_training
from bench_plan import DOUBLE, FLEET, FLEET_LOOP, NODE, NOTES, TARGETS, Case, cases
from bench_report import growth, save, text
from bench_timing import MATRIX, floor_operations, interleaved, matrix_product, ratio

MAKERS = {
    "fused": engines.fused,
    DOUBLE: engines.fused_double,
    NODE: engines.from_qnode,
    "lightning": engines.lightning,
    "default_qubit": engines.default_qubit,
    "tensorcircuit": engines.tensorcircuit,
    "tape_per_sample": engines.tape_per_sample,
    "fused alone": lambda problem: engines.fused(
        engines.Problem(problem.wires, problem.layers, problem.batch)
    ),
    FLEET: lambda problem: engines.fused(problem, "vmap"),
    FLEET_LOOP: lambda problem: engines.fused(problem, "map"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer points, under a minute")
    parser.add_argument("--out", type=Path, default=Path("results/bench"))
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    missing = engines.available()
    for name, reason in missing.items():
        print(f"SKIPPED {name}: {reason}")
    rows: list[dict] = []
    targets: list[dict] = []
    options.out.mkdir(parents=True, exist_ok=True)
    for case in cases(options.quick):
        measure(case, missing, options.quick, rows, targets)
        # Kept after every case, so that an interrupted benchmark leaves what it has measured.
        pd.DataFrame(rows).to_parquet(options.out / "bench_steps.parquet", index=False)
    if not options.quick:
        targets += bench_training.rows()
    table = pd.DataFrame(rows)
    exponents = growth(table)
    wanted = pd.DataFrame(targets)
    print("\nGrowth (1 = proportional to the work)\n", exponents.round(2).to_string(index=False))
    print("\nTargets\n", wanted.round(3).to_string(index=False))
    print("\nNotes\n" + NOTES)
    for path in save(options.out, table, exponents, wanted):
        print("saved", path)


def measure(case: Case, missing: dict, quick: bool, rows: list[dict], targets: list[dict]) -> None:
    """Time one case and append its rows, and the targets that belong to it."""
    problem = case.problem
    built = {name: MAKERS[name](problem) for name in case.engines if name not in missing}
    steps = {name: step.run for name, step in built.items()} | {"matrix": matrix_product()}
    start = time.perf_counter()
    seconds = interleaved(steps, 5 if quick else 15, 4 if quick else 12)
    models = {FLEET: problem.fleet, FLEET_LOOP: problem.fleet}
    seconds = {name: values / models.get(name, 1) for name, values in seconds.items()}
    groups = _groups(problem)
    operations = floor_operations(problem.wires, problem.layers, problem.batch, groups)
    seconds["floor"] = seconds["matrix"] * operations / (2 * MATRIX**3)
    compiled = {name: step.compile_seconds for name, step in built.items()}
    for name, values in seconds.items():
        rows.append(
            {
                "axis": case.axis,
                "value": 0 if case.axis == "reference" else case.value,
                **{key: getattr(problem, key) for key in ("wires", "layers", "batch", "fleet")},
                "engine": name,
                "seconds": float(np.median(values)),
                "seconds_low": float(np.quantile(values, 0.25)),
                "seconds_high": float(np.quantile(values, 0.75)),
                "rounds": len(values),
                "compile_seconds": compiled.get(name, float("nan")),
                "work": float(2**problem.wires * sum(2**group for group in groups)),
            }
        )
        _print(rows[-1])
    targets += _targets(case, seconds, compiled)
    print(f"  ({time.perf_counter() - start:.1f} s)", flush=True)


def _groups(problem: engines.Problem) -> list[int]:
    from qmu.simulators.fused import engine as fused

    return fused.tables(fused.program(problem.circuit)).groups


def _print(row: dict) -> None:
    where = f"{row['wires']:2d} qubits {row['layers']:2d} layers batch {row['batch']:4d}"
    print(
        f"{row['axis']:9s} {where} fleet {row['fleet']:2d}  {row['engine']:18s}"
        f" {text(1e3 * row['seconds']):>8s} ms"
        f" [{text(1e3 * row['seconds_low'])}, {text(1e3 * row['seconds_high'])}]"
        f"  compiled in {text(row['compile_seconds'])} s",
        flush=True,
    )


def _targets(case: Case, seconds: dict, compiled: dict) -> list[dict]:
    found = []
    for target in TARGETS:
        problem = case.problem
        here = (target.axis, target.batch, target.fleet)
        if here != (case.axis, problem.batch, problem.fleet):
            continue
        if not {target.over, target.under} <= seconds.keys():
            continue
        if target.compile_time:
            values = (compiled[target.over] / compiled[target.under],) * 3
        else:
            values = ratio(seconds[target.over], seconds[target.under])
        met = values[0] >= target.bound if target.at_least else values[0] <= target.bound
        bound = f"{'>=' if target.at_least else '<='} {text(target.bound)}"
        low, high = values[1:]
        found.append(
            {
                "what": target.text,
                "target": bound,
                "measured": values[0],
                "low": low,
                "high": high,
                "met": bool(met),
            }
        )
    return found


if __name__ == "__main__":
    main()
