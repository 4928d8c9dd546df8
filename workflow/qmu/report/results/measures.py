"""The measures of unlearning quality: which metrics a run has, what they are called, what is drawn.

Titles, ideal values and order are those of the cards (`qmu.quality.exam.Metric`). Any other metric
of the summary that belongs to no attack and is no accuracy, distance of outputs or cost stands in
the table under its own name, so that nothing measured is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .results import Results
from .summary import FLOOR, Cell

if TYPE_CHECKING:
    from qmu.quality.exam import Metric

# Of several splits the figure shows the first that was measured.
FIRST_SPLITS = ("forget_train", "forget_unseen", "forget_test", None)
ELSEWHERE = (
    *("accuracy", "cross_entropy", "kl_to_retrain", "js_to_retrain", "agreement_with_retrain"),
    *("gradient_evaluations", "forward_evaluations", "hessian_products"),
    *("circuit_executions", "samples_read"),
    *("seconds", "cpu_seconds", "speedup", "speedup_seconds"),
    *("epsilon_certified", "delta_certified"),
)


def metrics(results: Results) -> dict[str, Metric]:
    """Name -> what the cards of the run say of a metric, in their order."""
    return {one.name: one for card in results.cards.quality.values() for one in card.metrics}


def title(results: Results, metric: str) -> str:
    """What a metric is called; its own name where no card knows it."""
    known = metrics(results).get(metric)
    return metric if known is None else known.title


def present(results: Results, model: str) -> list[tuple[str, str | None]]:
    """(metric, split) of every quality measure of a model: those of the cards in their order, then
    others as found."""
    pairs = dict.fromkeys(
        (key[2].removesuffix(FLOOR), key[3])
        for key in results.summary.cells
        if key[0] == model and key[4] is None
    )
    order = {name: place for place, name in enumerate(metrics(results))}
    own = [pair for pair in pairs if pair[0] not in ELSEWHERE]
    return sorted(own, key=lambda pair: order.get(pair[0], len(order)))


def drawn(results: Results, model: str) -> list[tuple[Metric, str | None]]:
    """(metric, split) of the figure's panels."""
    known = metrics(results)
    chosen: dict[str, str | None] = {}
    for name, split in present(results, model):
        if name in known and known[name].drawn:
            chosen[name] = min(chosen.get(name, split), split, key=_rank)
    return [(known[name], split) for name, split in chosen.items()]


def of_retrain(results: Results, model: str, metric: str, split: str | None) -> Cell | None:
    """What retraining itself reaches: the floor between retrained models, else its own value."""
    get = results.summary.get
    floor = get(model, "retrain", metric + FLOOR, split)
    return floor if floor is not None else get(model, "retrain", metric, split)


def _rank(split: str | None) -> int:
    return FIRST_SPLITS.index(split) if split in FIRST_SPLITS else len(FIRST_SPLITS)
