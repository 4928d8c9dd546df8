"""The report's tables as plain rows of text, from the summary."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from qmu.report.evidence.results import Results
from qmu.report.evidence.summary import FLOOR, SPLITS, Cell
from qmu.report.sentences.words import difference, number, points, rate, small
from qmu.variants import RETRAIN

DASH = "–"
IDEAL = "AUC of perfect unlearning"


@dataclass(frozen=True)
class Table:
    """``rows``: the first ``headers`` cells of each are row headers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    headers: int = 1


@dataclass(frozen=True)
class Corner:
    """One rate of the 2x2 picture: its text and its share of the cell."""

    text: str
    share: float


@dataclass(frozen=True)
class Corners:
    """A variant's row of the 2x2 picture."""

    variant: str
    members: Corner
    others: Corner
    gap: str
    auc: str


def corners(
    results: Results, model: str, attack: str | None, only: Collection[str] | None = None
) -> list[Corners]:
    """The 2x2 table of one attack on one model, baselines first; ``only`` of these variants."""
    rows, summary = [], results.summary
    for variant in summary.variants(model) if attack else ():
        if only is not None and variant not in only:
            continue
        members = summary.get(model, variant, "mia_success", "forget_train", attack)
        others = summary.non_members(model, variant, attack)
        if members is None and others is None:
            continue
        unfitted = summary.get(model, variant, "mia_success_unfitted", "forget_train", attack)
        apart = difference(unfitted, others) if unfitted and others else None
        gap = DASH if apart is None else points(apart)
        area = shown(summary.areas(model, variant).get(attack), number)
        label = results.label(variant)
        rows.append(Corners(label, _corner(members), _corner(others), gap, area))
    return rows


def _corner(estimate: Cell | None) -> Corner:
    if estimate is None:
        return Corner(DASH, 0.0)
    return Corner(rate(estimate), min(max(estimate.value, 0.0), 1.0))


def full(results: Results, model: str) -> list[Table]:
    """Accuracy, attacks, distances and cost of one model; tables without numbers are left out."""
    tables = (_accuracy, _attacks, _distances, _costs)
    made = [make(results, model) for make in tables]
    return [table for table in made if table.rows]


def _accuracy(results: Results, model: str) -> Table:
    columns = {title: ("accuracy", split, rate) for split, title in SPLITS.items()}
    loss = {"forget loss (nats)": ("cross_entropy", "forget_train", number)}
    columns |= _present(results, model, loss)
    rows = _rows(results, model, None, columns)
    return Table(f"{model}: accuracy", ("variant", *columns), rows)


def _attacks(results: Results, model: str) -> Table:
    columns = {
        "members": ("mia_success", "forget_train", rate),
        "members the attack was not fitted on": ("mia_success_unfitted", "forget_train", rate),
        "non-members, unseen": ("mia_false_positive", "forget_unseen", rate),
        "non-members, test": ("mia_false_positive", "forget_test", rate),
        "AUC": ("auc", "forget_train", number),
        "advantage": ("advantage", "forget_train", number),
        "balanced accuracy": ("balanced_accuracy", "forget_train", rate),
        "AUC, retained data": ("auc", "retain_train", number),
    }
    columns = _present(results, model, columns)
    rows = [
        (attack, *row, ideal(results, model, attack))
        for attack in results.summary.attacks
        for row in _rows(results, model, attack, columns)
    ]
    caption = f"{model}: attacks on the forget set"
    return Table(caption, ("attack", "variant", *columns, IDEAL), tuple(rows), 2)


def ideal(results: Results, model: str, attack: str) -> str:
    """The AUC that perfect unlearning reads by an attack's card, and what retrained models read."""
    expected = results.expected_area(attack)
    floor = results.summary.get(model, RETRAIN, "auc", "forget_train", attack)
    parts = [] if expected is None else [f"{expected:g}"]
    parts += [] if floor is None else [f"retrained {number(floor)}"]
    return "; ".join(parts) or DASH


def _distances(results: Results, model: str) -> Table:
    forms = {"KL": ("kl_to_retrain", small), "JS": ("js_to_retrain", small)}
    forms["agreement"] = ("agreement_with_retrain", rate)
    rows = []
    for split, title in SPLITS.items():
        for variant in results.summary.variants(model):
            floor = FLOOR if variant == "retrain" else ""
            columns = {n: (metric + floor, split, form) for n, (metric, form) in forms.items()}
            label = "floor: retrain to retrain" if floor else results.label(variant)
            if cells := _cells(results, model, variant, None, columns):
                rows.append((title, label, *cells))
    caption = f"{model}: distance to the retrained model"
    return Table(caption, ("split", "variant", *forms), tuple(rows), 2)


def _costs(results: Results, model: str) -> Table:
    columns = {
        "gradient evaluations": ("gradient_evaluations", None, count),
        "forward evaluations": ("forward_evaluations", None, count),
        "Hessian products": ("hessian_products", None, count),
        "circuit executions": ("circuit_executions", None, count),
        "samples read": ("samples_read", None, count),
        "seconds": ("seconds", None, small),
        "CPU seconds": ("cpu_seconds", None, small),
        "speed-up, gradient evaluations": ("speedup", None, times),
        "speed-up, seconds": ("speedup_seconds", None, times),
    }
    columns = _present(results, model, columns)
    rows = _rows(results, model, None, columns)
    return Table(f"{model}: cost, mean of the seeds", ("variant", *columns), rows)


Columns = Mapping[str, tuple[str, str | None, Callable[[Cell], str]]]


def _rows(
    results: Results, model: str, attack: str | None, columns: Columns
) -> tuple[tuple[str, ...], ...]:
    """A row per variant that has any of the columns."""
    return tuple(
        (results.label(variant), *cells)
        for variant in results.summary.variants(model)
        if (cells := _cells(results, model, variant, attack, columns))
    )


def _cells(
    results: Results, model: str, variant: str, attack: str | None, columns: Columns
) -> tuple[str, ...]:
    get = results.summary.get
    cells = [shown(get(model, variant, m, split, attack), f) for m, split, f in columns.values()]
    return tuple(cells) if set(cells) != {DASH} else ()


def _present(results: Results, model: str, columns: Columns) -> Columns:
    """Without the columns that are empty for every variant and attack."""
    known = {(key[2], key[3]) for key in results.summary.cells if key[0] == model}
    return {name: spec for name, spec in columns.items() if spec[:2] in known}


def shown(cell: Cell | None, form: Callable[[Cell], str]) -> str:
    """A figure in its form, a dash where it was not measured."""
    return DASH if cell is None else form(cell)


def count(estimate: Cell) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{estimate.value:,.0f}".replace(",", "\u202f")


def times(estimate: Cell) -> str:
    """A factor; what costs nothing is infinitely faster."""
    return f"{estimate.value:.3g}×" if math.isfinite(estimate.value) else "free"


def endings(results: Results, model: str) -> Table | None:
    """How every method ended, seed by seed: its steps, whether it changed anything, and why it
    stopped."""
    rows = [
        (
            results.label(one.method),
            str(one.seed),
            str(one.steps),
            "yes" if one.changed else "no",
            one.stopped,
        )
        for one in results.endings
        if one.model == model
    ]
    columns = ("variant", "seed", "steps", "changed", "why it stopped")
    return Table(f"{model}: how each method ended", columns, tuple(rows), 2) if rows else None


def tuning(results: Results, model: str) -> Table | None:
    """Every method's distance to its tuned best, on shadow models."""
    rows = [
        (
            results.label(one.variant),
            f"{one.trials} settings on {one.models} models",
            f"{one.best.configured:.3g}",
            f"{one.best.best:.3g}" + ("" if one.best.admitted else ", costs too much accuracy"),
            f"{one.best.gain:.2g} [{one.best.low:.2g}, {one.best.high:.2g}]",
            ", ".join(f"{name} {_setting(v)}" for name, v in one.changed.items()) or "none",
        )
        for one in results.tuning
        if one.model == model
    ]
    columns = ("variant", "tried", "as configured", "best", "gain", "settings that differ")
    caption = f"{model}: distance to retraining on shadow models (JS, nats), tuned and not"
    return Table(caption, columns, tuple(rows)) if rows else None


def _setting(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def files(tables: Mapping[str, Mapping[str, str]]) -> Table | None:
    """The manifest's tables with the digests of their content and of the code that wrote them."""
    columns = ("file", *dict.fromkeys(key for entry in tables.values() for key in entry))
    rows = [
        (name, *(str(entry.get(key, DASH)) for key in columns[1:]))
        for name, entry in tables.items()
    ]
    return Table(f"{len(rows)} tables", columns, tuple(rows)) if rows else None


def flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """A nested mapping as (dotted key, text) pairs; lists of plain values stay on one line."""
    if isinstance(value, Mapping):
        return [
            pair
            for key, inner in value.items()
            for pair in flat(inner, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
        return [pair for i, inner in enumerate(value) for pair in flat(inner, f"{prefix}[{i}]")]
    if isinstance(value, list | tuple):
        return [(prefix, ", ".join(map(str, value)))]
    return [(prefix, str(value))]
