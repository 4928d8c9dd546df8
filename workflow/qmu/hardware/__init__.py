"""Evaluation on IBM hardware by the direct route: one transpiled circuit, one job, all samples.

``prepare`` makes a job from a circuit, its weights and the samples; ``decode.expectations`` reads
its result. qiskit is imported inside functions only.
"""

from __future__ import annotations

from .prepare import Prepared, prepare
from .settings import Settings

__all__ = ["Prepared", "Settings", "prepare"]
