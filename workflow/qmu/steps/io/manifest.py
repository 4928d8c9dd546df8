"""The manifest: what a reader needs to make the same results again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from qmu import __version__
from qmu.tables import parquet as tables

# Kinds of inputs that are no tables: the records of IBM jobs, and calibrations in their order.
IBM = ("jobs", "calibrations")
PACKAGES = (
    "snakemake",
    "pennylane",
    "pennylane-lightning",
    "qiskit",
    "qiskit-aer",
    "qiskit-ibm-runtime",
    "jax",
    "jaxlib",
    "optax",
    "numpy",
    "scipy",
    "scikit-learn",
    "pyarrow",
    "pydantic",
    "mlxtend",
)


def write_manifest(path: str, spec: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
    """Versions, configuration, seeds, and the digests of code and content of every input."""
    # Times differ from run to run; a manifest of the same results must not.
    kept = (value for kind, value in inputs.items() if kind not in ("timing", *IBM))
    files = sorted({file for value in kept for file in _files(value)})
    manifest = {
        "qmu": __version__,
        "experiment": spec["experiment"],
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {name: _version(name) for name in PACKAGES},
        "root_seed": spec["root_seed"],
        "seeds": spec["config"]["common"]["seeds"],
        "config": spec["config"],
        "code_digest": spec["code_digest"],
        "ibm_jobs": _ibm_jobs(*(_files(inputs.get(kind) or []) for kind in IBM)),
        "tables": {
            file: {
                "sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest(),
                "code_digest": tables.metadata(file)["qmu.code_digest"],
            }
            for file in files
        },
    }
    with tables.atomic(path) as temporary:
        temporary.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def _ibm_jobs(jobs: Sequence[str], calibrations: Sequence[str]) -> dict[str, Any]:
    """Every job by its file, and the calibration of its backend at that time, each once."""
    found: dict[str, Any] = {"jobs": {}, "calibrations": {}}
    for file, beside in zip(jobs, calibrations, strict=True):
        record = json.loads(Path(file).read_text(encoding="utf-8"))
        calibration = json.loads(Path(beside).read_text(encoding="utf-8"))
        text = json.dumps(calibration, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:12]
        found["calibrations"][key] = calibration
        kept = {name: record[name] for name in ("job_id", "tag", "backend", "primitive", "origin")}
        found["jobs"][file] = kept | {"calibration": key}
    return found


def _files(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
