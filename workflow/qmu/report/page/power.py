"""Tables on what the audit could have seen: the smallest residue that each attack sees, the
residual share of every variant, and what the reader tolerates."""

from __future__ import annotations

import math

from qmu.audit.verdicts.questions import TITLES
from qmu.audit.verdicts.residue import Share
from qmu.report.evidence import measures
from qmu.report.evidence.ladder import AREA, FOUND
from qmu.report.evidence.results import Results
from qmu.report.sentences.power import percent, residue
from qmu.report.sentences.words import number

from .tables import DASH, Table, shown

NAMES = {metric: f"by {TITLES[metric]}" for metric in (AREA, FOUND)}
RECORDS = "records_found"
# Readings of the same question that need no ladder: a measure, and an attack.
DIRECT, DEGREE = "duci", "iam"
FINE = 0.095
"""Below this share a percentage has one decimal."""


def smallest(results: Results, model: str) -> Table | None:
    """Attack by attack the smallest residue that it sees, those that see most first."""
    if model not in results.ladder.models:
        return None
    ladder = results.ladder
    ranks = {
        metric: {name: place for place, name in enumerate(ladder.ranked(model, metric))}
        for metric in NAMES
    }
    attacks = sorted(ranks[AREA], key=lambda name: sum(of.get(name, 99) for of in ranks.values()))
    rows = []
    for attack in attacks:
        cells = []
        for metric in NAMES:
            share = ladder.smallest(model, attack, metric)
            measured = bool(ladder.curve(model, attack, metric))
            missed = "none" if measured else DASH
            cells.append(missed if share is None else residue(results, model, share))
        rows.append((attack, *cells))
    caption = f"{model}: the smallest residue that each attack sees, with all larger ones"
    return Table(caption, ("attack", *NAMES.values()), tuple(rows))


def shares(results: Results, model: str) -> Table | None:
    """The share of the forget set that every variant still holds, as its figures read on the
    ladder, beside what needs no ladder."""
    judges = results.ladder.judges(model)
    if not judges:
        return None
    get = results.summary.get
    split = next(
        (s for metric, s in measures.present(results, model) if metric == DIRECT), "forget_train"
    )
    direct = any(get(model, v, DIRECT, split) for v in results.summary.variants(model))
    degree = DEGREE in results.summary.attacks
    named = NAMES | {RECORDS: "by records found"}
    columns = [f"{named[metric]}, {attack}" for metric, attack in judges.items()]
    columns += ["DUCI"] if direct else []
    columns += [f"AUC, {DEGREE}"] if degree else []
    rows = []
    for variant in results.summary.variants(model):
        cells = [share(results.ladder.share(model, variant, metric)) for metric in judges]
        cells += [shown(get(model, variant, DIRECT, split), number)] if direct else []
        areas = results.summary.areas(model, variant)
        cells += [shown(areas.get(DEGREE), number)] if degree else []
        rows.append((results.label(variant), *cells))
    caption = f"{model}: residual share of the forget set"
    return Table(caption, ("variant", *columns), tuple(rows))


def share(found: Share | None) -> str:
    """``10% [4-25%]`` (with an en dash); a dash where the ladder cannot tell."""
    if found is None or math.isnan(found.value):
        return DASH
    if found.low > 1:
        return _limit(found.value)
    low, high = _limit(found.low), _limit(found.high)
    return f"{_limit(found.value)} [{low.removesuffix('%')}–{high}]"


def _limit(value: float) -> str:
    digits = 0 if value >= FINE else 1
    return ">100%" if value > 1 else f"{round(100 * value, digits):g}%"


def risk(results: Results) -> Table:
    """What the reader tolerates: the section ``risk`` of the configuration."""
    given = results.risk
    rows = (
        ("AUC of an attack", f"{given.auc:g}"),
        ("members found at 1% false positives", percent(given.tpr)),
        ("records found beyond those of a retrained model", f"{given.records}"),
        ("residue of the forget set", percent(given.residue)),
        ("accuracy that retained data lose", percent(given.damage)),
        ("chance that a retrained model is accused", percent(given.false_accusations)),
    )
    return Table("What the reader tolerates", ("of what", "up to"), rows)
