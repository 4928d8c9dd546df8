"""A user's own table, CSV or Parquet: columns as arrays, or one line that names column and row.

What would exhaust memory is refused before it is read: by the file's size, its lines and columns.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from qmu.errors import ConfigError, suggestion

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES = 2**30
MOST_ROWS = 1_000_000
MOST_VALUES = 50_000_000
# Beyond it a square, or a number in single precision, is infinite.
LARGEST = 1e30

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
# What looks like a number to people or programs and is none.
ALMOST = r"(?i)^([+-]?(nan|inf|infinity)|[+-]?[0-9.]*[0-9],[0-9]+([eE][+-]?[0-9]+)?)$"
NUMBER_OR_NONE = rf"{NUMBER}|^-(inf|Inf|infinity)$"
FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
MISSING = ("", "na", "n/a", "null", "none", "?", "-")

_FOREIGN = {
    b"PK\x03\x04": "is an Excel workbook or another archive: save the table as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook: save the table as CSV (UTF-8)",
    b"\x1f\x8b": "is packed: unpack it",
    b"BZh": "is packed: unpack it",
    b"\xfd7zXZ": "is packed: unpack it",
    b"\x28\xb5\x2f\xfd": "is packed: unpack it",
    b"\xff\xfe": "is text in UTF-16: save it as UTF-8",
    b"\xfe\xff": "is text in UTF-16: save it as UTF-8",
}


@dataclass(frozen=True)
class Table:
    """``columns``: Arrow arrays by name, all of ``rows`` values; a CSV's hold the texts as they
    stand there. ``lines``: whether row r stands in line r + 2 of the file. ``section`` of the
    configuration: the one that names the file."""

    path: str
    columns: dict[str, pa.ChunkedArray]
    rows: int
    lines: bool
    section: str = "dataset"

    def fault(self, column: str, what: str, row: int | None = None) -> ConfigError:
        """The error for a column, or one of its values."""
        at = "" if row is None else f", row {row}"
        at += f" (line {row + 2})" if row is not None and self.lines else ""
        return wrong(self.path, f"column {column!r}{at}: {what}", self.section)

    def require(self, key: str, column: str) -> None:
        """Raise ConfigError where the column that a key of the configuration names is not there."""
        if column not in self.columns:
            raise ConfigError(
                f"{self.section}.{key}: no column {column!r} in {self.path}."
                f"{suggestion(column, self.columns)}"
            )

    def numbers(self, column: str, required: bool) -> np.ndarray | None:
        """The column as (rows,) float64, which is not constant; None for a column of other things
        that is not ``required``. ConfigError where it holds numbers and something else."""
        values = self._numbers(column, required, NUMBER)
        if values is None:
            return None
        self._require_finite(column, values)
        if values.min() == values.max():
            raise self.fault(column, f"holds {values[0]:g} in every row: leave it out")
        return values

    def values(self, column: str, ruled_out: bool = False) -> np.ndarray:
        """The column as (rows,) float64, numbers all; minus infinity only where it may say that
        something is ``ruled_out``."""
        values = self._numbers(column, True, NUMBER_OR_NONE if ruled_out else NUMBER)
        finite = np.where(np.isneginf(values), 0.0, values) if ruled_out else values
        self._require_finite(column, finite)
        return values

    def integers(self, column: str) -> np.ndarray:
        """The column as (rows,) int64, whole numbers from 0 on."""
        values = self.values(column)
        bad = (values < 0) | (values != np.floor(values)) | (values >= 2**53)
        if bad.any():
            row = int(np.argmax(bad))
            raise self.fault(column, f"{values[row]:g} is no whole number from 0 on", row)
        return values.astype(np.int64)

    def flags(self, column: str) -> np.ndarray:
        """The column as (rows,) bool: true and false, yes and no, 1 and 0."""
        texts = self.names(column)
        found = {text: FLAGS.get(text.lower()) for text in dict.fromkeys(texts.tolist())}
        for text, flag in found.items():
            if flag is None:
                row = int(np.argmax(texts == text))
                raise self.fault(column, f"{text!r} is neither true nor false", row)
        return np.array([found[text] for text in texts.tolist()], bool)

    def names(self, column: str) -> np.ndarray:
        """The column as (rows,) texts without blanks around them, none of them missing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        array = self.columns[column]
        if pa.types.is_nested(array.type) or pa.types.is_binary(array.type):
            raise self.fault(column, f"holds {array.type}, which names nothing")
        self._require_values(column, array.is_null())
        if pa.types.is_floating(array.type):
            self._require_values(column, pc.is_nan(array))
            whole = pc.cast(array, pa.float64()).to_numpy()
            if np.all((np.abs(whole) < 2**53) & (whole == np.floor(whole))):
                # How a number without a fraction comes back from a table with gaps.
                array = pc.cast(array, pa.int64())
        texts = _texts(array if _is_text(array.type) else pc.cast(array, pa.string()))
        self._require_values(column, pc.equal(texts, ""))
        return np.array(texts.to_pylist(), dtype=object)

    def _numbers(self, column: str, required: bool, pattern: str) -> np.ndarray | None:
        """The column's numbers, of whatever size; texts that ``pattern`` matches are such."""
        import pyarrow as pa
        import pyarrow.compute as pc

        array, values = self.columns[column], None
        if _is_text(array.type):
            values = self._parsed(column, _texts(array), required, pattern)
        elif _is_numeric(array.type):
            self._require_values(column, array.is_null())
            values = pc.cast(array, pa.float64(), safe=False).to_numpy()
        if values is None and required:
            raise self.fault(column, f"holds no numbers but {array.type}")
        return values

    def _require_finite(self, column: str, values: np.ndarray) -> None:
        bad = ~(np.abs(values) <= LARGEST)
        if bad.any():
            row = int(np.argmax(bad))
            size = "is too large" if np.isfinite(values[row]) else "is no finite number"
            raise self.fault(column, f"{values[row]:g} {size}", row)

    def _parsed(
        self, column: str, texts: pa.ChunkedArray, required: bool, pattern: str
    ) -> np.ndarray | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        plain = pc.match_substring_regex(texts, pattern)
        if pc.all(plain).as_py():
            return pc.cast(texts, pa.float64()).to_numpy()
        some = pc.any(plain).as_py() or pc.any(pc.match_substring_regex(texts, ALMOST)).as_py()
        if not (some or required):
            return None
        row = pc.index(plain, False).as_py()
        hint = "" if required else "; dataset.features can leave the column out"
        raise self.fault(column, _why(texts[row].as_py()) + hint, row)

    def _require_values(self, column: str, missing: Any) -> None:
        import pyarrow.compute as pc

        row = pc.index(missing, True).as_py()
        if row >= 0:
            raise self.fault(column, "a value is missing", row)


class _Unreadable(Exception):
    """What is wrong with a file, without its name."""


def wrong(path: str, what: str, section: str = "dataset") -> ConfigError:
    """The error for a file that a section of the configuration names."""
    return ConfigError(f"{section}.path: {path}: {what}")


def require_file(path: str, section: str = "dataset") -> tuple[int, int]:
    """What tells an edited file from the one that was read; ConfigError where there is none."""
    # os.path: a name that no file can have is False there, and no exception.
    if not os.path.isfile(path):
        what = "a folder, and no file" if os.path.isdir(path) else "no such file"
        raise wrong(path, what, section)
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size


def read(path: str, section: str = "dataset") -> Table:
    """The table of a file; ConfigError names the ``section``, the file, and column, row or line."""
    try:
        return replace(_read(path), section=section)
    except _Unreadable as error:
        raise wrong(path, str(error), section) from None


def _read(path: str) -> Table:
    import pyarrow as pa

    try:
        with open(path, "rb") as stream:
            head = stream.read(4096)
            size = os.fstat(stream.fileno()).st_size
        if not head:
            raise _Unreadable("is empty")
        if size > MOST_BYTES:
            raise _Unreadable(f"has {size:,} bytes, at most {MOST_BYTES:,}")
        for start, what in _FOREIGN.items():
            if head.startswith(start):
                raise _Unreadable(what)
        table = _parquet(path) if head.startswith(b"PAR1") else _csv(path)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise _Unreadable(f"cannot be read ({reason})") from None
    if not table.rows:
        raise _Unreadable("has no rows")
    return table


def digest(path: str) -> str:
    """Hex digest (16 characters) of a file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _parquet(path: str) -> Table:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        known, names = file.metadata, file.schema_arrow.names
        _require_few(known.num_rows, len(names))
        groups = range(known.num_row_groups)
        unpacked = sum(known.row_group(group).total_byte_size for group in groups)
        if unpacked > MOST_BYTES:
            raise _Unreadable(f"unpacks to {unpacked:,} bytes, at most {MOST_BYTES:,}")
        _require_names(names)
        table = file.read()
    return _table(path, table, lines=False)


def _csv(path: str) -> Table:
    import pyarrow as pa
    from pyarrow import csv as arrow

    lines = _count_lines(path)
    names = _header(path)
    if lines < 2:
        raise _Unreadable("has no rows")
    _require_few(lines - 1, len(names))
    _require_names(names)
    uneven: list[Any] = []

    def refuse(row: Any) -> str:
        uneven.append(row)
        return "error"

    try:
        table = arrow.read_csv(
            path,
            arrow.ReadOptions(use_threads=False, block_size=2**24),
            arrow.ParseOptions(newlines_in_values=True, invalid_row_handler=refuse),
            arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        if not uneven:
            raise
        row = uneven[0]
        raise _Unreadable(
            f"row {row.number - 2} has {row.actual_columns} values, the header names "
            f"{row.expected_columns} columns",
        ) from None
    if table.column_names != names:
        raise _Unreadable("its first line does not name the columns")
    return _table(path, table, lines=lines == table.num_rows + 1)


def _table(path: str, table: pa.Table, lines: bool) -> Table:
    import pyarrow as pa

    columns = {}
    for name, array in zip(table.column_names, table.columns, strict=True):
        coded = pa.types.is_dictionary(array.type)
        columns[name] = array.cast(array.type.value_type) if coded else array
    return Table(path, columns, table.num_rows, lines)


def _count_lines(path: str) -> int:
    """Lines of a text file, in constant memory; ConfigError for a byte that is no text."""
    decoder, lines, last = codecs.getincrementaldecoder("utf-8")(), 0, b""
    with open(path, "rb") as stream:
        while chunk := stream.read(2**20):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                line = lines + chunk[: error.start].count(b"\n") + 1
                raise _Unreadable(f"line {line} is no UTF-8 text: save it as UTF-8") from None
            if b"\0" in chunk:
                line = lines + chunk[: chunk.index(b"\0")].count(b"\n") + 1
                raise _Unreadable(f"line {line} is no text, so this is no CSV")
            lines, last = lines + chunk.count(b"\n"), chunk[-1:]
    return lines + (last != b"\n")


def _header(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            names = next(csv.reader(stream, strict=True), [])
    except (csv.Error, UnicodeDecodeError) as error:
        raise _Unreadable(f"its first line is no CSV header ({error})") from None
    first = ",".join(names)
    for sign, word in ((";", "semicolons"), ("\t", "tabs")):
        if first.count(sign) >= max(len(names), 1):
            raise _Unreadable(
                f"its columns are parted by {word}: save it with commas between columns and points "
                "in numbers",
            )
    if len(names) < 2:
        raise _Unreadable("is no CSV: its first line names no two columns parted by commas")
    return names


def _require_names(names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise _Unreadable(f"column {twice[0]!r} stands there twice")


def _require_few(rows: int, columns: int) -> None:
    if rows > MOST_ROWS:
        raise _Unreadable(f"has {rows:,} rows, at most {MOST_ROWS:,}: draw some of them")
    if rows * columns > MOST_VALUES:
        raise _Unreadable(
            f"has {rows:,} rows of {columns:,} values, at most {MOST_VALUES:,} in all"
        )


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_numeric(kind: pa.DataType) -> bool:
    import pyarrow as pa

    tests = ("is_integer", "is_floating", "is_decimal", "is_boolean")
    return any(getattr(pa.types, test)(kind) for test in tests)


def _texts(array: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(pc.fill_null(array, ""))


def _why(text: str) -> str:
    """What keeps a text from being a number."""
    if text.lower() in MISSING:
        return "a value is missing"
    if "," in text:
        return f"{text!r} has a comma: numbers need decimal points, and no sign between thousands"
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"{text!r} is no finite number"
    return f"{text!r} is text in a column of numbers"
