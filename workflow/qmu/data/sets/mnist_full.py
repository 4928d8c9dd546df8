"""All 70,000 MNIST images from local IDX or npz files, or from OpenML where there is a network.

Source: LeCun, Cortes and Burges, the MNIST database of handwritten digits (60,000 training and
10,000 test images; IDX format). OpenML data set 554, "mnist_784".
"""

from __future__ import annotations

import gzip
import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import Self

import numpy as np
from numpy.lib import format as npy
from pydantic import model_validator

from qmu.data.dataset import IMAGE_SHAPE, Dataset, Description
from qmu.data.images import checked, joined
from qmu.errors import QmuError
from qmu.strict import Strict

CLASSES = 10
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


def describe(config: Config) -> Description:
    """The digits 0 to 9; 60,000 training and 10,000 test images."""
    return Description(CLASSES, SIZE, "image", IMAGE_SHAPE, split=True)


def load(config: Config) -> Dataset:
    """Training images first, then the test images; QmuError names the file at fault."""
    if config.path is None:
        return _from_openml()
    # os.path: a name that no file can have is False there, and no exception.
    if os.path.isdir(config.path):
        return _from_idx(Path(config.path))
    if os.path.isfile(config.path):
        return _from_npz(Path(config.path))
    raise QmuError(f"dataset.path: {config.path}: no such file or folder")


def _from_idx(folder: Path) -> Dataset:
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
    header = 4 + 4 * dimensions
    try:
        content = _unpacked(candidate, header + SIZE * PIXELS)
    except (OSError, EOFError, zlib.error) as error:
        raise QmuError(f"{candidate}: cannot be read ({error})") from None
    if len(content) < header or content[:4] != bytes([0, 0, 8, dimensions]):
        raise QmuError(f"{candidate}: not an IDX file of {dimensions}-dimensional bytes")
    shape = tuple(np.frombuffer(content[4:header], dtype=">u4").tolist())
    values = np.frombuffer(content[header:], dtype=np.uint8)
    if values.size != math.prod(shape):
        raise QmuError(f"{candidate}: holds {values.size} values, its header promises {shape}")
    return values.reshape(shape)


def _unpacked(file: Path, most: int) -> bytes:
    """The file's bytes, unpacked where it is gzip; a file that unpacks to more is refused."""
    with open(file, "rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        with gzip.open(stream) if packed else stream as plain:
            content = plain.read(most + 1)
    if len(content) > most:
        raise QmuError(f"{file}: holds more than the {most} bytes of {SIZE} images")
    return content


def _from_npz(path: Path) -> Dataset:
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with zipfile.ZipFile(path) as archive:
            found = [_npy(path, archive, name) for name in names]
    except QmuError:
        raise
    except Exception as error:  # damage ends in whatever zipfile, its codecs or NumPy meet first
        reason = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise QmuError(f"{path}: not a readable npz file ({reason})") from None
    x_train, y_train, x_test, y_test = found
    return joined(str(path), [("x_train", x_train, y_train), ("x_test", x_test, y_test)])


def _npy(path: Path, archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """One array, whose declared size is believed only as far as MNIST goes (as doubles)."""
    if f"{name}.npy" not in archive.namelist():
        raise QmuError(f"{path}: the array {name!r} is missing")
    with archive.open(f"{name}.npy") as stream:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise QmuError(f"{path}: not a readable npz file (the array {name!r} holds objects)")
    size = math.prod(shape) * dtype.itemsize
    if size > SIZE * PIXELS * 8:
        raise QmuError(f"{path}: the array {name!r} has shape {shape}, more than {SIZE} images")
    with archive.open(f"{name}.npy") as stream:
        return npy.read_array(stream, allow_pickle=False)


def _from_openml() -> Dataset:
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
