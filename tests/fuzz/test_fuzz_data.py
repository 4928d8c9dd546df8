"""Hundreds of damaged MNIST files: the images are read as they were, or one line names the file."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from collections import Counter

import numpy as np
import pytest
from damage import damaged_bytes
from memory import limited
from qmu.data.sets import mnist_full
from qmu.errors import QmuError

NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
PER_KIND = 120


@pytest.fixture
def arrays():
    rng = np.random.default_rng(5)
    return {
        "x_train": rng.integers(1, 256, (12, 28, 28), dtype=np.uint8),
        "y_train": rng.integers(0, 10, 12).astype(np.uint8),
        "x_test": rng.integers(1, 256, (5, 28, 28), dtype=np.uint8),
        "y_test": rng.integers(0, 10, 5).astype(np.uint8),
    }


@pytest.fixture(autouse=True)
def little_memory():
    """At most 1.5 GiB beyond what the process has now."""
    with limited(3 * 2**29):
        yield


def idx(array, shape=None):
    shape = array.shape if shape is None else shape
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + array.tobytes()


def write_idx(folder, arrays, packed):
    folder.mkdir(exist_ok=True)
    for key, array in arrays.items():
        content = gzip.compress(idx(array), mtime=0) if packed else idx(array)
        (folder / (NAMES[key] + (".gz" if packed else ""))).write_bytes(content)
    return folder


def write_npz(path, arrays, packed):
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    return path


def attempt(path, arrays, count):
    try:
        found = mnist_full.load(mnist_full.Config(path=str(path)))
    except QmuError as error:
        text = str(error)
    else:
        text = None
    if text is not None:
        count["refused"] += 1
        assert str(path) in text
        assert text.isprintable()
        assert len(text) < 1000
        return
    count["read"] += 1
    assert found.inputs.shape == (len(found.labels), 784)
    assert found.inputs.dtype == np.uint8
    assert set(found.labels.tolist()) <= set(range(10))
    assert found.training.any()
    assert found.inputs.any(axis=1).all()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("kind", ["idx", "npz"])
def test_damaged_bytes(tmp_path, arrays, kind, packed, record_property):
    rng, count = np.random.default_rng([packed, kind == "npz"]), Counter()
    path = (write_idx if kind == "idx" else write_npz)(tmp_path / f"m.{kind}", arrays, packed)
    files = sorted(path.iterdir()) if kind == "idx" else [path]
    attempt(path, arrays, count)
    assert count["read"] == 1
    for number in range(PER_KIND):
        file = files[number % len(files)]
        content = file.read_bytes()
        # The head holds what is declared; most of the rest are pixels, any of which are good.
        part = content[:400] if number % 3 else content
        file.write_bytes(damaged_bytes(rng, part) + content[len(part) :])
        attempt(path, arrays, count)
        file.write_bytes(content)
    record_property("cases", sum(count.values()))
    assert count["refused"] >= PER_KIND // 4


def refused(path, *words):
    with pytest.raises(QmuError) as caught:
        mnist_full.load(mnist_full.Config(path=str(path)))
    text = str(caught.value)
    assert text.isprintable()
    for word in words:
        assert word in text, text


@pytest.mark.parametrize("shape", [(2**32 - 1,) * 3, (2**31, 28, 28), (0, 28, 28), (12, 0, 0)])
def test_idx_headers_that_promise_something_else(tmp_path, arrays, shape):
    folder = write_idx(tmp_path / "idx", arrays, False)
    (folder / NAMES["x_train"]).write_bytes(idx(arrays["x_train"], shape))
    refused(folder, NAMES["x_train"], "its header promises")


@pytest.mark.parametrize("start", [b"\0\0\x08\x01", b"\0\0\x0b\x03", b"\1\0\x08\x03", b"PK\3\4"])
def test_other_magic_numbers(tmp_path, arrays, start):
    folder = write_idx(tmp_path / "idx", arrays, False)
    file = folder / NAMES["x_train"]
    file.write_bytes(start + file.read_bytes()[4:])
    refused(folder, NAMES["x_train"], "not an IDX file")


def test_a_gzip_file_that_unpacks_to_gigabytes(tmp_path, arrays):
    folder = write_idx(tmp_path / "idx", arrays, True)
    file = folder / f"{NAMES['x_train']}.gz"
    with gzip.open(file, "wb", compresslevel=1) as stream:
        for _ in range(60):
            stream.write(bytes(2**20))
    file.write_bytes(file.read_bytes() * 40)  # gzip members follow each other: 2.3 GiB
    refused(folder, file.name, "holds more than")


def npy_of(header, body=b""):
    text = (header + " " * (-(len(header) + 11) % 64) + "\n").encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000, 28, 28)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (70001, 784)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 28, 28)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (12,)}",
        "{'descr': '<U1000000', 'fortran_order': False, 'shape': (12000,)}",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (99999999999,)}",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (12,)}",
        "{'descr': '|u1'}",
        "__import__('os').abort()",
        "[" * 300,
        "",
    ],
)
def test_npy_headers_inside_an_npz(tmp_path, arrays, header):
    path = write_npz(tmp_path / "m.npz", arrays, True)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["x_train.npy"] = npy_of(header, bytes(64))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    refused(path, str(path))


def test_names_inside_an_npz_write_nothing(tmp_path, arrays):
    path = write_npz(tmp_path / "m.npz", arrays, False)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../escaped.npy", b"x")
        archive.writestr("/escaped.npy", b"x")
    before = sorted(os.listdir(tmp_path))
    count = Counter()
    attempt(path, arrays, count)
    assert count["read"] == 1
    assert sorted(os.listdir(tmp_path)) == before
    assert not (tmp_path.parent / "escaped.npy").exists()


def test_an_encrypted_member(tmp_path, arrays):
    path = write_npz(tmp_path / "m.npz", arrays, False)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\1\2") + 8
    content[at] |= 1
    content[6] |= 1
    path.write_bytes(content)
    refused(path, "not a readable npz file")


def test_paths_that_are_no_data(tmp_path, arrays):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    for name in ("loop", "pipe", "nothing", "x" * 300, "a\0b", "a\nb", "\ud800", "x/" * 2100):
        refused(f"{tmp_path}/{name}", "no such file or folder")
    refused("/dev/zero", "no such file or folder")
    folder = write_idx(tmp_path / "idx", arrays, False)
    (folder / NAMES["y_test"]).unlink()
    (folder / NAMES["y_test"]).symlink_to(folder / NAMES["y_test"])
    refused(folder, NAMES["y_test"], "is missing")


def test_dots_and_links_lead_where_the_user_says(tmp_path, arrays):
    """Data are only read: any path that the user can read may hold them."""
    folder, count = write_idx(tmp_path / "idx", arrays, False), Counter()
    (tmp_path / "link").symlink_to(folder)
    attempt(tmp_path / "link" / ".." / "idx", arrays, count)
    attempt(tmp_path / "link", arrays, count)
    assert count["read"] == 2


@pytest.mark.parametrize("save", [np.save, np.savez])
def test_an_open_ended_stream_is_no_npz(tmp_path, save):
    stream = io.BytesIO()
    save(stream, np.ones((12, 28, 28)))
    (tmp_path / "m.npz").write_bytes(stream.getvalue())
    refused(tmp_path / "m.npz", str(tmp_path / "m.npz"))
