"""The benchmark's table as Parquet, its growth along each axis, and one figure."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

AXES = {"batch": "samples in a batch", "qubits": "qubits", "layers": "layers", "fleet": "models"}
TOLERANCE = 0.15


def growth(table: pd.DataFrame) -> pd.DataFrame:
    """Exponent of cost against work per axis and engine, from the upper half of the points.

    Work is proportional to batch, layers and models, and to 2**n times the size of the factors
    for n qubits, so an exponent above one is growth beyond need: marked where it exceeds one by
    more than the tolerance for noise.
    """
    rows = []
    single = table[(table.axis != "fleet") | (table.batch == 32)]
    for (axis, engine), part in single.groupby(["axis", "engine"], sort=False):
        part = part.sort_values("value")
        if axis not in AXES or engine in ("floor", "matrix", "fused alone") or len(part) < 3:
            continue
        part = part.iloc[len(part) // 2 - 1 :]
        work = part.work if axis == "qubits" else part.value
        seconds = part.seconds * part.value if axis == "fleet" else part.seconds
        exponent = np.polyfit(np.log(work.astype(float)), np.log(seconds), 1)[0]
        rows.append(
            {
                "axis": axis,
                "engine": engine,
                "from": int(part.value.iloc[0]),
                "to": int(part.value.iloc[-1]),
                "exponent": exponent,
                "faster_than_it_must": bool(exponent > 1 + TOLERANCE),
            }
        )
    return pd.DataFrame(rows)


def save(
    out: Path, table: pd.DataFrame, exponents: pd.DataFrame, targets: pd.DataFrame
) -> list[Path]:
    """Write the three tables as Parquet and the figure as SVG and PNG; return the paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in (("steps", table), ("growth", exponents), ("targets", targets)):
        paths.append(out / f"bench_{name}.parquet")
        frame.to_parquet(paths[-1], index=False)
    figure = _figure(table)
    for kind in ("svg", "png"):
        paths.append(out / f"bench.{kind}")
        figure.savefig(paths[-1], dpi=150, metadata={"Date": None} if kind == "svg" else None)
    plt.close(figure)
    return paths


def _figure(table: pd.DataFrame) -> plt.Figure:
    figure, panels = plt.subplots(2, 2, figsize=(10, 7.5), layout="constrained")
    single = table[(table.axis != "fleet") | (table.batch == 32)]
    engines = [name for name in single.engine.unique() if name != "matrix"]
    colours = {name: f"C{number}" for number, name in enumerate(engines)}
    for panel, (axis, label) in zip(panels.flat, AXES.items(), strict=True):
        for engine, part in single[single.axis == axis].groupby("engine", sort=False):
            if engine not in colours:
                continue
            part = part.sort_values("value")
            style = {"linestyle": "--"} if engine == "floor" else {"marker": "o", "markersize": 3}
            panel.plot(part.value, 1e3 * part.seconds, label=engine, color=colours[engine], **style)
        panel.set_xlabel(label)
        panel.set_ylabel("ms per model" if axis == "fleet" else "gradient step (ms)")
        panel.set_yscale("log")
        panel.set_xscale("linear" if axis == "qubits" else "log", **_base(axis))
        panel.grid(alpha=0.3)
        panel.legend(fontsize=7)
    figure.suptitle("One gradient step, reference: 8 qubits, 5 layers, batch 32, float32")
    return figure


def _base(axis: str) -> dict[str, int]:
    return {} if axis == "qubits" else {"base": 2}


def text(value: float) -> str:
    """Three significant digits."""
    if not math.isfinite(value):
        return "-"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{digits}f}"
