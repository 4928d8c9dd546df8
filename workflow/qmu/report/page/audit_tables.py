"""Tables of a full audit: members found at few false alarms, and unlearning quality."""

from __future__ import annotations

import math

from qmu.metrics.epsilon import DELTA
from qmu.report.results import measures
from qmu.report.results.results import Results
from qmu.report.results.summary import FLOOR, Cell
from qmu.report.sentences.words import low_rate, small

from .tables import DASH, Table

LOW_FPR = {"tpr_at_fpr_1pct": "1% FPR", "tpr_at_fpr_0_1pct": "0.1% FPR"}
GROUPS = {"forget_train": "", "retain_train": ", retained data"}
IMAGES = {
    "forget_train": "to be forgotten",
    "forget_test": "comparable, test",
    "forget_unseen": "comparable, unseen",
    "retain_train": "retained, trained on",
    "retain_test": "retained, test",
    "retain_unseen": "retained, unseen",
    None: DASH,
}


def low_fpr(results: Results, model: str) -> Table | None:
    """TPR at 1% and 0.1% FPR, records found and the lower bound of epsilon, per attack and variant;
    and what the variant's certificate says of epsilon, which no bound may exceed."""
    columns = [
        (f"members found at {name}{where}", metric, split)
        for split, where in GROUPS.items()
        for metric, name in LOW_FPR.items()
    ]
    columns.append(("records found", "records_found", "forget_train"))
    columns += [
        (f"ε at least{where}", "epsilon_lower_bound", split) for split, where in GROUPS.items()
    ]
    columns = [column for column in columns if _any(results, model, *column[1:])]
    rows, certified = [], []
    for attack in results.summary.attacks:
        for variant in results.summary.variants(model):
            cells = [_low(results, (model, variant, m, s, attack)) for _, m, s in columns]
            if any(cell != DASH for cell in cells):
                rows.append((attack, results.label(variant), *cells))
                certified.append(_certified(results, model, variant, attack))
    if not rows:
        return None
    names = tuple(name for name, *_ in columns)
    if set(certified) != {DASH}:
        names += ("ε certified",)
        rows = [(*row, cell) for row, cell in zip(rows, certified, strict=True)]
    caption = f"{model}: members found at few false alarms"
    return Table(caption, ("attack", "variant", *names), tuple(rows), 2)


def _low(results: Results, key: tuple) -> str:
    estimate = results.summary.cells.get(key)
    if estimate is None:
        if key not in results.summary.unresolved:
            return DASH
        n = results.summary.unresolved[key]
        return "not resolvable" if n is None else f"not resolvable with {n} non-members"
    if key[2] == "epsilon_lower_bound":
        return f"{estimate.value:.2f}"
    return low_rate(estimate)


def _certified(results: Results, model: str, variant: str, attack: str) -> str:
    """The certificate's epsilon, with the word where this attack breaks it.

    A bound and a certificate speak of the same where both are of replacing rows and the latter's
    delta is no larger. Private training certifies one row more or less and tells no delta here.
    """
    get = results.summary.get
    epsilon, delta = (get(model, variant, f"{name}_certified") for name in ("epsilon", "delta"))
    if epsilon is None:
        return DASH
    bound = get(model, variant, "epsilon_lower_bound", "forget_train", attack)
    comparable = bound is not None and delta is not None and delta.value <= DELTA
    broken = comparable and bound.value > epsilon.value
    return f"{epsilon.value:.2f}" + (", broken by this attack" if broken else "")


def _any(results: Results, model: str, metric: str, split: str) -> bool:
    keys = (*results.summary.cells, *results.summary.unresolved)
    return any(key[0] == model and key[2:4] == (metric, split) for key in keys)


def quality(results: Results, model: str) -> Table | None:
    """Every measure of unlearning quality of every variant; ``floor`` marks what is the distance
    between retrained models."""
    pairs = measures.present(results, model)
    if not pairs:
        return None
    variants = results.summary.variants(model)
    rows = [
        (
            measures.title(results, metric),
            IMAGES.get(split, str(split)),
            *(_quality(results, model, variant, metric, split) for variant in variants),
        )
        for metric, split in pairs
    ]
    columns = ("measure", "images", *(results.label(v) for v in variants))
    return Table(f"{model}: measures of unlearning quality", columns, tuple(rows), 2)


def _quality(results: Results, model: str, variant: str, metric: str, split: str | None) -> str:
    get = results.summary.get
    estimate = get(model, variant, metric, split)
    floor = get(model, variant, metric + FLOOR, split)
    shown = [_number(estimate)] if estimate is not None else []
    if floor is not None:
        shown.append(f"floor {_number(floor)}")
    return "; ".join(shown) or DASH


def _number(estimate: Cell) -> str:
    if not math.isfinite(estimate.value):
        return "∞" if estimate.value > 0 else "−∞"
    return small(estimate)
