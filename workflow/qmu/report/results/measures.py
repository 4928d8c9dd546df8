"""The measures of unlearning quality: what each asks and how it is shown.

The metrics of ``MEASURES`` have titles. Any other metric of the summary that belongs to no attack
and is no accuracy, distance of outputs or cost stands in the table under its own name, so that
nothing measured is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from .results import Results
from .summary import Cell

FLOOR = "_floor"
# Of several splits the figure shows the first that was measured.
FIRST_SPLITS = ("forget_train", "forget_unseen", "forget_test", None)
ELSEWHERE = (
    *("accuracy", "kl_to_retrain", "js_to_retrain", "agreement_with_retrain"),
    *("gradient_evaluations", "forward_evaluations", "hessian_products"),
    *("circuit_executions", "samples_read"),
    *("seconds", "cpu_seconds", "speedup", "speedup_seconds"),
)


@dataclass(frozen=True)
class Measure:
    """``title`` of the measure; ``ideal`` value, drawn as a dashed line, where it does not depend
    on the retrained model; whether the figure shows it (the table shows all)."""

    title: str
    ideal: float | None = None
    drawn: bool = True


MEASURES = {
    "relearn_ratio": Measure("relearning time / retrain's", 1.0),
    "relearn_steps": Measure("steps to relearn the class", drawn=False),
    "probe_accuracy": Measure("probe on the qubits"),
    "probe_gap": Measure("probe on the qubits, gain over retrain", 0.0, drawn=False),
    "probe_features_accuracy": Measure("probe on the features"),
    "probe_features_gap": Measure("probe on the features, gain over retrain", 0.0, drawn=False),
    "klom_mean": Measure("KLoM, mean"),
    "klom_p95": Measure("KLoM, 95th percentile", drawn=False),
    "forget_quality": Measure("forget quality", drawn=False),
    "forget_quality_final": Measure("forget quality, final"),
    "u_lira_auc": Measure("U-LiRA, AUC", 0.5),
    "u_lira_accuracy": Measure("U-LiRA, accuracy", 0.5, drawn=False),
    "c2st_auc": Measure("told from retrain (C2ST), AUC", 0.5),
    "cmia_total_variation": Measure("class profile, distance"),
    "cmia_gap": Measure("class profile, nearest-class gap", drawn=False),
    "streisand_auc": Measure("loss against retrain, AUC", 0.5),
    "streisand_ks": Measure("loss against retrain, KS", drawn=False),
    "trace_distance_to_retrain": Measure("trace distance of states"),
    "fidelity_to_retrain": Measure("fidelity of states", drawn=False),
    "bures_to_retrain": Measure("Bures distance of states", drawn=False),
    "helstrom_to_retrain": Measure("Helstrom success on states", drawn=False),
    "expectation_distance_to_retrain": Measure("distance of measured ⟨Z⟩"),
    "distance_to_retrain": Measure("parameter distance to retrain"),
    "distance_to_original": Measure("parameter distance to target", drawn=False),
}


def title(metric: str) -> str:
    """What a measure is called."""
    return MEASURES[metric].title if metric in MEASURES else metric


def present(evidence: Results, model: str) -> list[tuple[str, str | None]]:
    """(metric, split) of every quality measure of a model: the known ones in their order, then
    others as found."""
    found = dict.fromkeys(
        (key[2].removesuffix(FLOOR), key[3])
        for key in evidence.summary.cells
        if key[0] == model and key[4] is None
    )
    found = [pair for pair in found if pair[0] not in ELSEWHERE]
    order = list(MEASURES)
    return sorted(found, key=lambda p: order.index(p[0]) if p[0] in MEASURES else len(order))


def drawn(evidence: Results, model: str) -> list[tuple[str, str | None]]:
    """(metric, split) of the figure's panels."""
    chosen: dict[str, str | None] = {}
    for metric, split in present(evidence, model):
        known = metric in MEASURES and MEASURES[metric].drawn
        if known and (metric not in chosen or _rank(split) < _rank(chosen[metric])):
            chosen[metric] = split
    return list(chosen.items())


def of_retrain(evidence: Results, model: str, metric: str, split: str | None) -> Cell | None:
    """What retraining itself reaches: the floor between retrained models, else its own value."""
    get = evidence.summary.get
    floor = get(model, "retrain", metric + FLOOR, split)
    return floor if floor is not None else get(model, "retrain", metric, split)


def _rank(split: str | None) -> int:
    return FIRST_SPLITS.index(split) if split in FIRST_SPLITS else len(FIRST_SPLITS)
