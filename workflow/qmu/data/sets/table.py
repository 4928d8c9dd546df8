"""`table`: a CSV or Parquet file of the user's own, whose rows may have ids and belong to groups.

Source: the user's file. What is wrong with it is told before any job starts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import Field, field_validator

from qmu.data import tabular
from qmu.data.dataset import Dataset, Description, first_repeated
from qmu.errors import ConfigError
from qmu.strict import Strict

MOST_CLASSES = 100
TRAINING = ("train", "training")
UNKNOWN = ("na", "n/a", "nan", "null", "?")


class Config(Strict):
    """``path`` of the file and its column ``label``, texts or numbers. ``id`` names a column of
    names for rows, ``group`` columns (one or a list) that say whom a row belongs to: a request to
    forget can name either. ``split``: a column that says ``train`` of the training part.
    ``features``: columns of numbers; by default all others that hold numbers."""

    path: str
    label: str
    id: str | None = None
    group: tuple[str, ...] = ()
    split: str | None = None
    features: tuple[str, ...] = Field(default=())

    @field_validator("group", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


def describe(config: Config) -> Description:
    """The whole file, read once. Raises ConfigError that names the file, and column and row."""
    return _read(config, *tabular.require_file(config.path))[0]


def load(config: Config) -> Dataset:
    """Rows in the file's order; labels are numbered in sorted order."""
    return _read(config, *tabular.require_file(config.path))[1]


@lru_cache(maxsize=2)
def _read(config: Config, *stamp: int) -> tuple[Description, Dataset]:
    table = tabular.read(config.path)
    others = _named(config, table)
    classes, labels = _labels(table, config.label)
    ids = None if config.id is None else _ids(table, config.id)
    groups = {column: table.names(column) for column in config.group}
    training = np.ones(table.rows, bool)
    if config.split is not None:
        training = _training(table, config.split)
    inputs = _inputs(table, config.features, others)
    known = Description(
        classes=len(classes),
        rows=table.rows,
        kind="features",
        shape=(len(inputs),),
        split=config.split is not None,
        labels=classes,
        ids=ids is not None,
        groups=config.group,
        columns=tuple(inputs),
        content=tabular.digest(config.path),
    )
    return known, Dataset(np.column_stack(list(inputs.values())), labels, training, ids, groups)


def _named(config: Config, table: tabular.Table) -> set[str]:
    """The columns that are no features. Raises ConfigError for one that is not there, or is named
    twice."""
    keys = [("label", config.label), ("id", config.id), ("split", config.split)]
    keys += [("group", column) for column in config.group]
    keys += [("features", column) for column in config.features]
    seen: dict[str, str] = {}
    for key, column in keys:
        if column is None:
            continue
        table.require(key, column)
        if column in seen:
            raise ConfigError(f"dataset.{key}: column {column!r} is dataset.{seen[column]} already")
        seen[column] = key
    return {column for column, key in seen.items() if key != "features"}


def _labels(table: tabular.Table, column: str) -> tuple[tuple[str, ...], np.ndarray]:
    """What the classes are called, sorted (as numbers where all are), and each row's class."""
    texts = table.names(column)
    classes = sorted(set(texts.tolist()))
    for one in classes:
        if one.lower() in UNKNOWN:
            row = int(np.argmax(texts == one))
            raise table.fault(column, f"{one!r} is no class but a missing value", row)
    if len(classes) > MOST_CLASSES:
        raise table.fault(column, f"has {len(classes)} classes, at most {MOST_CLASSES}")
    values = dict(zip(classes, map(_as_number, classes), strict=True))
    if None not in values.values():
        # 1 and 1.0 are one class.
        ordered = sorted(set(values.values()))
        number = {text: ordered.index(value) for text, value in values.items()}
        classes = [next(t for t in classes if values[t] == value) for value in ordered]
    else:
        number = {text: place for place, text in enumerate(classes)}
    if len(classes) < 2:
        raise table.fault(column, f"has one class only, {classes[0]!r}")
    return tuple(classes), np.array([number[text] for text in texts.tolist()], np.int64)


def _as_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _ids(table: tabular.Table, column: str) -> np.ndarray:
    ids = table.names(column)
    twice = first_repeated(ids)
    if twice is not None:
        raise table.fault(column, f"the id {ids[twice[1]]!r} is row {twice[0]}'s already", twice[1])
    return ids


def _training(table: tabular.Table, column: str) -> np.ndarray:
    training = np.array([text.lower() in TRAINING for text in table.names(column).tolist()])
    if not training.any():
        raise table.fault(column, "says 'train' of no row")
    return training


def _inputs(
    table: tabular.Table, features: tuple[str, ...], others: set[str]
) -> dict[str, np.ndarray]:
    """The columns of numbers by name."""
    candidates = features or tuple(name for name in table.columns if name not in others)
    columns = {name: table.numbers(name, required=bool(features)) for name in candidates}
    found = {name: values for name, values in columns.items() if values is not None}
    if not found:
        raise tabular.wrong(table.path, "has no column of numbers beside those that are named")
    return found
