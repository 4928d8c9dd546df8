"""The figures of one point of the sweep: leakage, accuracy, stability, leakage at matched accuracy.

``auc`` (attack ``loss``): members against non-members of the forget class by minus the training
loss, which needs no fitting, so that one attack fits every point. ``mia_success`` and
``mia_false_positive``: the configured attacks as they were fitted on the exact simulation, frozen.
``auc_matched``: see `matched_accuracy`. ``changed_answers``: the share of images whose answer
differs between two independent draws; ``loss_spread``: the mean difference of their losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from qmu.attacks.game import Evidence, View
from qmu.attacks.statistics import training_loss
from qmu.audit.measurement import Resampling
from qmu.audit.membership import compared
from qmu.metrics import estimates
from qmu.metrics.estimates import Estimate

from .matched_accuracy import LogitNoise

LOSS = "loss"
ACCURACY = ("retain_train", "forget_train", "retain_test", "forget_test")
STABILITY = ("retain_test", "forget_train")
TEST = ("retain_test", "forget_test")
# A sweep has many points: fewer resamples than the audit's.
RESAMPLES = 200

Key = tuple[str | None, str, str]
"""(attack, metric, split)"""


@dataclass(frozen=True)
class FrozenAttack:
    """An attack with what was fitted on the simulation, for one seed."""

    name: str
    module: ModuleType
    config: Any
    fitted: dict[str, np.ndarray]

    def decisions(self, view: View) -> np.ndarray:
        """The attack's yes (n,) on the audited model's answers."""
        evidence = Evidence(view, view)
        return self.module.score(self.fitted, evidence, self.config, ("unused",)).decision

    def counted(self, view: View) -> np.ndarray:
        """Forget-class members (n,) that the attack's published figure counts."""
        members = view.split == "forget_train"
        population = self.fitted.get("population_sample_id")
        if population is None:
            return members
        return members & np.isin(view.sample_id, population.astype(np.int64))


@dataclass(frozen=True)
class PointFigures:
    """Measures the points of one model, variant and seed."""

    settings: Resampling
    attacks: tuple[FrozenAttack, ...]
    ideal: LogitNoise

    def measure(self, view: View, second: View | None) -> dict[Key, Estimate]:
        """All figures of a point; ``second`` is an independent draw of the same, None for exact
        values."""
        figures = self._accuracies(view)
        figures[LOSS, "auc", "forget_train"] = self._leakage(view, view.logits)
        figures[LOSS, "auc_matched", "forget_train"] = self._matched(view)
        for attack in self.attacks:
            figures |= self._frozen(attack, view)
        return figures if second is None else figures | self._stability(view, second)

    @property
    def _arguments(self) -> tuple[np.random.Generator, int, float]:
        # The same for all figures, whose images are resampled alike.
        resamples = min(RESAMPLES, self.settings.resamples)
        return self.settings.generator("images"), resamples, self.settings.confidence

    def _rate(
        self, key: Key, view: View, hits: np.ndarray, rows: np.ndarray
    ) -> dict[Key, Estimate]:
        """The share of ``hits`` (n,) among the chosen ``rows`` (n,) bool; nothing for no rows."""
        if not rows.any():
            return {}
        return {key: estimates.rate(hits[rows], *self._arguments, images=view.sample_id[rows])}

    def _accuracies(self, view: View) -> dict[Key, Estimate]:
        hits, figures = view.logits.argmax(axis=-1) == view.label, {}
        for split in ACCURACY:
            figures |= self._rate((None, "accuracy", split), view, hits, view.split == split)
        return figures | self._rate(
            (None, "accuracy", "test"), view, hits, np.isin(view.split, TEST)
        )

    def _leakage(self, view: View, logits: np.ndarray) -> Estimate:
        score = -training_loss(logits, view.label, view.loss)
        table = {
            "split": view.split,
            "fitted": np.zeros(len(view.label), bool),
            "label": view.label,
            "sample_id": view.sample_id,
        }
        members, others = compared(table, "forget")
        if not len(members) or not len(others):
            return estimates.plain(float("nan"), 0)
        images = (view.sample_id[members], view.sample_id[others])
        sides = (score[members], score[others])
        return estimates.ranking(*sides, (), *self._arguments, images=images)[0]

    def _matched(self, view: View) -> Estimate:
        rows = np.isin(view.split, TEST)
        accuracy = float(np.mean(view.logits[rows].argmax(axis=-1) == view.label[rows]))
        matched = self.ideal.matched(accuracy)
        if matched is None:
            return estimates.plain(float("nan"), 0)
        # Draws of noise spread as seeds do, and share all their images.
        drawn = [self._leakage(view, logits) for logits in matched]
        return estimates.over_seeds(drawn, self.settings.confidence)

    def _frozen(self, attack: FrozenAttack, view: View) -> dict[Key, Estimate]:
        decision = attack.decisions(view)
        key = (attack.name, "mia_success", "forget_train")
        figures = self._rate(key, view, decision, attack.counted(view))
        for split in ("forget_test", "forget_unseen"):
            key = (attack.name, "mia_false_positive", split)
            figures |= self._rate(key, view, decision, view.split == split)
        return figures

    def _stability(self, view: View, second: View) -> dict[Key, Estimate]:
        changed = view.logits.argmax(axis=-1) != second.logits.argmax(axis=-1)
        one, other = (training_loss(v.logits, v.label, v.loss) for v in (view, second))
        both, figures = np.isfinite(one) & np.isfinite(other), {}
        for split in STABILITY:
            rows = view.split == split
            figures |= self._rate((None, "changed_answers", split), view, changed, rows)
            finite = rows & both
            if finite.any():
                spread, ids = np.abs(one[finite] - other[finite]), view.sample_id[finite]
                figures[None, "loss_spread", split] = estimates.mean(
                    spread, *self._arguments, images=ids
                )
        return figures
