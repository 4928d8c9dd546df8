"""One sentence or two about further devices: the published measure there, and the strongest attack.

The rule: for every device, the published measure before unlearning and the highest that it reads
after any method; and the AUC, on the original model, of the attack that is strongest in simulation.
"""

from __future__ import annotations

from collections.abc import Iterable

from qmu.report.evidence.devices import SIMULATION
from qmu.report.evidence.results import Results

from .words import listed, number, rate

PUBLISHED = ("mia_success", "forget_train")
RULE = (
    "On further devices the published measure is given before unlearning and, after it, for the "
    "method with the highest reading; the AUC is that of the attack that is strongest in "
    "simulation, on the original model."
)


def devices(results: Results, model: str, methods: Iterable[str]) -> str:
    """The sentence; empty where no device was asked or the published attack did not run."""
    attack, strongest = results.published_attack, results.devices.strongest(model)
    if not results.devices or attack is None:
        return ""
    methods, readings, areas = list(methods), [], []
    for place, summary in results.devices.places.items():
        if place == SIMULATION:
            continue
        read = {v: summary.get(model, v, *PUBLISHED, attack) for v in ("target", *methods)}
        after = [cell for variant, cell in read.items() if variant != "target" and cell]
        if read["target"] is not None:
            highest = max(after, key=lambda cell: cell.value, default=None)
            text = f"{place} {rate(read['target'])}"
            readings.append(text + (f" and {rate(highest)}" if highest is not None else ""))
        area = summary.areas(model, "target").get(strongest)
        if area is not None:
            areas.append(f"{place} {number(area)}")
    parts = []
    if readings:
        parts.append(f"The published measure before and after: {'; '.join(readings)}.")
    if areas:
        parts.append(f"AUC of {strongest} on the original: {listed(areas)}.")
    return " ".join(parts)
