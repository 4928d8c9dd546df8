"""Ways to damage a Parquet table, and the whole columns that some of them put in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CODECS = ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]


def damaged_bytes(rng: np.random.Generator, content: bytes) -> bytes:
    """A file with bytes changed, cut, doubled, swapped or in excess."""
    data, size = bytearray(content), len(content)
    kind = rng.integers(0, 8)
    at = int(rng.integers(0, size))
    length = int(rng.integers(1, 64))
    if kind == 0:
        data[at] ^= 1 << int(rng.integers(0, 8))
    elif kind == 1:
        data[at : at + length] = rng.bytes(min(length, size - at))
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        del data[at : at + length]
    elif kind == 4:
        data[at:at] = rng.bytes(length)
    elif kind == 5:
        # The footer, which holds the schema, the sizes and the places of the columns.
        footer = min(max(int.from_bytes(content[-8:-4], "little"), 2), size - 8)
        for _ in range(int(rng.integers(1, 6)) if size > 16 else 0):
            data[size - 8 - int(rng.integers(1, footer))] = int(rng.integers(0, 256))
    elif kind == 6:
        data[-8:-4] = int(rng.integers(0, 2**32)).to_bytes(4, "little")
    else:
        data += data[at:]
    return bytes(data)


def other_type(rng: np.random.Generator, column: pa.ChunkedArray) -> pa.Array:
    """As many values of another type."""
    rows = len(column)
    makers = [
        lambda: pa.nulls(rows),
        lambda: pa.array(range(rows), pa.int32()),
        lambda: pa.array([float(i) for i in range(rows)], pa.float16() if rows == 0 else None),
        lambda: pa.array([str(i) for i in range(rows)]),
        lambda: pa.array([str(i) for i in range(rows)]).dictionary_encode(),
        lambda: pa.array([b"\xff"] * rows, pa.binary()),
        lambda: pa.array(["x"] * rows, pa.large_string()),
        lambda: pa.array([[1.0]] * rows, pa.large_list(pa.float64())),
        lambda: pa.array([[[1.0]]] * rows),
        lambda: pa.array([{"a": 1}] * rows, pa.struct([("a", pa.int64())])),
        lambda: pa.array([[("a", 1)]] * rows, pa.map_(pa.string(), pa.int64())),
        lambda: pa.array([0] * rows, pa.timestamp("us")),
        lambda: pa.array([1] * rows, pa.decimal128(5)),
        lambda: pa.array([True] * rows),
    ]
    return makers[int(rng.integers(0, len(makers)))]()


def with_nulls(rng: np.random.Generator, column: pa.ChunkedArray) -> pa.Array:
    """The column with some values missing, or with values missing inside its lists."""
    values = column.to_pylist()
    for row in range(len(values)):
        if rng.random() < 0.4:
            inside = isinstance(values[row], list) and values[row] and rng.random() < 0.5
            values[row] = [None, *values[row][1:]] if inside else None
    return pa.array(values, column.type)


def rewritten(rng: np.random.Generator, table: pa.Table, path: str) -> str:
    """Write ``table`` changed in one way; returns the way's name."""
    ways = ["type", "name", "drop", "twice", "nulls", "metadata", "order", "codec", "groups"]
    ways += ["dictionary", "empty", "uneven", "extra"]
    way = ways[int(rng.integers(0, len(ways)))]
    at = int(rng.integers(0, table.num_columns))
    name, options = table.column_names[at], {}
    metadata = dict(table.schema.metadata)
    if way == "type":
        table = table.set_column(at, name, other_type(rng, table.column(at)))
    elif way == "name":
        odd = ["", " ", "\n", name.upper(), name + "\u200b", "a" * 2000, "x\0y"]
        table = table.rename_columns(
            [odd[int(rng.integers(0, 7))] if n == name else n for n in table.column_names]
        )
    elif way == "drop":
        table = table.remove_column(at)
    elif way == "twice":
        table = table.append_column(name, table.column(int(rng.integers(0, table.num_columns))))
    elif way == "nulls":
        nullable = pa.field(name, table.column(at).type, nullable=True)
        table = table.set_column(at, nullable, with_nulls(rng, table.column(at)))
    elif way == "metadata":
        keys = list(metadata)
        key = keys[int(rng.integers(0, len(keys)))]
        metadata[key] = [b"", b"\xff\xfe", b"99", b"../x", b"\n", rng.bytes(9)][rng.integers(0, 6)]
        if rng.random() < 0.3:
            metadata[rng.bytes(5)] = b"x"
    elif way == "order":
        table = table.select(list(rng.permutation(table.column_names)))
    elif way == "codec":
        options = {"compression": CODECS[int(rng.integers(0, len(CODECS)))]}
    elif way == "groups":
        options = {"row_group_size": 1}
    elif way == "dictionary":
        options = {"use_dictionary": True, "version": "1.0", "data_page_version": "2.0"}
    elif way == "empty":
        table = table.slice(0, 0)
    elif way == "uneven":
        table = table.append_column("note", pa.array([[0] * i for i in range(table.num_rows)]))
    else:
        table = table.append_column("note", other_type(rng, table.column(at)))
    pq.write_table(table.replace_schema_metadata(metadata), path, **options)
    return way
