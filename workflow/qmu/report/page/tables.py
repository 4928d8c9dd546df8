"""The report's tables as plain rows of text, from the summary."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from qmu.report.figures.accuracy import SPLITS
from qmu.report.results.results import Results
from qmu.report.results.summary import Cell
from qmu.report.sentences.words import number, rate, signed

DASH = "–"


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
    evidence: Results, model: str, attack: str | None, only: Collection[str] | None = None
) -> list[Corners]:
    """The 2x2 table of one attack on one model, baselines first; ``only`` of these variants."""
    rows, get = [], evidence.summary.get
    for variant in evidence.summary.variants(model) if attack else ():
        if only is not None and variant not in only:
            continue
        members = get(model, variant, "mia_success", "forget_train", attack)
        found = evidence.non_members(model, variant, attack)
        others = found and found[1]
        if members is None and others is None:
            continue
        gap = DASH
        if members is not None and others is not None:
            gap = signed(100 * (members.value - others.value), 0)
        area = get(model, variant, "auc", "forget_train", attack)
        rows.append(
            Corners(
                evidence.label(variant),
                _corner(members),
                _corner(others),
                gap,
                DASH if area is None else number(area),
            )
        )
    return rows


def _corner(estimate: Cell | None) -> Corner:
    if estimate is None:
        return Corner(DASH, 0.0)
    return Corner(rate(estimate), min(max(estimate.value, 0.0), 1.0))


def full(evidence: Results, model: str) -> list[Table]:
    """Accuracy, attacks, distances and cost of one model; tables without numbers are left out."""
    tables = (_accuracy, _attacks, _distances, _costs)
    made = [make(evidence, model) for make in tables]
    return [table for table in made if table.rows]


def _accuracy(evidence: Results, model: str) -> Table:
    columns = {title: ("accuracy", split, rate) for split, title in SPLITS.items()}
    rows = [
        (evidence.label(v), *cells)
        for v in evidence.summary.variants(model)
        if (cells := _cells(evidence, model, v, None, columns))
    ]
    return Table(f"{model}: accuracy", ("variant", *columns), tuple(rows))


def _attacks(evidence: Results, model: str) -> Table:
    columns = {
        "members": ("mia_success", "forget_train", rate),
        "members the attack was not fitted on": ("mia_success_unfitted", "forget_train", rate),
        "non-members, unseen": ("mia_false_positive", "forget_unseen", rate),
        "non-members, test": ("mia_false_positive", "forget_test", rate),
        "AUC": ("auc", "forget_train", number),
        "advantage": ("advantage", "forget_train", number),
        "balanced accuracy": ("balanced_accuracy", "forget_train", rate),
        "AUC, other classes": ("auc", "retain_train", number),
    }
    columns = _present(evidence, model, columns)
    rows = [
        (attack, evidence.label(v), *cells)
        for attack in evidence.summary.attacks
        for v in evidence.summary.variants(model)
        if (cells := _cells(evidence, model, v, attack, columns))
    ]
    return Table(
        f"{model}: attacks on the forget class", ("attack", "variant", *columns), tuple(rows), 2
    )


def _distances(evidence: Results, model: str) -> Table:
    names = {"kl_to_retrain": "KL", "js_to_retrain": "JS", "agreement_with_retrain": "agreement"}
    forms = {"kl_to_retrain": small, "js_to_retrain": small, "agreement_with_retrain": rate}
    rows = []
    for split, title in SPLITS.items():
        for variant in evidence.summary.variants(model):
            floor = "_floor" if variant == "retrain" else ""
            columns = {n: (f"{m}{floor}", split, forms[m]) for m, n in names.items()}
            cells = _cells(evidence, model, variant, None, columns)
            if cells:
                label = "floor: retrain to retrain" if floor else evidence.label(variant)
                rows.append((title, label, *cells))
    return Table(
        f"{model}: distance to the retrained model",
        ("split", "variant", *names.values()),
        tuple(rows),
        2,
    )


def _costs(evidence: Results, model: str) -> Table:
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
    columns = _present(evidence, model, columns)
    rows = [
        (evidence.label(v), *cells)
        for v in evidence.summary.variants(model)
        if (cells := _cells(evidence, model, v, None, columns))
    ]
    return Table(f"{model}: cost, mean of the seeds", ("variant", *columns), tuple(rows))


Columns = Mapping[str, tuple[str, str | None, Callable[[Cell], str]]]


def _cells(
    evidence: Results, model: str, variant: str, attack: str | None, columns: Columns
) -> tuple[str, ...]:
    found = [evidence.summary.get(model, variant, m, s, attack) for m, s, _ in columns.values()]
    if not any(found):
        return ()
    forms = [form for *_, form in columns.values()]
    return tuple(DASH if e is None else f(e) for e, f in zip(found, forms, strict=True))


def _present(evidence: Results, model: str, columns: Columns) -> Columns:
    """Without the columns that are empty for every variant and attack."""
    known = {(key[2], key[3]) for key in evidence.summary.cells if key[0] == model}
    return {name: spec for name, spec in columns.items() if spec[:2] in known}


def small(estimate: Cell) -> str:
    """Three significant digits, with the interval where there is one."""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} [{estimate.low:.3g}–{estimate.high:.3g}]"


def count(estimate: Cell) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{estimate.value:,.0f}".replace(",", "\u202f")


def times(estimate: Cell) -> str:
    """A factor; what costs nothing is infinitely faster."""
    return f"{estimate.value:.3g}×" if math.isfinite(estimate.value) else "free"


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
