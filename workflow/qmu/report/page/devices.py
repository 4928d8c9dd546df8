"""Tables of further devices: the published figure everywhere, and what each device leaves."""

from __future__ import annotations

from qmu.report.evidence.devices import SIMULATION
from qmu.report.evidence.results import Results
from qmu.report.sentences.words import number, rate

from .tables import DASH, Table, shown

SIGNAL = {
    "slope of ⟨Z⟩": ("signal_slope", number),
    "correlation of ⟨Z⟩": ("signal_correlation", number),
    "same answer": ("agreement_with_simulation", rate),
    "fidelity of the embedding": ("embedding_fidelity", number),
}


def device_tables(results: Results) -> list[Table]:
    """Per model the attacks and the signal on every device; none where no device was asked."""
    if not results.devices:
        return []
    made = []
    for model in results.devices.models:
        made += [_attacked(results, model), _left(results, model)]
    return [table for table in made if table.rows]


def _attacked(results: Results, model: str) -> Table:
    attack = results.published_attack or ""
    compared = tuple(dict.fromkeys(filter(None, (attack, results.devices.strongest(model)))))
    rows = []
    for place, summary in results.devices.places.items():
        for variant in results.summary.variants(model):
            areas = summary.areas(model, variant)
            cells = (
                shown(summary.get(model, variant, "mia_success", "forget_train", attack), rate),
                shown(summary.non_members(model, variant, attack), rate),
                *(shown(areas.get(name), number) for name in compared),
                shown(summary.get(model, variant, "accuracy", "retain_test"), rate),
            )
            if set(cells) != {DASH}:
                rows.append((place, results.label(variant), *cells))
    areas = (f"AUC, {name}" for name in compared)
    return Table(
        f"{model}: called “member” by {attack}, AUC, and accuracy on the retained data",
        ("device", "variant", "members", "never trained on", *areas, "test accuracy"),
        tuple(rows),
        2,
    )


def _left(results: Results, model: str) -> Table:
    """What is left of the original model's signal on each device."""
    rows = []
    for place, summary in results.devices.places.items():
        cells = [
            shown(summary.get(model, "target", metric, "test"), form)
            for metric, form in SIGNAL.values()
        ]
        if place != SIMULATION and set(cells) != {DASH}:
            rows.append((place, *cells))
    caption = f"{model}: what each device leaves of the original model on test rows"
    return Table(caption, ("device", *SIGNAL), tuple(rows))
