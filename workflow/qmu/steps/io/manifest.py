"""The manifest: what a reader needs to make the same results again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from qmu import __version__
from qmu.specs.audit import Evaluation
from qmu.tables import parquet
from qmu.tables.files import atomic

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


class IbmFiles(Protocol):
    """Records of IBM jobs, and calibrations of their backends in the same order."""

    jobs: Sequence[str]
    calibrations: Sequence[str]


def write_manifest(path: str, spec: Evaluation, tables: Sequence[str], jobs: IbmFiles) -> None:
    """Versions, configuration, seeds, the digests of code and content of ``tables``, and IBM's
    ``jobs``. Tables of times are left out: a manifest of the same results must not differ."""
    manifest = {
        "qmu": __version__,
        "experiment": spec.experiment,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {name: _version(name) for name in PACKAGES},
        "root_seed": spec.root_seed,
        "seeds": spec.config["common"]["seeds"],
        "config": spec.config,
        "code_digest": spec.code_digest,
        "ibm_jobs": _ibm_jobs(jobs.jobs, jobs.calibrations),
        "tables": {
            file: {
                "sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest(),
                "code_digest": parquet.metadata(file)["qmu.code_digest"],
            }
            for file in sorted(set(tables))
        },
    }
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def _ibm_jobs(jobs: Sequence[str], calibrations: Sequence[str]) -> dict[str, Any]:
    """Every job by its file, and the calibration of its backend at that time, each once."""
    manifest: dict[str, Any] = {"jobs": {}, "calibrations": {}}
    for file, beside in zip(jobs, calibrations, strict=True):
        record = json.loads(Path(file).read_text(encoding="utf-8"))
        calibration = json.loads(Path(beside).read_text(encoding="utf-8"))
        text = json.dumps(calibration, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:12]
        manifest["calibrations"][key] = calibration
        named = {name: record[name] for name in ("job_id", "tag", "backend", "primitive", "origin")}
        manifest["jobs"][file] = named | {"calibration": key}
    return manifest


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
