"""What a finished run spent, and on what: ``python tests/benchmarks/bench_audit.py results/audit``.

Reads the times that every job left in the run's log folder. Prints CPU seconds by kind of job and
model, the cost per shadow model with what it is made of, and the share of fixed costs (start-up and
compilation); saves the tables as Parquet and a bar chart as SVG beside the run's results.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd
from qmu.plan.train import REFERENCE

KINDS = {
    "shadows": "shadow models",
    "train": "targets, retrained models, ladders, edits",
    "unlearn": "unlearning of the targets",
    "queries": "queries",
    "attacks": "fitting attacks",
    "scores": "scoring",
    "audit": "measurements",
    "quality": "quality measures",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of a finished experiment")
    options = parser.parse_args()
    jobs = read(options.results / "logs")
    if jobs.empty:
        parser.error(f"{options.results}: no job has left its times there")
    spent = by_kind(jobs)
    shadows = per_shadow(jobs, options.results)
    print(spent.round(1).to_string(index=False))
    if not shadows.empty:
        print("\nPer shadow model\n", shadows.round(2).to_string(index=False))
    fixed = jobs["startup"].sum() + jobs["compile"].sum()
    total = jobs["cpu"].sum()
    print(f"\n{len(jobs)} jobs, {total:.0f} s CPU, {fixed / total:.0%} of it fixed costs")
    folder = options.results / "benchmarks"
    folder.mkdir(exist_ok=True)
    spent.to_parquet(folder / "audit_costs.parquet", index=False)
    shadows.to_parquet(folder / "shadow_costs.parquet", index=False)
    draw(spent, folder / "audit_costs.svg")
    print("saved", folder / "audit_costs.svg")


def read(logs: Path) -> pd.DataFrame:
    """One row per job: kind, model, variant, seconds of CPU, start-up and compilation."""
    rows = []
    for file in sorted(logs.rglob("*.timing.json")):
        parts = file.relative_to(logs).parts
        found = json.loads(file.read_text())
        rows.append(
            {
                "kind": parts[0] if len(parts) > 1 else "other",
                "model": parts[1] if len(parts) > 1 else "-",
                "variant": parts[2].partition(".")[0] if len(parts) > 2 else "-",
                "cpu": found["cpu_seconds"],
                "startup": found["startup_cpu_seconds"],
                "compile": found["compile_seconds"],
            }
        )
    return pd.DataFrame(rows)


def by_kind(jobs: pd.DataFrame) -> pd.DataFrame:
    """CPU seconds by kind and model, the most expensive first, with shares of the whole."""
    named = jobs.assign(kind=jobs["kind"].map(KINDS).fillna("data, summary, report"))
    model = named["model"].where(named["kind"] != "data, summary, report", "-")
    grouped = named.assign(model=model).groupby(["kind", "model"])
    table = grouped[["cpu", "startup", "compile"]].sum()
    table.insert(0, "jobs", grouped.size())
    table["share"] = table["cpu"] / jobs["cpu"].sum()
    return table.sort_values("cpu", ascending=False).reset_index()


def per_shadow(jobs: pd.DataFrame, results: Path) -> pd.DataFrame:
    """CPU seconds per shadow model, by model and variant (target: training; retrain: training
    without the forget class; a method: unlearning)."""
    shadows = json.loads((results / "manifest.json").read_text())["config"]["common"]["shadows"]
    rows = []
    own = jobs[jobs["kind"] == "shadows"]
    for (model, variant), group in own.groupby(["model", "variant"]):
        # Retrained ones say where methods stop, even where no method is run on shadow models.
        count = shadows["count" if variant == "target" else "unlearned"]
        if variant == "retrain":
            count = max(count, min(REFERENCE, shadows["count"]))
        work = group["cpu"].sum() - group["startup"].sum() - group["compile"].sum()
        rows.append(
            {
                "model": model,
                "variant": variant,
                "models": count,
                "cpu_per_model": group["cpu"].sum() / count,
                "work_per_model": work / count,
                "fixed_share": 1 - work / group["cpu"].sum(),
            }
        )
    return pd.DataFrame(rows)


def draw(spent: pd.DataFrame, path: Path) -> None:
    """CPU seconds by kind, one bar per model."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    table = spent.pivot_table(index="kind", columns="model", values="cpu", fill_value=0)
    table = table.loc[table.sum(axis=1).sort_values().index]
    axes = table.plot.barh(stacked=True, figsize=(8, 4), width=0.7)
    axes.set_xlabel("CPU seconds")
    axes.set_ylabel("")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, title=None)
    plt.tight_layout()
    plt.savefig(path)


if __name__ == "__main__":
    main()
