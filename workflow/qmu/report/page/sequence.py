"""A sequence of requests on the page: sentences, and one table per model."""

from __future__ import annotations

from qmu.report.evidence.results import Results
from qmu.report.evidence.sequence import Line
from qmu.report.evidence.summary import BASELINES, Cell
from qmu.report.sentences.words import listed, number, rate
from qmu.variants import RETRAIN

from .tables import DASH, Table, count, shown


def said(results: Results) -> list[str]:
    """What was served, and per model what it has cost so far; nothing of one request alone."""
    sequence = results.sequence
    if not sequence.models:
        return []
    first = (
        f"{len(sequence.names)} requests were served so far, each on the model as the one before "
        f"left it: {listed(list(sequence.names))}. This report is the audit after the last of "
        "them: everywhere in it the forget set is all that was asked for until then, and retrained "
        "models were trained without all of it."
    )
    return [first, *filter(None, (_cost(results, model) for model in sequence.models))]


def _cost(results: Results, model: str) -> str:
    sequence = results.sequence
    shares = {
        results.label(variant): share
        for variant in sequence.of(model)
        if variant not in BASELINES and (share := sequence.share(model, variant)) is not None
    }
    if not shares:
        return ""
    parts = listed([f"{name} {share:.1%}" for name, share in shares.items()])
    text = (
        f"{model}: gradient evaluations so far, of those of retraining at every request: {parts}."
    )
    dear = [name for name, share in shares.items() if share > 1]
    if dear:
        text += f" Retraining at every request would have been cheaper than {listed(dear)}."
    return text


def table(results: Results, model: str) -> Table | None:
    """A row per request and variant; None of one request alone."""
    sequence = results.sequence
    lines = sequence.of(model)
    if not lines:
        return None
    rows = [
        (
            *(f"{place + 1}: {name}", results.label(variant)),
            *_cells(line, lines.get(RETRAIN), place),
            *((shown(line.certified[place], number),) if sequence.certified else ()),
        )
        for place, name in enumerate(sequence.names)
        for variant, line in lines.items()
    ]
    area = f"AUC of {sequence.attacks[model]}" if model in sequence.attacks else "AUC"
    columns = (
        *("after request", "variant", f"{area}, all rows asked for so far"),
        *("accuracy, retained test rows", "gradient evaluations so far", "of retraining's"),
        *(("ε certified",) if sequence.certified else ()),
    )
    return Table(f"{model}: after each request", columns, tuple(rows), 2)


def _cells(line: Line, retrained: Line | None, place: int) -> tuple[str, ...]:
    cost, base = line.cost[place], retrained.cost[place] if retrained else None
    return (
        shown(line.area[place], number),
        shown(line.accuracy[place], rate),
        DASH if cost is None else count(Cell(cost)),
        f"{cost / base:.1%}" if cost is not None and base else DASH,
    )
