"""Every kind of model in its smallest form, and rows that it can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fixtures
import numpy as np
from qmu import registry
from qmu.models import model as models
from qmu.seeds import generator

NAMES = registry.names("models")
SETTINGS: dict[str, dict[str, Any]] = {
    "angle_hybrid": {"qubits": 3, "layers": 2, "hidden": 12},
    "angle_vqc": {"qubits": 4, "layers": 2},
    "basic_qnn": {"qubits": 4, "layers": 1},
    "hqnn": {"qubits": 4, "layers": 1},
    "kernel_clf": {"qubits": 3},
    "mlp": {"hidden": (5,)},
    "qcnn": {"unitary": "ttn"},
    "qnode": {"file": str(Path(__file__).with_name("own_qnode.py"))},
    "reupload_vqc": {"qubits": 4, "uploads": 2, "repetitions": 1},
    "rzz_vqc": {"qubits": 4, "layers": 2},
}
WIDTH = {"angle_vqc": 4, "basic_qnn": 16, "qcnn": 16, "qnode": 16, "reupload_vqc": 3, "rzz_vqc": 16}
TWO_CLASSES = ("rzz_vqc",)


def small(
    name: str, device: str = "default.qubit", precision: str = "double", **settings: Any
) -> models.Model:
    """Few qubits; three classes where the model can tell so many apart."""
    given = SETTINGS.get(name, {}) | settings
    return models.build(name, given, classes(name), device, precision, width(name))


def classes(name: str) -> int:
    """Classes of the small model."""
    return 2 if name in TWO_CLASSES else fixtures.CLASSES


def width(name: str) -> int:
    """Numbers of a row of the small model."""
    reads = registry.load("models", name).CARD.inputs
    return 784 if reads == "image" else WIDTH.get(name, 6)


def pool(name: str, count: int, noise: float = 0.15) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns ``image`` and ``features`` (from 0 to 1) of so many rows, and their labels (count,):
    every class has a centre of its own."""
    rng = generator("tests", "rows of models", count)
    labels = rng.integers(0, classes(name), count)
    centres = generator("tests", "centres of models", name)
    blocks = centres.uniform(0, 1, (classes(name), 7, 7))[labels] + noise * rng.normal(
        size=(count, 7, 7)
    )
    image = np.kron(blocks, np.ones((4, 4))).reshape(count, 784)
    image = 255 * np.clip(image + 0.05 * rng.normal(size=image.shape), 0, 1)
    features = centres.uniform(0.1, 0.9, (classes(name), WIDTH.get(name, 6)))[labels]
    features = np.clip(features + noise * rng.normal(size=features.shape), 0, 1)
    return {"image": image.astype(np.uint8), "features": features}, labels
