"""Rows of models whose truth is known, beside those of `report_example`: the ladder of known
residues, further retrained models, innocent edits, levels of the methods' paths, and how the
methods ended.

The numbers are drawn around those of a prototype (``hqnn``, 64 shadow models): the best attack's
AUC goes from 0.5 to 0.56 with 10% of the forget set left in and to 0.76 with all of it.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
import report_example
from qmu.report.evidence.results import Results

SHARES = (2, 5, 10, 25, 50, 100)
ENSEMBLE = 4
LEVELS = (0.5, 1, 2, 3, 4)
MEMBERS, OTHERS = 95, 390
# Method -> forget loss of the default in units of log C.
DEFAULTS = {"ga": 3.4, "rga": 3.1}
STRENGTH = {"lira_online": 1.0, "rmia": 0.9, "u_lira": 0.7, "lira_offline": 0.6, "gap": 0.0}
SEEDS = report_example.SEEDS


class Rows:
    """Rows of one model; ``add`` appends one per seed and one over seeds."""

    def __init__(self, model: str) -> None:
        self.model, self.rows = model, []
        self.rng = np.random.default_rng(zlib.crc32(model.encode()))

    def add(self, variant, metric, split, mean, spread, attack=None, n=MEMBERS, top=1.0):
        values = np.clip(mean + spread * self.rng.standard_normal(len(SEEDS)), 0.0, top)
        for seed, value in (*zip(SEEDS, values, strict=True), (None, values.mean())):
            arm = 2 * spread if seed is None else 3 * spread
            self.rows.append(
                {
                    **{"model": self.model, "seed": seed, "variant": variant},
                    **{"device": "lightning.qubit", "attack": attack, "metric": metric},
                    **{"split": split, "value": float(value), "n": n},
                    **{"ci_low": max(value - arm, 0.0), "ci_high": min(value + arm, top)},
                }
            )

    def attacked(self, variant, attacks, share):
        """What each attack reads of a model that holds a share of the forget set."""
        for attack in attacks:
            weight = STRENGTH.get(attack, 0.35)
            area = 0.5 + 0.26 * weight * share**0.7
            rate = 0.01 + (0.24 * share**0.5 if weight > 0.5 else 0.05 * weight * share)
            self.add(variant, "auc", "forget_train", area, 0.012, attack, MEMBERS + OTHERS)
            self.add(variant, "tpr_at_fpr_1pct", "forget_train", rate, 0.006, attack, OTHERS)

    def others(self, variant, loss, distance, kept, floor=False):
        """Forget loss, distance to retraining and accuracy on retained test images."""
        self.add(variant, "cross_entropy", "forget_train", loss, 0.02 * loss + 0.01, top=99.0)
        metric = "js_to_retrain_floor" if floor else "js_to_retrain"
        self.add(variant, metric, "forget_test", distance, 0.006)
        self.add(variant, "accuracy", "retain_test", kept, 0.003, n=451)


def rows(model: str, attacks, methods) -> list[dict]:
    """Every figure of what is known of one model."""
    made, unit = Rows(model), math.log(10)
    # A model that memorised nothing.
    memory = 1.0 if model == "hqnn" else 0.15
    for variant in ("retrain", *(f"retrain@{k}" for k in range(1, ENSEMBLE + 1))):
        made.attacked(variant, attacks, 0.0)
        made.others(variant, 3.6 * unit, 0.09, 0.957, floor=variant == "retrain")
    for k in (1, 2):
        made.attacked(f"innocent_bias@{k}", attacks, 0.0)
        made.others(f"innocent_bias@{k}", unit, 0.12, 0.93)
    made.attacked("target", attacks, memory)
    made.others("target", 0.02, 0.66, 0.962)
    for percent in SHARES:
        share = percent / 100
        made.attacked(f"residue@{percent}", attacks, memory * share)
        made.others(f"residue@{percent}", 3.6 * unit * (1 - share) ** 4, 0.09 + 0.5 * share, 0.958)
    for method in methods:
        for level in (*LEVELS, None):
            loss = DEFAULTS[method] if level is None else level
            held = max(0.0, 1 - loss / 2.5) ** 2 * (0.6 if method == "ga" else 1.0)
            variant = method if level is None else f"{method}@{level:g}"
            made.attacked(variant, attacks, memory * held)
            harm = 0.012 if method == "ga" else 0.002
            kept = 0.962 - harm * loss
            made.others(variant, 1.02 * loss * unit, 0.12 + 0.16 * abs(3.2 - loss), kept)
    return made.rows


def columns(models=("hqnn", "basic_qnn"), attacks=report_example.ALL_ATTACKS, methods=DEFAULTS):
    """Columns of the ``summary`` table: those of `report_example` without what stands here too."""
    added = [row for model in models for row in rows(model, attacks, methods)]
    names = ("model", "seed", "variant", "device", "attack", "metric", "split")
    keys = {tuple(row[name] for name in names) for row in added}
    quality = tuple(report_example.QUALITY)
    base = report_example.summary(models, attacks=attacks, quality=quality)
    first = [dict(zip(base, values, strict=True)) for values in zip(*base.values(), strict=True)]
    kept = [row for row in first if tuple(row[name] for name in names) not in keys]
    every = [*kept, *added]
    return {name: np.array([row[name] for row in every], dtype=object) for name in base}


def cost(models=("hqnn", "basic_qnn")):
    """(model, seed, variant) -> the columns of the ``cost`` table on how a method ended."""
    ends = {
        "logit_mask": (0, True, "no steps of its own"),
        "ga": (41, True, "the forget loss met that of retrained shadow models"),
        "ssd": (0, True, "no steps of its own"),
        "rga": (0, False, "accuracy on validation images fell before the first level"),
    }
    return {
        (model, seed, variant): {
            "steps": np.array([steps + (seed if steps else 0)]),
            "changed": np.array([changed]),
            "stopped": np.array([stopped], object),
        }
        for model in models
        for variant, (steps, changed, stopped) in ends.items()
        for seed in SEEDS
    }


def known(models=("hqnn", "basic_qnn"), **options) -> Results:
    """A full audit with ladder, paths, innocent models and endings."""
    return report_example.gathered(
        columns(models, **options),
        models,
        {
            "curves": report_example.curves(models, attacks=report_example.ALL_ATTACKS),
            "verdicts": report_example.verdicts(models),
            "cost": cost(models),
        },
    )
