"""The workflow's own files: clean for the linters, light to plan, and reported with captions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile

from pipeline import ROOT, environment
from qmu.report import catalogue

HEAVY = {
    *("jax", "jaxlib", "optax", "pennylane", "pennylane_lightning", "qiskit"),
    *("sklearn", "matplotlib", "mlxtend", "scipy", "pyarrow"),
}
PLAN = """
import json, sys
from snakemake.cli import main
try:
    main(sys.argv[2:])
finally:
    loaded = sorted({name.split(".")[0] for name in sys.modules})
    open(sys.argv[1], "w").write(json.dumps(loaded))
"""


def test_planning_imports_nothing_heavy(fresh, tmp_path):
    out = tmp_path / "modules.json"
    arguments = ["-n", "--quiet", "--configfile", "experiments/tiny.yaml"]
    done = subprocess.run(
        [sys.executable, "-c", PLAN, str(out), *arguments],
        cwd=fresh.folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(out.read_text()))
    assert {"snakemake", "qmu"} <= loaded
    assert not loaded & HEAVY


def test_snakemake_finds_nothing_to_lint(fresh):
    ran = fresh.call("--lint")
    assert ran.code == 0, ran.text


def test_the_workflow_is_formatted():
    done = subprocess.run(
        [sys.executable, "-m", "snakefmt", "--check", "Snakefile", "workflow/rules"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_one_script_runs_every_job():
    """Which step a job runs stands in its spec."""
    (script,) = (ROOT / "workflow" / "scripts").glob("*.py")
    assert "\nexecute(snakemake)" in script.read_text()
    rules = [file.read_text() for file in (ROOT / "workflow" / "rules").glob("*.smk")]
    # Of `job`, from which the others are made, and of the one whose name is computed.
    assert sum(text.count(f"../scripts/{script.name}") for text in rules) == 2
    assert sum(len(re.findall(r"^ +(?:script|shell|run):", text, re.M)) for text in rules) == 2


def test_the_snakemake_report_holds_labelled_figures_with_captions(finished, tmp_path):
    archive = tmp_path / "report.zip"
    ran = finished.project.snakemake("--report", str(archive))
    assert ran.code == 0, ran.text
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        pages = [name for name in names if name.endswith((".html", ".js", ".json"))]
        text = "\n".join(opened.read(name).decode(errors="replace") for name in pages)
    for entry in catalogue.figures():
        assert any(name.endswith(f"{entry.stem}.svg") for name in names), entry.stem
        assert entry.title in text
        assert entry.category in text
    assert "summary.csv" in "".join(names)
