"""All 70,000 MNIST images from local IDX or npz files, or from OpenML where there is a network.

Source: LeCun, Cortes and Burges, the MNIST database of handwritten digits (60,000 training and
10,000 test images; IDX format). OpenML data set 554, "mnist_784".
"""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import model_validator

from ..errors import QmuError
from ..strict import Strict
from ._images import Images, checked, joined

CLASSES = tuple(range(10))
SIZE = 70_000
PIXELS = 784
TRAINING = 60_000

_IDX = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)


class Config(Strict):
    """``path``: a folder of the four IDX files (plain or .gz), or an npz file. Else ``openml``."""

    path: str | None = None
    openml: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) != self.openml:
            raise ValueError("either path (a folder of IDX files or an npz file) or openml: true")
        return self


def load(config: Config) -> Images:
    """Training images first, then the test images; QmuError names the file at fault."""
    if config.path is None:
        return _from_openml()
    path = Path(config.path)
    if path.is_dir():
        return _from_idx(path)
    if path.is_file():
        return _from_npz(path)
    raise QmuError(f"dataset.path: {path}: no such file or folder")


def _from_idx(folder: Path) -> Images:
    parts = []
    for images, labels in _IDX:
        parts.append((images, _read_idx(folder, images, 3), _read_idx(folder, labels, 1)))
    return joined(str(folder), parts)


def _read_idx(folder: Path, name: str, dimensions: int) -> np.ndarray:
    for candidate in (folder / name, folder / f"{name}.gz", folder / name.replace("-idx", ".idx")):
        if candidate.is_file():
            break
    else:
        raise QmuError(f"{folder}: the file {name} (or {name}.gz) is missing")
    try:
        content = candidate.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise QmuError(f"{candidate}: cannot be read ({error})") from None
    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes([0, 0, 8, dimensions]):
        raise QmuError(f"{candidate}: not an IDX file of {dimensions}-dimensional bytes")
    shape = tuple(np.frombuffer(content[4:header], dtype=">u4").tolist())
    values = np.frombuffer(content[header:], dtype=np.uint8)
    if values.size != math.prod(shape):
        raise QmuError(f"{candidate}: holds {values.size} values, its header promises {shape}")
    return values.reshape(shape)


def _from_npz(path: Path) -> Images:
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with zipfile.ZipFile(path) as archive:
            missing = [name for name in names if f"{name}.npy" not in archive.namelist()]
        if missing:
            raise QmuError(f"{path}: the array {missing[0]!r} is missing")
        with np.load(path, allow_pickle=False) as archive:
            x_train, y_train, x_test, y_test = (archive[name] for name in names)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0]
        raise QmuError(f"{path}: not a readable npz file ({reason})") from None
    return joined(str(path), [("x_train", x_train, y_train), ("x_test", x_test, y_test)])


def _from_openml() -> Images:
    from sklearn.datasets import fetch_openml

    try:
        found = fetch_openml("mnist_784", version=1, as_frame=False, parser="liac-arff")
    except Exception as error:  # whatever the network or the server does, the user reads one line
        raise QmuError(
            f"dataset.openml: MNIST could not be fetched ({type(error).__name__}); give "
            "dataset.path instead, or use dataset.name: mnist_embedded"
        ) from None
    training = np.arange(len(found.target)) < TRAINING
    return checked("OpenML mnist_784", found.data, found.target.astype(int), training)
