"""Tables of one model whose truth is known, for the tests of the verdicts.

Attacks read 0.5 on retrained models, up to the spread between these, and more the more of the
forget set is left in. A variant is described by the share of the forget set that it holds.
"""

from __future__ import annotations

import numpy as np

SEEDS = (0, 1, 2)
ENSEMBLE = 4
MEMBERS, OTHERS = 95, 390
SHARES = (2, 5, 10, 25, 50, 100)
SPREAD = 0.012
DEVICE = "lightning.qubit"

# What an attack's AUC and TPR at 1% FPR read on retrained models and on the original.
ATTACKS = {"lira": ((0.5, 0.76), (0.01, 0.25)), "loss": ((0.5, 0.66), (0.01, 0.08))}
# (metric, split) -> on retrained models, on the original, standard deviation between models.
FIGURES = {
    ("accuracy", "forget_train"): (0.0, 1.0, 0.0),
    ("accuracy", "retain_test"): (0.955, 0.96, 0.004),
    ("accuracy", "retain_train"): (0.998, 1.0, 0.001),
    ("recognition_aligned", "forget_test"): (0.80, 0.98, 0.01),
    ("probe_accuracy", "forget_test"): (0.85, 0.97, 0.008),
    ("relearn_aligned_steps", None): (10.0, 2.0, 0.5),
    ("agreement_with_retrain", "forget_train"): (0.85, 0.0, 0.02),
}
DISTANCES = ("agreement_with_retrain",)
RETAINED = {"lira": 0.66, "loss": 0.60}

CONFIG = {
    "common": {"evaluation": {"confidence": 0.95}},
    "attacks": {name: {"component": "loss_thr"} for name in ATTACKS},
    "unlearning": {"ga": {"component": "ga"}, "logit_mask": {"component": "logit_mask"}},
    "quality": {},
}


class Table:
    """Figures by (variant, attack, metric, split) -> (seeds,) values, and rows of the summary."""

    def __init__(self, rng=0, seeds=SEEDS, ensemble=ENSEMBLE, ladder=SHARES, attacks=None):
        self.rng = np.random.default_rng(rng)
        self.seeds, self.attacks = seeds, dict(ATTACKS if attacks is None else attacks)
        self.values: dict[tuple, np.ndarray] = {}
        self.arms: dict[tuple, float] = {}
        self.add("target", 1.0)
        self.add("retrain", 0.0)
        for k in range(1, ensemble + 1):
            self.add(f"retrain@{k}", 0.0)
        for share in ladder:
            self.add(f"residue@{share}", share / 100)

    def add(self, variant, share=0.0, noise=1.0, **changed):
        """A variant that holds a share of the forget set; saturating, as memory does."""
        held = share**0.6
        for attack, ranges in self.attacks.items():
            for metric, (none, whole), spread in zip(
                ("auc", "tpr_at_fpr_1pct"), ranges, (SPREAD, 0.008), strict=True
            ):
                mean = none + held * (whole - none)
                self.set(variant, metric, mean, "forget_train", attack, noise * spread)
            self.set(variant, "auc", RETAINED.get(attack, 0.5), "retain_train", attack, 0.004)
        for (metric, split), (none, whole, spread) in FIGURES.items():
            floor = "_floor" if variant == "retrain" and metric in DISTANCES else ""
            mean = none + held * (whole - none)
            self.set(variant, metric + floor, mean, split, None, noise * spread)
        for name, value in changed.items():
            metric, _, split = name.partition("__")
            self.set(variant, metric, value, split or None)
        return self

    def set(self, variant, metric, value, split="forget_train", attack=None, spread=0.0, arm=None):
        """One figure, the same or one value per seed."""
        key = (variant, attack, metric, split)
        values = np.broadcast_to(np.asarray(value, float), len(self.seeds)).copy()
        values += spread * self.rng.standard_normal(len(self.seeds))
        step = self._step(attack, metric, split)
        if metric in ("accuracy", "tpr_at_fpr_1pct", "recognition_aligned"):
            values = np.clip(np.round(values / step) * step, 0, 1)
        self.values[key] = values
        if arm is not None:
            self.arms[key] = arm
        return self

    @staticmethod
    def _step(attack, metric, split):
        sizes = {"forget_train": MEMBERS, "forget_test": 49, "retain_test": 451}
        return 1 / sizes.get(split, 905)

    def rows(self, without=(), widen=1.0, single=True):
        """Rows of the summary: over seeds, then (``single``) by seed; keys ``without`` are left
        out, intervals ``widen`` times as long."""
        found = []
        for key, values in self.values.items():
            if key in without:
                continue
            # Steps are counted to ten, everything else is a share.
            arm = self.arms.get(key, 0.03) * (10 if key[2].endswith("_steps") else 1)
            single_arm = arm * np.sqrt(len(values))
            found.append(self._row(key, None, values.mean(), widen * arm))
            if single:
                found += [
                    self._row(key, seed, value, widen * single_arm)
                    for seed, value in zip(self.seeds, values, strict=True)
                ]
        return found

    def _row(self, key, seed, value, arm):
        variant, attack, metric, split = key
        n = round(1 / self._step(attack, metric, split))
        if attack is not None:
            n = OTHERS if metric.startswith("tpr") else MEMBERS + OTHERS
        return {
            **{"model": "hqnn", "seed": seed, "variant": variant, "device": DEVICE},
            **{"attack": attack, "metric": metric, "split": split, "value": float(value)},
            **{"ci_low": float(value - arm), "ci_high": float(value + arm), "n": n},
        }
