"""One sentence or two about further devices: the published measure there, and the strongest attack.

The rule: for every device, the published measure before unlearning and the highest that it reads
after any method; and the AUC, on the original model, of the attack that is strongest in simulation.
"""

from __future__ import annotations

from collections.abc import Iterable

from qmu.report.results.devices import SIMULATION
from qmu.report.results.results import Results

from .words import listed, number, rate

RULE = (
    "On further devices the published measure is given before unlearning and, after it, for the "
    "method with the highest reading; the AUC is that of the attack that is strongest in "
    "simulation, on the original model."
)


def devices(evidence: Results, model: str, methods: Iterable[str]) -> str:
    """The sentence; empty where no device was asked or the published attack did not run."""
    found, attack = evidence.devices, evidence.published_attack
    if not found or attack is None:
        return ""
    methods = list(methods)
    readings, areas = [], []
    strongest = found.strongest(model)
    for place in found.places:
        if place == SIMULATION:
            continue
        before = found.get(place, model, "target", "mia_success", "forget_train", attack)
        after = [
            estimate
            for method in methods
            if (estimate := found.get(place, model, method, "mia_success", "forget_train", attack))
        ]
        if before is not None:
            highest = max(after, key=lambda estimate: estimate.value, default=None)
            text = f"{place} {rate(before)}"
            readings.append(text + (f" and {rate(highest)}" if highest is not None else ""))
        area = found.get(place, model, "target", "auc", "forget_train", strongest)
        if strongest is not None and area is not None:
            areas.append(f"{place} {number(area)}")
    parts = []
    if readings:
        parts.append(f"The published measure before and after: {'; '.join(readings)}.")
    if areas:
        parts.append(f"AUC of {strongest} on the original: {listed(areas)}.")
    return " ".join(parts)
