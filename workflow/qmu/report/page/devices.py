"""Tables of further devices: the published figure everywhere, and what each device leaves."""

from __future__ import annotations

from qmu.report.results.devices import SIMULATION
from qmu.report.results.results import Results
from qmu.report.sentences.words import number, rate

from .tables import DASH, Table

SIGNAL = {
    "slope of ⟨Z⟩": ("signal_slope", number),
    "correlation of ⟨Z⟩": ("signal_correlation", number),
    "same answer": ("agreement_with_simulation", rate),
    "fidelity of the embedding": ("embedding_fidelity", number),
}


def tables(evidence: Results) -> list[Table]:
    """Per model the attacks and the signal on every device; none where no device was asked."""
    if not evidence.devices:
        return []
    made = []
    for model in evidence.devices.models:
        made += [_attacked(evidence, model), _left(evidence, model)]
    return [table for table in made if table.rows]


def _attacked(evidence: Results, model: str) -> Table:
    devices, attack = evidence.devices, evidence.published_attack or ""
    strongest = devices.strongest(model)
    rows = []
    for place in devices.places:
        for variant in evidence.summary.variants(model):
            members = devices.get(place, model, variant, "mia_success", "forget_train", attack)
            others = devices.non_members(place, model, variant, attack)
            cells = [DASH if estimate is None else rate(estimate) for estimate in (members, others)]
            for name in dict.fromkeys(filter(None, (attack, strongest))):
                area = devices.get(place, model, variant, "auc", "forget_train", name)
                cells.append(DASH if area is None else number(area))
            kept = devices.get(place, model, variant, "accuracy", "retain_test", None)
            cells.append(DASH if kept is None else rate(kept))
            if any(cell != DASH for cell in cells):
                rows.append((place, evidence.label(variant), *cells))
    columns = ("members", "never trained on")
    columns += tuple(f"AUC, {name}" for name in dict.fromkeys(filter(None, (attack, strongest))))
    return Table(
        f"{model}: called “member” by {attack}, AUC, and accuracy on the other classes",
        ("device", "variant", *columns, "test accuracy"),
        tuple(rows),
        2,
    )


def _left(evidence: Results, model: str) -> Table:
    """What is left of the original model's signal on each device."""
    devices, rows = evidence.devices, []
    for place in devices.places:
        found = [
            (estimate, text)
            for metric, text in SIGNAL.values()
            for estimate in (devices.get(place, model, "target", metric, "test", None),)
        ]
        if place != SIMULATION and any(estimate is not None for estimate, _ in found):
            cells = (DASH if estimate is None else text(estimate) for estimate, text in found)
            rows.append((place, *cells))
    caption = f"{model}: what each device leaves of the original model on test images"
    return Table(caption, ("device", *SIGNAL), tuple(rows))
