"""A prepared job on disk: one JSON file, read back exactly as it was prepared.

What is submitted is what was prepared, even when another process, on another day, submits it. The
circuit stands in the file as QPY and arrays as npy, as the client itself sends them. Nothing is
ever unpickled: other kinds of values than a job holds are refused before they are decoded.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from qmu.errors import QmuError
from qmu.tables.files import atomic

from .cost import Cost
from .prepare import Prepared

FORMAT = "qmu prepared job"
VERSION = 1
"""Raised when the content of the file changes: an older one is then prepared again."""
_KINDS = ("QuantumCircuit", "ndarray", "settings")


def write_prepared(path: str | Path, prepared: Prepared) -> None:
    """Write a prepared job, all at once or not at all."""
    from qiskit_ibm_runtime import RuntimeEncoder

    content = {item.name: getattr(prepared, item.name) for item in fields(prepared)}
    content["cost"] = asdict(prepared.cost)
    text = json.dumps(content, cls=RuntimeEncoder)
    head = json.dumps({"format": FORMAT, "version": VERSION, "sha256": _sha256(text)})
    with atomic(path) as temporary:
        temporary.write_text(f'{head[:-1]},\n"content": {text}}}\n', encoding="utf-8")


def read_prepared(path: str | Path) -> Prepared:
    """The prepared job of a file. Raises QmuError, naming the file, for one that is missing,
    damaged, of another version or of another kind."""
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise QmuError(f"{path}: no such file") from None
    except OSError as error:
        raise QmuError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise _damaged(path, "no JSON") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise QmuError(f"{path}: not a prepared job")
    if found.get("version") != VERSION:
        raise _damaged(path, f"format version {found.get('version')!r}, not {VERSION}")
    # What was read is written again as it stood there: numbers keep all their digits.
    text = json.dumps(found.get("content"))
    if found.get("sha256") != _sha256(text):
        raise _damaged(path, "its content does not match its checksum")
    try:
        prepared = _decoded(text)
        _check(prepared)
    except Exception as error:  # QPY, zlib, base64 and NumPy each have errors of their own
        raise _damaged(path, f"{type(error).__name__}: {error}") from None
    return prepared


def _decoded(text: str) -> Prepared:
    from qiskit_ibm_runtime import RuntimeDecoder

    json.loads(text, object_hook=_known)
    content: dict[str, Any] = json.loads(text, cls=RuntimeDecoder)
    content["pub"] = tuple(content["pub"])
    content["bits"] = tuple(content["bits"])
    content["cost"] = Cost(**content["cost"])
    return Prepared(**content)


def _known(found: dict[str, Any]) -> dict[str, Any]:
    kind = found.get("__type__")
    if kind is not None and kind not in _KINDS:
        raise ValueError(f"a value of the kind {kind!r}")
    return found


def _check(prepared: Prepared) -> None:
    """ValueError where the parts do not belong together."""
    sampler = prepared.primitive == "sampler"
    isa, values = prepared.pub[0], np.asarray(prepared.pub[1 if sampler else 2])
    samples, parameters = prepared.samples, len(isa.parameters)
    expected = (samples, parameters) if sampler else (samples, 1, parameters)
    outcomes, bits = prepared.masks.shape
    shapes = (values.shape, prepared.fidelity.shape, prepared.signs.shape, (len(prepared.bits),))
    if shapes != (expected, (samples,), (outcomes,), (bits,)):
        raise ValueError(f"shapes {shapes} do not fit {samples} samples and {outcomes} outcomes")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged(path: Path, reason: str) -> QmuError:
    return QmuError(f"{path}: not a prepared job that can be used ({reason}); prepare it again")
