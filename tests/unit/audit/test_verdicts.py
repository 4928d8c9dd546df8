"""The verdicts: each rule just met and just missed, and what wider intervals may change."""

import itertools

import numpy as np
import pytest
from qmu.audit.verdicts.case import Number, correction, lower_limit
from qmu.audit.verdicts.verdicts import RULES, verdicts
from scipy.stats import norm

ACCUSATIONS = {rule.name for rule in RULES if rule.accuses}
METHOD = {"unlearning": {"ssd": {"component": "ssd"}, "logit_mask": {"component": "logit_mask"}}}
CONFIG = {**METHOD, "attacks": {"loss": {"component": "loss_thr"}}, "quality": {}}


def row(variant, metric, split, value, arm, attack=None, n=500):
    limits = (None, None) if arm is None else (value - arm, value + arm)
    names = ("model", "seed", "variant", "device", "attack", "metric", "split")
    values = ("hqnn", None, variant, "default.qubit", attack, metric, split)
    return {
        **dict(zip(names, values, strict=True)),
        "value": value,
        "ci_low": limits[0],
        "ci_high": limits[1],
        "n": n,
    }


def model(variant, forget=0.0, retain=0.95, area=0.5, arm=0.05, attack="loss"):
    """Accuracies and the AUC of one attack."""
    return [
        row(variant, "accuracy", "forget_train", forget, 0.01),
        row(variant, "accuracy", "retain_test", retain, 0.01),
        row(variant, "auc", "forget_train", area, arm, attack),
    ]


def baselines(area=0.73):
    return model("target", forget=1.0, area=area) + model("retrain")


def judge(rows, config=CONFIG):
    found = verdicts(rows, config)
    assert len(found) == 1
    return found[0]


def ssd(extra=(), **figures):
    return judge([*baselines(), *model("ssd", **figures), *extra])


def test_the_published_metric_reads_zero_and_the_verdict_says_not_forgotten():
    """A measured case: success 0%, 80% of the forget set still classified, AUC 0.71 (was 0.73)."""
    published = row("ssd", "mia_success", "forget_train", 0.0, 0.0, "su_graybox", 98)
    counted = row("ssd", "tpr_at_fpr_1pct", "forget_train", 0.05, 0.02, "loss", 279)
    found = ssd([published, counted], forget=0.804, area=0.713, retain=0.963)
    assert found.verdict == "not_forgotten"
    assert found.sentence.startswith("Has not forgotten")
    assert "forget_train accuracy 0.80 [0.79, 0.81], retrained 0.00" in found.sentence
    assert "loss AUC 0.71 [0.66, 0.76] on 279 non-members, original 0.73" in found.sentence
    assert "ssd loss auc on forget_train = 0.713 [0.663, 0.763], n = 500" in found.evidence.split(
        "; "
    )


@pytest.mark.parametrize(("forget", "holds"), [(0.115, True), (0.113, False)])
def test_recognising_a_tenth_more_than_the_retrained_model(forget, holds):
    # Both arms are 0.01, so the difference has an arm of 0.0141.
    found = ssd(forget=forget)
    assert (found.verdict == "not_forgotten") is holds


@pytest.mark.parametrize(
    ("area", "verdict"),
    [
        # The difference to the original's 0.73 has an arm of 0.0707, as that to the retrained 0.5.
        (0.660, "not_forgotten"),
        (0.658, "residual_membership"),
        (0.572, "residual_membership"),
        (0.570, "indistinguishable"),
        (0.430, "indistinguishable"),
        (0.428, "over_forgets"),
    ],
)
def test_the_area_decides_by_its_distance_from_original_and_retrained(area, verdict):
    assert ssd(area=area).verdict == verdict


def test_a_leak_that_the_retrained_model_shows_as_well_is_no_accusation():
    rows = [*model("target", 1.0, area=0.73), *model("retrain", area=0.58), *model("ssd")]
    rows = [r for r in rows if not (r["variant"] == "ssd" and r["attack"])]
    assert judge([*rows, row("ssd", "auc", "forget_train", 0.6, 0.05, "loss")]).verdict == (
        "indistinguishable"
    )


@pytest.mark.parametrize(("retain", "holds"), [(0.929, True), (0.931, False)])
def test_damage_is_more_than_two_points(retain, holds):
    assert (ssd(retain=retain).verdict == "damages_retained") is holds


def test_damage_needs_a_fall_from_the_original_too():
    rows = [*model("target", 1.0, retain=0.90, area=0.73), *model("retrain")]
    assert judge([*rows, *model("ssd", retain=0.89)]).verdict == "indistinguishable"


@pytest.mark.parametrize(
    ("metric", "value", "original", "holds"),
    [
        ("probe_gap", 0.21, 0.4, True),
        ("probe_gap", 0.19, 0.4, False),
        ("relearn_ratio", 0.49, 0.0, True),
        ("relearn_ratio", 0.51, 0.0, False),
    ],
)
def test_features_nearer_to_the_original_mask_the_class(metric, value, original, holds):
    quality = [
        row("target", metric, "forget_test", original, 0.05),
        row("ssd", metric, "forget_test", value, 0.05),
    ]
    found = ssd(quality, area=0.72)
    assert (found.verdict == "masks_the_class") is holds
    # What also holds is named.
    assert "has not forgotten (loss AUC 0.72" in found.sentence.replace("Has", "has", 1)
    assert "features remain (no probe" not in found.sentence
    uncertain = [quality[0], row("ssd", metric, "forget_test", value, 0.6)]
    assert ssd(uncertain, area=0.72).verdict == "not_forgotten"
    # A model that still names the class masks nothing.
    assert ssd(quality, forget=0.9).verdict == "not_forgotten"


def test_the_mask_control_is_named_as_one():
    rows = [*baselines(), *model("logit_mask"), row("logit_mask", "probe_gap", "x", 0.3, 0.1)]
    found = judge(rows)
    assert found.verdict == "masks_the_class"
    assert found.sentence.startswith("A control: forgets by masking the class: features remain")


@pytest.mark.parametrize(
    ("metric", "split", "floor", "value", "holds"),
    [
        ("streisand_auc", "forget_train", 0.5, 0.58, "over_forgets"),
        ("streisand_auc", "forget_train", 0.5, 0.56, None),
        ("agreement_with_retrain", "forget_test", 0.9, 0.829, "differs_from_retrain"),
        ("agreement_with_retrain", "forget_test", 0.9, 0.831, None),
    ],
)
def test_losses_and_answers_are_compared_with_the_retrained_models(
    metric, split, floor, value, holds
):
    found = ssd(
        [
            row("ssd", metric, split, value, 0.05),
            row("retrain", f"{metric}_floor", split, floor, 0.05),
        ]
    )
    assert found.verdict == (holds or "indistinguishable")


@pytest.mark.parametrize(("area", "holds"), [(0.549, True), (0.551, False)])
def test_nothing_to_unlearn_where_the_original_is_at_chance(area, holds):
    rows = [*baselines(area), *model("ssd")]
    assert (judge(rows).verdict == "nothing_to_unlearn") is holds


def test_many_attacks_widen_every_interval():
    assert correction(1, 0.95) == 1
    assert correction(10, 0.95) == pytest.approx(norm.ppf(1 - 0.025 / 10) / norm.ppf(0.975))
    # 0.556 excludes 0.5 by itself, but not as one of twenty attacks.
    rows = baselines(0.556)
    for k in range(19):
        rows += [row("target", "auc", "forget_train", 0.5, 0.05, f"attack_{k}")]
    assert judge([*baselines(0.556), *model("ssd")]).verdict == "indistinguishable"
    assert judge([*rows, *model("ssd")]).verdict == "nothing_to_unlearn"


def test_a_difference_has_the_arm_of_both():
    first = Number("a", None, "m", None, 0.8, 0.77, 0.9, 10)
    second = Number("b", None, "m", None, 0.5, 0.1, 0.54, 10)
    assert lower_limit(first, second) == pytest.approx(0.25)


def test_what_is_missing_is_said():
    found = judge([*baselines(), *model("ssd")])
    assert "no AUC" not in found.sentence
    for text in ("calibrated per image", "no probe, no relearning time", "no Streisand test"):
        assert text in found.sentence
    config = {**CONFIG, "attacks": {**CONFIG["attacks"], "rmia": {"component": "rmia"}}}
    sentence = judge([*baselines(), *model("ssd")], config).sentence
    assert "no AUC with an interval of rmia" in sentence
    assert "calibrated per image" not in sentence
    alone = judge(model("ssd"))
    assert alone.verdict == "not_judged"
    assert "no audit of a retrained model" in alone.sentence
    assert "no audit of the original" in alone.sentence


def test_means_over_seeds_win_and_figures_without_interval_decide_nothing():
    single = [{**r, "seed": 0, "value": 1.0, "ci_low": 0.99} for r in model("ssd")]
    rows = [*single, *baselines(), *model("ssd"), *single]
    assert judge(rows).verdict == "indistinguishable"
    unknown = row("ssd", "probe_gap", "x", np.nan, None)
    assert judge([*baselines(), *model("ssd"), unknown]).verdict == "indistinguishable"


def test_one_verdict_per_model_and_method():
    rows = [*baselines(), *model("ssd"), *model("logit_mask")]
    rows += [{**r, "model": "basic_qnn"} for r in rows]
    found = [(v.model, v.variant) for v in verdicts(rows, CONFIG)]
    assert found == list(itertools.product(("hqnn", "basic_qnn"), ("ssd", "logit_mask")))


def test_wider_intervals_never_turn_an_acquittal_into_an_accusation():
    rng, acquitted, accused = np.random.default_rng(0), 0, 0
    for _ in range(400):
        rows = _random_rows(rng)
        narrow = judge(rows).verdict
        for factor in (1.5, 4.0):
            wide = judge([_widened(r, factor) for r in rows]).verdict
            assert narrow in ACCUSATIONS or wide not in ACCUSATIONS
        acquitted += narrow not in ACCUSATIONS
        accused += narrow in ACCUSATIONS
    assert min(acquitted, accused) > 40


def _random_rows(rng):
    rows = []
    for variant in ("target", "retrain", "ssd"):
        known = variant == "target"
        rows += model(
            variant,
            forget=1.0 if known else rng.choice([0.0, 0.05, 0.12]),
            retain=rng.normal(0.95, 0.01),
            area=rng.normal(0.7 if known else 0.52, 0.04),
            arm=rng.uniform(0.03, 0.08),
        )
        rows.append(row(variant, "probe_gap", "x", rng.normal(0.3 if known else 0.03, 0.05), 0.1))
        floor = "_floor" if variant == "retrain" else ""
        value = rng.normal(0.9, 0.03)
        rows.append(row(variant, f"agreement_with_retrain{floor}", "forget_test", value, 0.05))
    return rows


def _widened(one, factor):
    return {
        **one,
        "ci_low": one["value"] - factor * (one["value"] - one["ci_low"]),
        "ci_high": one["value"] + factor * (one["ci_high"] - one["value"]),
    }
