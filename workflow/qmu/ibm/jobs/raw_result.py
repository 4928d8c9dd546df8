"""The raw result of a job on disk: IBM's own JSON, unchanged, beside a header that says whose.

Nothing is pickled. The decoder that checks the text before it is stored is the client's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qmu.errors import QmuError
from qmu.tables.files import atomic


class Verbatim:
    """A result decoder for ``RuntimeJobV2.result`` that returns the text as it came."""

    @classmethod
    def decode(cls, data: str) -> str:
        """The text itself."""
        return data


def fetch(job: Any) -> str:
    """The result's JSON text of a finished job; ValueError where it is not a result."""
    text = job.result(decoder=Verbatim)
    _decoded(text)
    return text


def _decoded(text: str | None) -> Any:
    from qiskit.primitives import PrimitiveResult
    from qiskit_ibm_runtime import RuntimeDecoder

    try:
        result = json.loads(text or "", cls=RuntimeDecoder)
    except Exception as error:  # the decoder unpacks zlib, base64 and NumPy: many kinds of errors
        raise ValueError(f"not a result ({type(error).__name__})") from None
    if not isinstance(result, PrimitiveResult) or len(result) == 0:
        raise ValueError(f"not a result (a {type(result).__name__})")
    return result


def store(path: Path, header: dict[str, Any], text: str) -> None:
    """Write header and result, all at once or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(
            f'{{"header": {json.dumps(header)},\n"result": {text}}}\n', encoding="utf-8"
        )


def read_result(path: str | Path) -> tuple[dict[str, Any], Any]:
    """Header (job id, tag, digest, backend, usage) and Qiskit's PrimitiveResult.

    Raises QmuError for a file that is missing or not a raw result.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["header"], _decoded(json.dumps(content["result"]))
    except FileNotFoundError:
        raise QmuError(f"{path}: no such file") from None
    except (ValueError, KeyError, TypeError) as error:
        raise QmuError(f"{path}: not a raw result ({error}); delete it to fetch it again") from None


def is_result(path: Path) -> bool:
    """Whether a readable raw result is there."""
    try:
        read_result(path)
    except QmuError:
        return False
    return True


def belongs_to(path: Path, job_id: str) -> bool:
    """Whether a readable raw result of this job is already there."""
    try:
        return read_result(path)[0].get("job_id") == job_id
    except QmuError:
        return False
