"""Parquet in and out: known columns, metadata, checks when read.

Every file carries the table's kind, the schema version, the experiment and the digest of the code
that wrote it. A reader gets NumPy columns of the promised types or one line that names the file
and what is wrong with it. Every page of a file has a checksum that is verified when it is read:
compression alone lets most flipped bits pass as other numbers.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qmu.errors import QmuError

from .files import atomic
from .schemas import SCHEMA_VERSION, SCHEMAS

_SCALARS = {
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "double": pa.float64(),
    "float": pa.float32(),
    "string": pa.string(),
    "bool": pa.bool_(),
}


_REMOVE = "remove the file and run again"


class TableError(QmuError):
    """A table that cannot be written or trusted; the text names file and column."""


def write(
    path: str | Path,
    kind: str,
    columns: Mapping[str, object],
    *,
    experiment: str,
    code_digest: str,
) -> None:
    """Write ``columns`` (name -> array, rows first) as table ``kind``, all at once or not at all.

    Raises TableError for missing, unknown or ragged columns and for values that do not fit.
    """
    path = Path(path)
    schema = _present(SCHEMAS[kind], columns)
    if set(columns) != set(schema):
        missing, unknown = sorted(set(schema) - set(columns)), sorted(set(columns) - set(schema))
        raise TableError(f"{path}: table {kind!r} lacks {missing}, does not know {unknown}")
    arrays, fields = [], []
    for name, spec in schema.items():
        array = _to_arrow(path, name, columns[name], spec)
        _check_nulls(path, name, array, spec)
        arrays.append(array)
        fields.append(pa.field(name, array.type, nullable=spec.endswith("?")))
    lengths = {name: len(array) for name, array in zip(schema, arrays, strict=True)}
    if len(set(lengths.values())) > 1:
        raise TableError(f"{path}: columns of different lengths {lengths}")
    metadata = {
        "qmu.table": kind,
        "qmu.schema_version": str(SCHEMA_VERSION),
        "qmu.experiment": experiment,
        "qmu.code_digest": code_digest,
    }
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def read(path: str | Path, kind: str, *, experiment: str | None = None) -> dict[str, np.ndarray]:
    """All columns of a table as NumPy arrays; TableError names the file, column or row at fault."""
    path = Path(path)
    table = _open(path)
    try:
        return _columns(path, table, kind, experiment)
    except (pa.ArrowException, ValueError) as error:
        # What a damaged footer says of names and types need not even be text.
        raise _unreadable(path, error) from None


def _columns(
    path: Path, table: pa.Table, kind: str, experiment: str | None
) -> dict[str, np.ndarray]:
    metadata = {
        key.decode(errors="replace"): value.decode(errors="replace")
        for key, value in (table.schema.metadata or {}).items()
    }
    _check_metadata(path, kind, experiment, metadata)
    try:
        schema = _present(SCHEMAS[kind], table.column_names)
        missing = [name for name in schema if name not in table.column_names]
        if missing:
            raise TableError(f"{path}: column {missing[0]!r} is missing from table {kind!r}")
        return {
            name: _to_numpy(path, name, table.column(name).combine_chunks(), spec)
            for name, spec in schema.items()
        }
    except (pa.ArrowException, ValueError) as error:  # a damaged name is no UTF-8
        raise _unreadable(path, error) from None


def _present(schema: Mapping[str, str], columns: Collection[str]) -> dict[str, str]:
    """The schema's columns, without those that may be absent and are, and with those that are
    there of a name for any number."""
    found = {}
    for name, spec in schema.items():
        many = [c for c in columns if c.startswith(name[:-1])] if name.endswith("/*") else [name]
        for column in many:
            if column in columns or not spec.endswith("*"):
                found[column] = spec.removesuffix("*")
    return found


def metadata(path: str | Path) -> dict[str, str]:
    """The ``qmu.*`` metadata of a file."""
    found = _open(Path(path)).schema.metadata or {}
    return {
        key.decode(errors="replace"): value.decode(errors="replace")
        for key, value in found.items()
        if key[:4] == b"qmu."
    }


def _open(path: Path) -> pa.Table:
    if not os.path.isfile(path):  # False too for names that no file can have
        raise TableError(f"{path}: no such file")
    try:
        # Not `read_table`: it goes through datasets, whose import brings pandas along and takes
        # longer than most tables, and it reads columns out of the names of folders.
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read()
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise _unreadable(path, error) from None
    twice = [name for name, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise TableError(f"{path}: column {twice[0]!r} stands there twice; {_REMOVE}")
    return table


def _unreadable(path: Path, error: Exception) -> TableError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return TableError(f"{path}: not a readable Parquet file ({reason}); {_REMOVE}")


def _check_metadata(path: Path, kind: str, experiment: str | None, found: dict[str, str]) -> None:
    if found.get("qmu.table") != kind:
        held = found.get("qmu.table", "a foreign table")
        raise TableError(f"{path}: holds {held}, not {kind!r}; {_REMOVE}")
    if found.get("qmu.schema_version") != str(SCHEMA_VERSION):
        raise TableError(
            f"{path}: schema version {found.get('qmu.schema_version')}, this qmu reads "
            f"{SCHEMA_VERSION}; {_REMOVE}"
        )
    if experiment is not None and found.get("qmu.experiment") != experiment:
        raise TableError(
            f"{path}: belongs to experiment {found.get('qmu.experiment')!r}, not {experiment!r}"
        )


def _to_arrow(path: Path, name: str, values: object, spec: str) -> pa.Array:
    nullable, spec = spec.endswith("?"), spec.removesuffix("?")
    try:
        if spec.startswith("vector["):
            array = np.asarray(values)
            if array.ndim != 2:
                raise TableError(f"{path}: column {name!r} needs shape (rows, length)")
            flat = pa.array(np.ascontiguousarray(array).reshape(-1), _SCALARS[spec[7:-1]])
            return pa.FixedSizeListArray.from_arrays(flat, array.shape[1])
        if spec.startswith("list["):
            return pa.array(list(values), pa.list_(_SCALARS[spec[5:-1]]))
        if nullable or spec == "string":
            return pa.array(list(values), _SCALARS[spec])
        return pa.array(np.asarray(values), _SCALARS[spec])
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{path}: column {name!r} does not fit {spec} ({reason})") from None


def _check_nulls(path: Path, name: str, array: pa.Array, spec: str) -> None:
    if not spec.endswith("?") and array.null_count:
        row = array.is_null().to_pylist().index(True)
        raise TableError(f"{path}: column {name!r} has no value in row {row}")
    if pa.types.is_list(array.type) or pa.types.is_fixed_size_list(array.type):
        for row, values in enumerate(array if array.flatten().null_count else ()):
            if values.values is not None and values.values.null_count:
                raise TableError(f"{path}: column {name!r} lacks a number in row {row}")


def _to_numpy(path: Path, name: str, array: pa.Array, spec: str) -> np.ndarray:
    _check_nulls(path, name, array, spec)
    spec = spec.removesuffix("?")
    if spec.startswith("vector["):
        scalar = _SCALARS[spec[7:-1]]
        if not pa.types.is_fixed_size_list(array.type) or array.type.value_type != scalar:
            raise TableError(f"{path}: column {name!r} has type {array.type}, not {spec}")
        flat = array.flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(len(array), array.type.list_size)
    expected = pa.list_(_SCALARS[spec[5:-1]]) if spec.startswith("list[") else _SCALARS[spec]
    if array.type != expected:
        raise TableError(f"{path}: column {name!r} has type {array.type}, not {spec}")
    if spec.startswith("list["):
        offsets = array.offsets.to_numpy()
        flat = array.values.to_numpy(zero_copy_only=False)
        lists = np.empty(len(array), dtype=object)
        for row in range(len(array)):
            lists[row] = flat[offsets[row] : offsets[row + 1]]
        return lists
    if spec == "string" or array.null_count:
        return np.array(array.to_pylist(), dtype=object)
    return array.to_numpy(zero_copy_only=False)
