"""A table of predictions: what models that were trained elsewhere say of labelled rows.

One row of the file per model and sample. All that the audit reads of a model is there: the label,
whether the model was trained on the sample, and its logits or probabilities. What is wrong with the
file is told before any job starts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal, NoReturn

import numpy as np
from pydantic import StringConstraints

from qmu.strict import Strict
from qmu.variants import RESERVED, RETRAIN, TARGET, residue, retrained

from . import tabular
from .splits import PARTS

SECTION = "predictions"
COLUMNS = ("sample_id", "label", "model", "index", "member", "forget")
ANSWERS = ("logit", "probability")
SHADOW = "shadow"
KINDS = (
    "original, retrained, retrained:1, unlearned:NAME, residue:PERCENT, shadow, shadow:retrained "
    "or shadow:NAME"
)
NAME = r"[a-z][a-z0-9_]{0,39}"
# What an attack's card may ask for that no table of predictions holds.
UNKNOWN = {
    "queries": "needs answers on transformed copies of the rows",
    "expectation_values": "reads what the circuit measured beside the logits",
}
MODEL_ITSELF = "looks at the model itself, of which the answers alone are known"
# Unlearned shadow models that a Gaussian per sample and world needs.
FEWEST_UNLEARNED = 8
# How far the probabilities of a row may be from 1 in all: they are often written with few digits.
ROUNDING = 0.01
# Models are compared on a member and a non-member at the least; test and unseen rows need one each.
FEWEST = {True: 1, False: 2}


def lacking(needs: tuple[str, ...], shadows: Mapping[str, int]) -> list[str]:
    """Why what a card ``needs`` is not there, of ``count`` shadow models of which so many were
    ``unlearned``; empty where it is."""
    found = [why for need, why in UNKNOWN.items() if need in needs]
    if "shadows" in needs and not shadows["count"]:
        found.append("learns from shadow models, of which the table has none ('shadow')")
    if "unlearned_shadows" in needs and shadows["unlearned"] < FEWEST_UNLEARNED:
        found.append(
            f"needs {FEWEST_UNLEARNED} shadow models that the methods have unlearned "
            f"('shadow:retrained' and 'shadow:NAME' of every method), the table has "
            f"{shadows['unlearned']}"
        )
    return found


class Config(Strict):
    """``path`` of the CSV or Parquet file. ``model``: what the report calls the model. ``loss``:
    what it was trained with, which attacks read. ``controls``: those of the unlearned models that
    forgot nothing, so that the audit has to accuse them."""

    path: str
    model: Annotated[str, StringConstraints(pattern=rf"^{NAME}$")] = "model"
    loss: Literal["ce", "bce_sum"] = "ce"
    controls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """One model on all samples: ``member`` (n,) bool, whether it was trained on them, and
    ``logits`` (n, classes) float64, log-probabilities where the file holds probabilities."""

    member: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True)
class Predictions:
    """The whole file, samples by their ids in ascending order.

    ``sample_id`` (n,) int64, ``ids`` (n,) texts where they are no whole numbers (then ``sample_id``
    numbers them), ``label`` (n,) int64, ``forget`` (n,) bool. ``variants``: (variant, seed) -> the
    audited models, by qmu's names for them; ``shadows``: variant -> shadow models, those that were
    unlearned or retrained too first. ``parts``: seed -> (n,) of the names in `splits.PARTS`, where
    the file has a column ``split``. ``content``: a digest of the file.
    """

    sample_id: np.ndarray
    ids: np.ndarray | None
    label: np.ndarray
    forget: np.ndarray
    variants: Mapping[tuple[str, int], Answers]
    shadows: Mapping[str, tuple[Answers, ...]]
    parts: Mapping[int, np.ndarray] | None
    content: str

    @property
    def classes(self) -> int:
        """The classes that models tell apart."""
        return next(iter(self.variants.values())).logits.shape[1]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The numbers of the original models, ascending."""
        return tuple(sorted(seed for variant, seed in self.variants if variant == TARGET))

    @property
    def names(self) -> tuple[str, ...]:
        """All variants, sorted."""
        return tuple(sorted({variant for variant, _ in self.variants}))

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the unlearned models, sorted."""
        return tuple(name for name in self.names if name.partition("@")[0] not in RESERVED)

    @property
    def unlearned(self) -> int:
        """Shadow models that were retrained without the request and unlearned by every method."""
        complete = all(name in self.shadows for name in (RETRAIN, *self.methods))
        return len(self.shadows[RETRAIN]) if complete else 0

    @property
    def trained(self) -> np.ndarray:
        """Samples (n,) bool that some original model was trained on."""
        return np.any([self.variants[TARGET, seed].member for seed in self.seeds], axis=0)

    @property
    def marked(self) -> bool:
        """Whether the file itself marks what the rows to be forgotten are compared with."""
        originals = [self.variants[TARGET, seed].member for seed in self.seeds]
        return any(bool(np.any(self.forget & ~member)) for member in originals)


def read(config: Config) -> Predictions:
    """The file, read once. Raises ConfigError that names the file, and column and row."""
    return _read(config.path, *tabular.require_file(config.path, SECTION))


@lru_cache(maxsize=2)
def _read(path: str, *stamp: int) -> Predictions:
    table = tabular.read(path, SECTION)
    columns = _columns(table)
    grid = _Grid(table)
    labels, member = table.integers("label"), table.flags("member")
    logits = _logits(table, columns, labels)
    label = grid.shared("label", labels)
    forget = grid.shared("forget", table.flags("forget"))
    models = {
        key: Answers(member[rows], logits[rows])
        for key, rows in zip(grid.models, grid.rows, strict=True)
    }
    whole = Predictions(
        *grid.sample_ids(),
        label,
        forget,
        {key: one for key, one in models.items() if not _is_shadow(key[0])},
        _shadows(models),
        _parts(table, grid),
        tabular.digest(path),
    )
    _require_seeds(table, whole)
    _require_members(grid, whole, models)
    _require_shadows(table, grid, whole)
    _require_game(table, whole)
    return whole


def _columns(table: tabular.Table) -> tuple[str, ...]:
    """The columns of answers, in the order of the classes."""
    for column in COLUMNS:
        if column not in table.columns:
            _refuse(table, f"there is no column {column!r}")
    kinds = [kind for kind in ANSWERS if f"{kind}_0" in table.columns]
    if len(kinds) != 1:
        what = "both columns" if kinds else "neither a column"
        joined = " and " if kinds else " nor "
        _refuse(table, f"there is {what} 'logit_0'{joined}'probability_0'")
    found = [c for c in table.columns if re.fullmatch(rf"{kinds[0]}_(0|[1-9][0-9]*)", c)]
    for number in range(len(found)):
        if f"{kinds[0]}_{number}" not in found:
            _refuse(table, f"there is no column '{kinds[0]}_{number}'")
    if len(found) < 2:
        _refuse(table, f"there is no column '{kinds[0]}_1': models tell two classes at the least")
    return tuple(f"{kinds[0]}_{number}" for number in range(len(found)))


def _refuse(table: tabular.Table, what: str) -> NoReturn:
    raise tabular.wrong(table.path, what, SECTION)


class _Grid:
    """Which row of the file holds what a model says of a sample: ``rows`` (models, n), ``models``
    by (variant, number), ``names`` (n,) of the samples in their order."""

    def __init__(self, table: tabular.Table) -> None:
        self.table = table
        texts, index = table.names("sample_id"), table.integers("index")
        self.names, sample = _in_order(texts)
        kinds, kind = np.unique(table.names("model").astype(str), return_inverse=True)
        known = enumerate(kinds.tolist())
        variants = [_variant(table, one, int(np.argmax(kind == k))) for k, one in known]
        numbers, number = np.unique(index, return_inverse=True)
        cell = kind * len(numbers) + number
        cells, model = np.unique(cell, return_inverse=True)
        self.models = [
            (variants[one // len(numbers)], int(numbers[one % len(numbers)])) for one in cells
        ]
        place = model * len(self.names) + sample
        order = np.argsort(place, kind="stable")
        self._require_once(texts, place[order], order)
        self._require_all(model, sample)
        self.rows = order.reshape(len(cells), len(self.names))

    def _require_once(self, texts: np.ndarray, place: np.ndarray, order: np.ndarray) -> None:
        again = np.flatnonzero(place[1:] == place[:-1]) + 1
        if len(again):
            first = again[np.argmin(order[again])]
            row, before = int(order[first]), int(order[first - 1])
            what = f"{texts[row]!r} is there already for this model and index, in row {before}"
            raise self.table.fault("sample_id", what, row)

    def _require_all(self, model: np.ndarray, sample: np.ndarray) -> None:
        counts = np.bincount(model)
        if np.any(counts < len(self.names)):
            short = int(np.argmax(counts < len(self.names)))
            row = int(np.argmax(model == short))
            there = np.zeros(len(self.names), bool)
            there[sample[model == short]] = True
            missing = str(self.names[int(np.argmin(there))])
            what = f"this model, of index {self.models[short][1]}, lacks the sample {missing!r}"
            raise self.table.fault("model", what, row)

    def shared(self, column: str, values: np.ndarray) -> np.ndarray:
        """A column's values per sample (n,), when all models' rows agree on them."""
        found = values[self.rows]
        self.require(column, found == found[0], "is another one than in row {}", self.rows[0])
        return found[0]

    def require(
        self, column: str, fits: np.ndarray, what: str, other: np.ndarray | None = None
    ) -> None:
        """ConfigError for the first row of the file whose cell does not fit, (models, n) bool;
        ``what`` may name the ``other`` row (n,) that it is compared with."""
        if fits.all():
            return
        bad = np.where(fits, len(self.rows.ravel()), self.rows)
        row = int(bad.min())
        sample = int(np.argwhere(bad == row)[0][1])
        name = str(self.names[sample])
        compared = "" if other is None else what.format(int(other[sample]))
        raise self.table.fault(column, f"{compared or what} (sample {name!r})", row)

    def sample_ids(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Numbers of the samples, and their names where these are no numbers."""
        if _are_numbers(self.names):
            return self.names.astype(np.int64), None
        return np.arange(len(self.names)), self.names.astype(object)


def _in_order(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different names in ascending order, as numbers where all are, and each row's place."""
    names, place = np.unique(texts.astype(str), return_inverse=True)
    if _are_numbers(names):
        order = np.argsort(names.astype(np.int64), kind="stable")
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return names[order], ranks[place]
    return names, place


def _are_numbers(names: np.ndarray) -> bool:
    return all(re.fullmatch(r"0|[1-9][0-9]{0,17}", name) for name in names.tolist())


def _variant(table: tabular.Table, text: str, row: int) -> str:
    """qmu's name for a model of the file; of shadow models with ``shadow:`` before it."""
    kind, colon, rest = text.partition(":")
    if kind == SHADOW:
        if rest == "retrained":
            return f"{SHADOW}:{RETRAIN}"
        if not colon or _is_free(rest):
            return f"{SHADOW}:{rest or TARGET}"
    elif text == "original":
        return TARGET
    elif text == "retrained":
        return RETRAIN
    elif kind == "retrained" and re.fullmatch(r"[1-9][0-9]?", rest):
        return retrained(int(rest))
    elif kind == "residue" and re.fullmatch(tabular.NUMBER, rest) and 0 < float(rest) <= 100:
        return residue(float(rest))
    elif kind == "unlearned" and _is_free(rest):
        return rest
    raise table.fault("model", f"{text!r} is none of {KINDS}", row)


def _is_free(name: str) -> bool:
    """Whether a method may be called so."""
    return bool(re.fullmatch(NAME, name)) and name.split("_")[0] not in RESERVED


def _is_shadow(variant: str) -> bool:
    return variant.startswith(f"{SHADOW}:")


def _shadows(models: Mapping[tuple[str, int], Answers]) -> dict[str, tuple[Answers, ...]]:
    numbers: dict[str, list[int]] = {}
    for variant, number in models:
        if _is_shadow(variant):
            numbers.setdefault(variant, []).append(number)
    compared = set(numbers.get(f"{SHADOW}:{RETRAIN}", ()))
    return {
        variant.partition(":")[2]: tuple(
            models[variant, one] for one in sorted(of, key=lambda n: (n not in compared, n))
        )
        for variant, of in numbers.items()
    }


def _logits(table: tabular.Table, columns: tuple[str, ...], label: np.ndarray) -> np.ndarray:
    logits = np.column_stack([table.values(column, ruled_out=True) for column in columns])
    if columns[0].startswith("probability"):
        logits = _log(table, columns, logits)
    none = np.isneginf(logits).all(axis=1)
    if none.any():
        raise table.fault(columns[0], "no class is possible", int(np.argmax(none)))
    beyond = label >= len(columns)
    if beyond.any():
        row = int(np.argmax(beyond))
        what = f"{label[row]} is beyond the last class, {len(columns) - 1} ({columns[-1]})"
        raise table.fault("label", what, row)
    return logits


def _log(table: tabular.Table, columns: tuple[str, ...], values: np.ndarray) -> np.ndarray:
    bad = (values < 0) | (values > 1)
    if bad.any():
        row, place = np.argwhere(bad)[0]
        what = f"{values[row, place]:g} is no probability"
        raise table.fault(columns[place], what, int(row))
    total = values.sum(axis=1)
    bad = np.abs(total - 1) > ROUNDING
    if bad.any():
        row = int(np.argmax(bad))
        what = f"the probabilities of this row are {total[row]:.4g} in all, not 1"
        raise table.fault(columns[0], what, row)
    with np.errstate(divide="ignore"):
        return np.log(values)


def _parts(table: tabular.Table, grid: _Grid) -> dict[int, np.ndarray] | None:
    """Seed -> each sample's part, by the originals' rows of a column ``split``."""
    if "split" not in table.columns:
        return None
    texts = table.names("split")
    unknown = ~np.isin(texts.astype(str), PARTS)
    if unknown.any():
        row = int(np.argmax(unknown))
        raise table.fault("split", f"{texts[row]!r} is none of {', '.join(PARTS)}", row)
    found = {}
    for (variant, seed), rows in zip(grid.models, grid.rows, strict=True):
        if variant == TARGET:
            found[seed] = texts[rows]
            bad = (found[seed] == "train") != table.flags("member")[rows]
            if bad.any():
                what = "'train' goes with members of the original, and with no other rows"
                raise table.fault("split", what, int(rows[bad].min()))
    return found


def _require_seeds(table: tabular.Table, whole: Predictions) -> None:
    """Every variant must be there for the same seeds."""
    if not whole.seeds:
        raise table.fault("model", "no row is of an 'original' model")
    for variant in (RETRAIN, *whole.names):
        own = {seed for name, seed in whole.variants if name == variant}
        for seed in sorted(own.symmetric_difference(whole.seeds)):
            has, lacks = (TARGET, variant) if seed in whole.seeds else (variant, TARGET)
            what = f"there is a model {_shown(has)!r} of index {seed}, but no {_shown(lacks)!r}"
            raise table.fault("model", what)
    further = sum(name.startswith(f"{RETRAIN}@") for name in whole.names)
    for number in range(1, further + 1):
        if retrained(number) not in whole.names:
            what = f"there are {further} further retrained models, but no 'retrained:{number}'"
            raise table.fault("model", what)


def _shown(variant: str) -> str:
    """A variant as the file calls it."""
    name, at, rest = variant.partition("@")
    known = {TARGET: "original", RETRAIN: "retrained"}
    if name in RESERVED:
        return known.get(name, name) + (f":{rest}" if at else "")
    return f"unlearned:{name}"


def _require_members(
    grid: _Grid, whole: Predictions, models: Mapping[tuple[str, int], Answers]
) -> None:
    """Members of a retrained, unlearned or shadow model must follow from the original's."""
    fits = np.ones(grid.rows.shape, bool)
    for place, (variant, number) in enumerate(grid.models):
        shadow, _, name = variant.rpartition(":")
        origin = models.get((f"{SHADOW}:{TARGET}" if shadow else TARGET, number))
        if origin is None or name == TARGET:
            continue
        own, expected = models[variant, number].member, origin.member
        kept = ~whole.forget
        if name.partition("@")[0] == RETRAIN:
            fits[place] = own == (expected & kept)
        elif name.startswith("residue@"):
            fits[place] = np.where(kept, own == expected, own <= expected)
        else:
            fits[place] = own == expected
    grid.require(
        "member",
        fits,
        "does not follow from the original model of this index: unlearned models have its members, "
        "retrained ones those that are not to be forgotten, residues a part of these",
    )


def _require_shadows(table: tabular.Table, grid: _Grid, whole: Predictions) -> None:
    """Shadow models after a method, or retrained, are some of the shadow models."""
    numbers: dict[str, set[int]] = {}
    for variant, number in grid.models:
        if _is_shadow(variant):
            numbers.setdefault(variant.partition(":")[2], set()).add(number)
    for name, own in numbers.items():
        known = "shadow:retrained" if name == RETRAIN else f"shadow:{name}"
        unknown = sorted(own - numbers.get(TARGET, set()))
        if unknown:
            what = f"there is a model {known!r} of index {unknown[0]}, but no 'shadow'"
            raise table.fault("model", what)
        if name not in (TARGET, RETRAIN, *whole.methods):
            raise table.fault("model", f"there is a model {known!r}, but no 'unlearned:{name}'")
        differing = sorted(own ^ numbers.get(RETRAIN, set())) if name != TARGET else []
        if differing:
            what = f"{known!r} and 'shadow:retrained' are not both there of index {differing[0]}"
            raise table.fault("model", what)
    if len(numbers.get(TARGET, (0, 1))) < 2:
        raise table.fault("model", "there is one 'shadow' model only: two at the least, or none")
    for name, of in whole.shadows.items():
        held = np.stack([one.member for one in of])
        if not held.any() or held.all():
            which = "no sample" if not held.any() else "every sample"
            raise table.fault("member", f"shadow models ({name}) were trained on {which}")


def _require_game(table: tabular.Table, whole: Predictions) -> None:
    """Every seed needs members and others, to be forgotten and not."""
    if whole.forget.all() or not whole.forget.any():
        which = "every" if whole.forget.all() else "no"
        raise table.fault("forget", f"{which} sample is to be forgotten")
    for seed in whole.seeds:
        member = whole.variants[TARGET, seed].member
        for forget, words in ((True, "are to be forgotten"), (False, "are kept")):
            for trained, least in FEWEST.items():
                there = (member == trained) & (whole.forget == forget)
                if not trained and forget and not whole.marked:
                    there = _comparable(whole)
                    least, words = 4, "have the label of a sample to be forgotten"
                if there.sum() < least:
                    side = "was" if trained else "was not"
                    what = (
                        f"of the samples that the original of index {seed} {side} trained on, "
                        f"{there.sum()} {words}, and {least} are needed"
                    )
                    raise table.fault("member", what)
            tested = whole.parts is None or (whole.parts[seed] == "test") & (whole.forget == forget)
            if not np.any(tested) and (whole.marked or not forget):
                what = f"says 'test' of none of the samples that {words}, original of index {seed}"
                raise table.fault("split", what)


def _comparable(whole: Predictions) -> np.ndarray:
    """Samples (n,) bool that those to be forgotten can be compared with, where none are marked."""
    labels = np.unique(whole.label[whole.forget])
    return ~whole.trained & np.isin(whole.label, labels)
