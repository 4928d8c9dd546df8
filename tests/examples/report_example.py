"""Synthetic rows, histories and outputs of the shape that a run writes, for the report's tests.

The numbers are drawn around those of a prototype: an attack that flags 95% of the members and 57%
of the non-members of the target's forget set, and nothing after unlearning.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qmu import registry
from qmu.audit.verdicts.rules import BY_NAME
from qmu.models.model import ModelCard
from qmu.report.evidence.cards import Cards
from qmu.report.evidence.results import Results, gather
from qmu.unlearning.problem import MethodCard

SEEDS = (0, 1, 2)
VARIANTS = ("target", "retrain", "logit_mask", "ga", "ssd", "rga")
ATTACKS = ("su_graybox", "su_graybox_fixed", "loss_thr")
ALL_ATTACKS = (
    *("su_graybox", "su_graybox_fixed", "shokri", "loss_thr", "conf_thr", "entr_thr", "mentr_thr"),
    *("gap", "label_only", "lira_online", "lira_offline", "rmia", "u_lira", "update_leak"),
)
SPLITS = ("forget_train", "forget_test", "retain_train", "retain_test")

ACCURACY = {
    "target": (1.0, 0.94, 1.0, 0.962),
    "retrain": (0.0, 0.0, 1.0, 0.957),
    "logit_mask": (0.0, 0.0, 1.0, 0.965),
    "ga": (0.08, 0.1, 0.99, 0.944),
    "ssd": (0.01, 0.0, 1.0, 0.963),
    "rga": (0.2, 0.16, 1.0, 0.964),
}
AUC = {
    "target": 0.64,
    "retrain": 0.51,
    "logit_mask": 0.63,
    "ga": 0.56,
    "ssd": 0.68,
    "rga": 0.58,
}
COST = {
    "target": (25000, 21.0),
    "retrain": (22500, 19.0),
    "logit_mask": (0, 0.02),
    "ga": (1600, 3.1),
    "ssd": (1000, 1.4),
    "rga": (6400, 5.2),
}

# metric -> (what retraining reaches, how far the target is from it, split)
QUALITY = {
    "relearn_steps": (40.0, -36.0, None),
    "relearn_ratio": (1.0, -0.9, None),
    "probe_accuracy": (0.93, 0.05, "forget_test"),
    "probe_gap": (0.0, 0.05, "forget_test"),
    "probe_features_accuracy": (0.95, 0.04, "forget_test"),
    "probe_features_gap": (0.0, 0.04, "forget_test"),
    "fidelity_to_retrain": (0.12, -0.04, "forget_train"),
    "trace_distance_to_retrain": (0.91, 0.05, "forget_train"),
    "helstrom_to_retrain": (0.95, 0.03, "forget_train"),
    "bures_to_retrain": (1.1, 0.1, "forget_train"),
    "expectation_distance_to_retrain": (0.9, 0.6, "forget_train"),
    "distance_to_original": (9.0, -8.9, None),
    "distance_to_retrain": (10.0, 2.0, None),
    "klom_mean": (0.3, 6.0, "forget_train"),
    "klom_p95": (0.8, 9.0, "forget_train"),
    "forget_quality": (0.9, -0.88, "forget_train"),
    "forget_quality_final": (0.9, -0.88, "forget_train"),
    "u_lira_auc": (0.5, 0.4, "forget_train"),
    "u_lira_accuracy": (0.5, 0.35, "forget_train"),
    "cmia_gap": (0.0, 0.7, "forget_test"),
    "cmia_total_variation": (0.05, 0.8, "forget_test"),
    "c2st_auc": (0.5, 0.5, "forget_test"),
    "streisand_ks": (0.1, 0.85, "forget_train"),
    "streisand_auc": (0.5, -0.48, "forget_train"),
    "home_made": (0.1, 0.2, None),
}

MEASURES = (
    *("relearn", "probe", "klom", "forget_quality", "u_lira_worlds", "c2st", "cmia", "streisand"),
    *("quantum_distance", "parameter_distance"),
)

CARDS = Cards(
    models={
        "hqnn": ModelCard("Hybrid QNN", "Su et al. 2025, arXiv:2509.06086", "image"),
        "basic_qnn": ModelCard("Basic QNN", "Su et al. 2025, arXiv:2509.06086", "features"),
    },
    methods={
        "logit_mask": MethodCard("Logit mask (control)", "negative control", "none", control=True),
        "ga": MethodCard("Gradient ascent", "Su et al. 2025, arXiv:2509.06086", "forget", True),
        "ssd": MethodCard("Selective synaptic dampening", "arXiv:2308.07707", "both", True),
        "rga": MethodCard(
            "Relative gradient ascent", "arXiv:2509.06086", "both", True, reconstructed=True
        ),
    },
    attacks={name: registry.load("attacks", name).CARD for name in ALL_ATTACKS},
    quality={name: registry.load("quality", name).CARD for name in MEASURES}
    | {"probe": replace(registry.load("quality", "probe").CARD, statement="Read <it> so.")},
)

CONFIG = {
    "common": {
        "experiment": "example",
        "root_seed": 0,
        "seeds": list(SEEDS),
        "samples": {"train": 1000, "test": 500, "validation": 200},
        "features": {"public": 1000, "components": 256, "fit_on": "public"},
        "shadows": {"count": 16, "block": 8, "unlearned": 12},
        "retrain": {"ensemble": 4},
        "evaluation": {"confidence": 0.95, "bootstrap": 1000},
    },
    "dataset": {"name": "dataset", "component": "mnist_embedded", "settings": {}},
    "forget": {"name": "forget", "component": "class", "settings": {"label": 4}},
    "models": {"hqnn": {"name": "hqnn", "component": "hqnn", "settings": {"layers": 5}}},
    "unlearning": {"ga": {"name": "ga", "component": "ga", "settings": {}}},
    "attacks": {"loss_thr": {"name": "loss_thr", "component": "loss_thr", "settings": {}}},
}

MANIFEST = {
    "experiment": "example",
    "versions": {"qmu": "0.1.0", "jax": "0.10.2", "pennylane": "0.45.1"},
    "seeds": list(SEEDS),
    "config": CONFIG,
    "tables": {
        "results/example/a.parquet": {"sha256": "ab" * 32, "code_digest": "0123456789abcdef"}
    },
}


def summary(
    models=("hqnn", "basic_qnn"), variants=VARIANTS, attacks=ATTACKS, seeds=SEEDS, quality=()
):
    """Columns of the ``summary`` table; ``quality``: names of `QUALITY` that were measured."""
    rows: list[dict] = []
    rng = np.random.default_rng(0)
    for model in models:
        for variant in variants:
            _accuracy(rows, rng, model, variant, seeds)
            for attack in attacks:
                _attack(rows, rng, model, variant, attack, seeds)
            _distance(rows, rng, model, variant, seeds)
            _cost(rows, rng, model, variant, seeds)
            _quality(rows, rng, model, variant, seeds, quality)
    names = ("model", "seed", "variant", "device", "attack", "metric", "split")
    names += ("value", "ci_low", "ci_high", "n")
    return {name: np.array([row[name] for row in rows], dtype=object) for name in names}


def _add(rows, rng, seeds, value, spread, width, limits=(0.0, 1.0), n=100, **key):
    base = {"device": "lightning.qubit", "attack": None, "split": None, **key}
    drawn = np.clip(value + spread * rng.standard_normal(len(seeds)), *limits)
    for seed, one in zip(seeds, drawn, strict=True):
        low, high = np.clip([one - 2 * width, one + 2 * width], *limits)
        rows.append({**base, "seed": seed, "value": one, "ci_low": low, "ci_high": high, "n": n})
    mean = float(drawn.mean())
    low, high = np.clip([mean - width, mean + width], *limits)
    total = n * len(seeds)
    rows.append({**base, "seed": None, "value": mean, "ci_low": low, "ci_high": high, "n": total})


def _accuracy(rows, rng, model, variant, seeds):
    for split, value in zip(SPLITS, ACCURACY.get(variant, (0.1, 0.1, 0.9, 0.9)), strict=True):
        value = value if model == "hqnn" else 0.6 * value
        key = {"model": model, "variant": variant, "metric": "accuracy", "split": split}
        _add(rows, rng, seeds, value, 0.01, 0.03, **key)


def _attack(rows, rng, model, variant, attack, seeds):
    member, other = (0.95, 0.57) if variant == "target" else (0.0, 0.0)
    if model == "basic_qnn":
        member, other = (0.63, 0.14) if variant == "target" else (0.98, 1.0)
    if attack != "su_graybox":
        member, other = 0.5 + (AUC.get(variant, 0.5) - 0.5), 1 - AUC.get(variant, 0.5)
    key = {"model": model, "variant": variant, "attack": attack}
    for metric, split, value in (
        ("mia_success", "forget_train", member),
        ("mia_success", "retain_train", 0.7),
        ("mia_success_unfitted", "forget_train", max(member - 0.05, 0)),
        ("mia_false_positive", "forget_test", other),
        ("mia_false_positive", "forget_unseen", other),
        ("mia_false_positive", "retain_test", 0.55),
    ):
        _add(rows, rng, seeds, value, 0.02, 0.04, metric=metric, split=split, **key)
    for split, value in (("forget_train", AUC.get(variant, 0.5)), ("retain_train", 0.6)):
        _add(rows, rng, seeds, value, 0.02, 0.03, metric="auc", split=split, **key)
    _add(rows, rng, seeds, 0.03, 0.01, 0.02, metric="tpr_at_fpr_1pct", split="forget_train", **key)
    for metric, count in (("tpr_at_fpr_0_1pct", 279), ("epsilon_lower_bound", 379)):
        value = {"tpr_at_fpr_0_1pct": np.nan}.get(metric, max(0.0, AUC.get(variant, 0.5) - 0.55))
        for seed in (*seeds, None):
            plain = {"seed": seed, "device": "lightning.qubit", "metric": metric, "value": value}
            total = count * (len(seeds) if seed is None else 1)
            key |= {"split": "forget_train", "ci_low": None, "ci_high": None, "n": total}
            rows.append(key | plain)


def _quality(rows, rng, model, variant, seeds, names):
    for place, name in enumerate(names):
        at_retrain, spread, split = QUALITY[name]
        far = {"target": 1.0, "logit_mask": 0.9, "retrain": 0.0}.get(variant, 0.4)
        key = {"model": model, "variant": variant, "metric": name, "split": split}
        limits = (0.0, 1e6)
        if variant == "retrain" and place % 2:
            key["metric"] = f"{name}_floor"
        value = max(at_retrain + spread * far, 0.0)
        width = 0.1 * abs(spread)
        _add(rows, rng, seeds, value, 0.05 * abs(spread), width, limits, **key)


def _distance(rows, rng, model, variant, seeds):
    scale = {"target": 8.0, "retrain": 0.0}.get(variant, 0.9)
    for split in SPLITS:
        part = 1.0 if split.startswith("forget") else 0.05
        key = {"model": model, "variant": variant, "split": split}
        if variant == "retrain":
            for metric, value in (("kl_to_retrain_floor", 0.5), ("js_to_retrain_floor", 0.09)):
                _add(rows, rng, seeds, value * part, 0.002, 0.002, metric=metric, **key)
            continue
        for metric, value in (("kl_to_retrain", scale), ("js_to_retrain", min(scale / 9, 0.69))):
            limits = (1e-4, 10.0)
            _add(rows, rng, seeds, value * part, 0.002, 0.01 * part, limits, metric=metric, **key)
        _add(rows, rng, seeds, 0.9, 0.01, 0.02, metric="agreement_with_retrain", **key)


def _cost(rows, rng, model, variant, seeds):
    gradients, seconds = COST.get(variant, (100, 1.0))
    key = {"model": model, "variant": variant}
    limits = (0.0, 1e9)
    for metric, value, spread in (
        ("gradient_evaluations", gradients, 0.05 * gradients),
        ("circuit_executions", 241 * gradients, 0.05 * 241 * gradients),
        ("forward_evaluations", 2 * gradients, 0.0),
        ("seconds", seconds, 0.05 * seconds),
    ):
        _add(rows, rng, seeds, value, spread, spread, limits, 1, metric=metric, **key)
    if gradients and variant not in ("target", "retrain"):
        for metric, value in (
            ("speedup", COST["retrain"][0] / gradients),
            ("speedup_seconds", COST["retrain"][1] / seconds),
        ):
            _add(rows, rng, seeds, value, 0.1, 0.2, limits, 1, metric=metric, **key)


def histories(models=("hqnn", "basic_qnn"), variants=VARIANTS, seeds=SEEDS):
    """(model, seed, variant) -> columns of the ``history`` table."""
    found = {}
    for model in models:
        for seed in seeds:
            for variant in variants:
                found[model, seed, variant] = _history(variant, seed)
    return found


def _history(variant: str, seed: int) -> dict[str, np.ndarray]:
    if variant in ("target", "retrain"):
        epoch = np.arange(1, 26)
        loss = 2.2 * np.exp(-epoch / (4.0 + seed)) + 0.02
        return {"epoch": epoch, "loss": loss, "accuracy": 1 - 0.8 * np.exp(-epoch / 3.0)}
    steps = {"logit_mask": 0, "ssd": 6}.get(variant, 40 + 10 * seed)
    epoch = np.arange(1, steps + 1)
    loss = 0.01 * (2.4 / 0.01) ** (epoch / max(steps, 1))
    return {"epoch": epoch, "loss": loss, "accuracy": 1 - epoch / max(steps, 1)}


def outputs(models=("hqnn", "basic_qnn"), variants=VARIANTS, seeds=SEEDS):
    """(model, seed, variant) -> the columns of the ``outputs`` table that the report reads."""
    rng = np.random.default_rng(1)
    sizes = {"forget_train": 100, "forget_test": 50, "forget_unseen": 150, "retain_test": 30}
    split = np.repeat(list(sizes), list(sizes.values()))
    forget = np.char.startswith(split, "forget")
    found = {}
    for model in models:
        for seed in seeds:
            for variant in variants:
                logits = rng.normal(0, 1.5, (len(split), 10))
                centre = 6.0 if variant == "target" else -2.0
                centre = np.where(split == "forget_train", centre + 1.0, centre)
                logits[:, 4] += centre
                if variant == "logit_mask":
                    logits[:, 4] = -np.inf
                label = np.where(forget, 4, 3)
                found[model, seed, variant] = {
                    "label": label,
                    "split": split,
                    "forget": forget,
                    "logits": logits,
                }
    return found


def curves(models=("hqnn", "basic_qnn"), variants=VARIANTS, attacks=ATTACKS):
    """One table of kind ``roc`` per model and variant."""
    fpr = np.append(np.logspace(-2.4, 0, 30)[:-1], 1.0)
    found = []
    for model in models:
        for variant in variants:
            table = {"model": [], "variant": [], "attack": [], "group": []}
            points = {"fpr": [], "tpr": [], "ci_low": [], "ci_high": []}
            for attack in attacks:
                for group in ("forget", "retain"):
                    tpr = fpr ** (2 * (1 - AUC.get(variant, 0.5)))
                    tpr = np.where(fpr < 0.008, 0.0, tpr) if attack == "loss_thr" else tpr
                    bands = {"ci_low": 0.6 * tpr, "ci_high": np.minimum(1.5 * tpr, 1.0)}
                    for name, text in zip(table, (model, variant, attack, group), strict=True):
                        table[name] += [text] * len(fpr)
                    for name, column in {"fpr": fpr, "tpr": tpr, **bands}.items():
                        points[name] += list(column)
            found.append({k: np.array(v) for k, v in (table | points).items()})
    return found


def verdicts(models=("hqnn", "basic_qnn"), variants=VARIANTS):
    """Columns of the ``verdicts`` table."""
    said = (
        ("logit_mask", "control", "class_remains"),
        ("ga", "method", "indistinguishable"),
        ("ssd", "method", "not_forgotten"),
        ("rga", "method", "not_judged"),
        ("ga@0.5", "level", "not_forgotten"),
        ("ga@2", "level", "indistinguishable"),
        ("residue@5", "ladder", "indistinguishable"),
        ("residue@10", "ladder", "class_remains"),
        ("residue@100", "ladder", "not_forgotten"),
        ("retrain@1", "innocent", "indistinguishable"),
        ("innocent_bias@1", "innocent", "indistinguishable"),
        ("innocent_bias@2", "innocent", "few_records"),
    )
    rows = [
        (
            *(model, variant, kind, name, BY_NAME[name].accuses),
            *(f"{name} <said> of {variant}.", f"AUC of {variant} 0.6; probe 0.9"),
        )
        for model in models
        for variant, kind, name in said
        if variant in variants or kind not in ("method", "control")
    ]
    names = ("model", "variant", "kind", "verdict", "accused", "sentence", "evidence")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def records(models=("hqnn", "basic_qnn"), variants=VARIANTS, attacks=ATTACKS, seeds=SEEDS):
    """Columns of the ``records`` table: forty records of the forget set, of which some stand out,
    in the original and less after unlearning; of retrained models none; and a retained one."""
    rng, ids = np.random.default_rng(11), np.arange(100, 140)
    risk = rng.normal(-0.4, 1.0, len(ids))
    found = []
    for model in models:
        for variant in (*variants, "residue@5"):
            left = {"target": 1.0, "retrain": -9.0, "ga": 0.0}.get(variant, 0.4)
            for place, attack in enumerate(attacks):
                strength = left - 0.22 * (place % 7)
                hits = risk + strength + 0.4 * rng.normal(size=(len(seeds), len(ids))) > 0.9
                for seed, of_seed in zip(seeds, hits, strict=True):
                    named = (model, variant, attack, seed)
                    shares = zip(ids, of_seed, hits.mean(axis=0), strict=True)
                    found += [(*named, one, True, hit, share) for one, hit, share in shares]
                found.append((model, variant, attack, seeds[0], 7, False, True, 1.0))
    names = ("model", "variant", "attack", "seed", "sample_id", "forget", "found", "stability")
    table = {name: np.array([row[i] for row in found]) for i, name in enumerate(names)}
    p_value = np.where(table["found"], 1 / 391, 0.5)
    return table | {"p_value": p_value}


def full(**options) -> Results:
    """The example of a full audit: 14 attacks, their curves, every measure, and verdicts."""
    options = {"attacks": ALL_ATTACKS, "quality": tuple(QUALITY)} | options
    models = options.get("models", ("hqnn", "basic_qnn"))
    return evidence(
        tables={
            "curves": curves(models, attacks=options["attacks"]),
            "verdicts": verdicts(models),
            "records": records(models, attacks=options["attacks"]),
        },
        **options,
    )


def evidence(tables=None, **options) -> Results:
    """Rows, histories and outputs, gathered; options go to the functions that make them, and
    ``tables`` to `gather`."""
    shared = {k: v for k, v in options.items() if k not in ("attacks", "quality")}
    return gathered(summary(**options), tables=tables, **shared)


def gathered(columns, models=("hqnn", "basic_qnn"), tables=None, **shared) -> Results:
    """The columns of a ``summary`` with histories and outputs of the ``models``."""
    return gather(
        columns,
        histories=histories(models, **shared),
        outputs=outputs(models, **shared),
        **(tables or {}),
        config=CONFIG,
        manifest=MANIFEST,
        cards=CARDS,
    )
