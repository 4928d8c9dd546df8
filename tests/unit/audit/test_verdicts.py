"""The verdicts on models whose truth is known: guilty, innocent, and what none can tell."""

import numpy as np
import pytest
from qmu.audit.verdicts.case import read
from qmu.audit.verdicts.power import (
    detections,
    false_accusations,
    smallest_residue,
    smallest_seen,
)
from qmu.audit.verdicts.rules import RULES
from qmu.audit.verdicts.verdicts import kind, paths, verdicts
from verdict_tables import ATTACKS, CONFIG, MEMBERS, OTHERS, Table

ACQUITTALS = {rule.name for rule in RULES if rule.acquits}
NOT_CLASS = ("recognition_aligned", "probe_accuracy", "relearn_aligned_steps")


def judge(table, variant="ga", config=CONFIG, stops=None, **rows):
    return {v.variant: v for v in verdicts(table.rows(**rows), config, stops)}[variant]


# One attack, no measures of quality, nothing that the reader tolerates by name.
PLAIN = {"attacks": {"loss": {"component": "loss_thr"}}}


def over_seeds(*figures):
    """Rows of means with intervals alone: (variant, metric, split, attack, value, low, high)."""
    names = ("variant", "metric", "split", "attack", "value", "ci_low", "ci_high")
    base = {"model": "hqnn", "seed": None, "device": "default.qubit", "n": 300}
    return [base | dict(zip(names, figure, strict=True)) for figure in figures]


def accuracies(variant, forget=0.0, train=1.0, test=0.95):
    return [
        (variant, "accuracy", split, None, value, value - 0.01, value + 0.01)
        for split, value in (
            ("forget_train", forget),
            ("retain_train", train),
            ("retain_test", test),
        )
    ]


# What the model holds ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "verdict"),
    [(1.0, "not_forgotten"), (0.5, "not_forgotten"), (0.1, "class_remains")],
)
def test_a_residue_is_accused_by_what_sees_it(share, verdict):
    found = judge(Table().add("ga", share))
    assert (found.verdict, found.accused, found.kind) == (verdict, True, "method")
    assert "p < 1e-06" in found.evidence
    assert "5 retrained models a seed" in found.evidence


def test_a_retrained_model_is_acquitted_of_what_would_have_been_seen():
    found = judge(Table().add("ga", 0.0))
    assert (found.verdict, found.accused) == ("indistinguishable", False)
    assert found.sentence == (
        "Indistinguishable from retraining: a residue of 5% of the forget set (5 records) would "
        "have been seen."
    )


def test_the_sentence_shows_the_comparison_that_decided():
    table = Table().add("ga", 0.0)
    table.set("ga", "auc", [0.58, 0.60, 0.62], attack="lira")
    case = read(table.rows(), "hqnn")
    # A seventh of 5%, half of it for the judge, half of that for the mean over seeds.
    level = 0.05 / 7 / 2 / 2
    one = case.compared("ga", ("lira", "auc", "forget_train"), "above", level)
    shown = f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}], p < 1e-06"
    found = judge(table)
    assert found.verdict == "residual_membership"
    assert f"lira AUC 0.6, retrained {one.base:.3g}: {shown}" in found.sentence
    assert "worst in seed 2: 0.62" in found.sentence
    assert "as 1 of 2 figures say" in found.sentence


def test_the_worst_seed_is_judged_and_named():
    """One seed of three keeps most of the class; the mean is nothing beside its spread."""
    table = Table().add("ga", 0.0)
    table.set("ga", "auc", [0.50, 0.58, 0.45], attack="lira")
    found = judge(table)
    assert found.verdict == "residual_membership"
    assert "in seed 1 alone lira AUC 0.58" in found.sentence
    assert "as the worst of 3 seeds" in found.sentence


def test_many_seeds_that_differ_are_not_excused_by_their_mean():
    """A method that names 11%, 69% and 6% of the class by seed."""
    table = Table().add("ga", 0.0)
    table.set("ga", "relearn_aligned_steps", [9.5, 4.5, 9.8], None)
    table.set("ga", "accuracy", [0.11, 0.69, 0.06])
    found = judge(table)
    assert found.verdict == "not_forgotten"
    assert "seed 1" in found.sentence
    assert "answers unlike a retrained model's (accuracy on forget_train 0.28" in found.sentence


# Edits that add no knowledge -----------------------------------------------------------------


def test_edits_of_retrained_models_are_not_accused_of_memory():
    accused = {"innocent": [], "method": []}
    for number in range(30):
        table = Table(number)
        for k in range(1, 5):
            table.add(
                f"innocent_bias@{k}",
                accuracy__forget_train=0.4,
                relearn_ratio=0.2,
                u_lira_auc__forget_train=1.0,
            )
        # The same, as if a method had made it: it is what it reads.
        table.add("ga", accuracy__forget_train=0.4, relearn_ratio=0.2)
        for one in verdicts(table.rows(), CONFIG):
            if one.kind in accused:
                accused[one.kind].append(one.accused)
        assert judge(table).verdict in ("differs_from_retrain", "not_judged")
    assert np.mean(accused["innocent"]) < 0.02
    assert not any(accused["method"])


def test_an_edited_model_is_compared_with_the_others_alone():
    case = read(Table().add("innocent_head@2").rows(), "hqnn")
    assert "retrain@2" not in case.references("innocent_head@2")
    assert case.references("innocent_head@0")[0] == "retrain@1"
    assert len(case.references("retrain@3")) == 4
    assert len(case.references("ga")) == 5


def test_false_accusations_are_counted_with_their_interval():
    table = Table()
    judged = {v.variant: v.accused for v in verdicts(table.rows(), CONFIG)}
    found = false_accusations(judged)
    assert (found.accused, found.count) == ((), 4)
    assert found.interval[1] == pytest.approx(1 - 0.025**0.25)
    assert false_accusations({"ga": True}) is None


def test_where_the_innocent_are_accused_accusations_are_unreliable():
    table = Table().add("ga", 1.0)
    for k in range(1, 5):
        table.add(f"innocent_bias@{k}", 1.0)
    found = judge(table)
    assert found.accused
    assert "Unreliable: 4 of 8 models that are innocent by construction are accused" in (
        found.sentence
    )
    assert "Unreliable" not in judge(Table().add("ga", 1.0)).sentence


# What the audit could have seen --------------------------------------------------------------


def test_the_ladder_gives_the_resolution():
    table = Table()
    judged = {v.variant: v.accused for v in verdicts(table.rows(), CONFIG)}
    assert smallest_residue(judged) == 0.05
    assert smallest_residue({"residue@50": False, "residue@10": True, "residue@100": True}) == 1
    assert smallest_residue({"residue@100": False, "residue@50": True}) is None
    found = detections(table.rows(), CONFIG)
    assert smallest_seen(found, "hqnn", "lira", "auc") <= 0.1
    assert smallest_seen(found, "hqnn", "loss", "auc") > smallest_seen(found, "hqnn", "lira", "auc")
    rungs = [d.share for d in found if (d.attack, d.metric) == ("lira", "auc")]
    assert rungs == [0.02, 0.05, 0.1, 0.25, 0.5, 1.0]
    last = [d for d in found if d.attack == "lira" and d.metric == "auc"][-1]
    assert last.difference.low < last.difference.value < last.difference.high
    assert last.difference.value == pytest.approx(0.26, abs=0.03)


def test_a_guilty_control_that_goes_free_leaves_nothing_judged():
    table = Table().add("ga", 0.0).add("logit_mask", 0.0)
    found = judge(table)
    assert found.verdict == "not_judged"
    assert "logit_mask, which holds the whole forget set by construction, is not accused" in (
        found.sentence
    )
    assert judge(table, "logit_mask").verdict == "not_judged"
    assert judge(table, "logit_mask").sentence.startswith("A control: not judged")
    # Who is accused stays accused.
    assert judge(table.add("ssd", 1.0), "ssd").verdict == "not_forgotten"
    seen = Table().add("ga", 0.0).add("logit_mask", 1.0)
    assert judge(seen).verdict == "indistinguishable"


def test_without_a_ladder_or_with_a_coarse_one_nobody_is_acquitted():
    found = judge(Table(ladder=()).add("ga", 0.0))
    assert found.verdict == "not_judged"
    assert "there is no ladder of known residues (tolerated is 25%)" in found.sentence
    assert judge(Table(ladder=()).add("ga", 1.0)).verdict == "not_forgotten"
    coarse = judge(Table(ladder=(50, 100)).add("ga", 0.0))
    assert "the smallest residue that is seen is 50% (tolerated is 25%)" in coarse.sentence
    tolerant = CONFIG | {"common": {"risk": {"residue": 0.5}}}
    assert judge(Table(ladder=(50, 100)).add("ga", 0.0), config=tolerant).verdict == (
        "indistinguishable"
    )


def test_one_retrained_model_a_seed_acquits_nobody():
    """One seed's retrained model was the whole comparison."""
    found = judge(Table(ensemble=0).add("ga", 0.0))
    assert found.verdict == "not_judged"
    assert "only one retrained model per seed was audited" in found.sentence
    guilty = judge(Table(ensemble=0).add("ga", 1.0))
    assert guilty.verdict == "not_forgotten"
    assert "from the intervals of one retrained model a seed" in guilty.sentence


# Tables that used to acquit ------------------------------------------------------------------


def constructed(*changes):
    """A method at the retrained models, but for the changed figures; means and intervals alone."""
    rows = [
        *accuracies("target", 1.0),
        *accuracies("retrain"),
        *accuracies("ga"),
        *[
            (variant, metric, split, "loss", *values)
            for variant, area, found in (
                ("target", 0.75, 0.3),
                ("retrain", 0.5, 0.01),
                ("ga", 0.5, 0.01),
            )
            for metric, split, values in (
                ("auc", "forget_train", (area, area - 0.04, area + 0.04)),
                ("tpr_at_fpr_1pct", "forget_train", (found, found - 0.01, found + 0.03)),
                ("auc", "retain_train", (0.7, 0.67, 0.73)),
            )
        ],
    ]
    replaced = {change[:4]: change for change in changes}
    rows = [replaced.get(row[:4], row) for row in rows]
    return {v.variant: v for v in verdicts(over_seeds(*rows), PLAIN)}["ga"]


def test_wide_intervals_do_not_acquit():
    found = constructed(
        ("ga", "accuracy", "forget_train", None, 0.40, 0.05, 0.80),
        ("ga", "auc", "forget_train", "loss", 0.75, 0.45, 0.95),
    )
    assert found.verdict == "not_judged"


def test_records_found_at_few_false_positives_accuse_beside_an_average_near_chance():
    found = constructed(
        ("ga", "auc", "forget_train", "loss", 0.52, 0.48, 0.56),
        ("ga", "tpr_at_fpr_1pct", "forget_train", "loss", 0.30, 0.25, 0.35),
    )
    assert found.accused
    assert "loss members found at 1% false positives 0.3" in found.sentence


@pytest.mark.parametrize(("count", "accused"), [(5, True), (3, False)])
def test_single_records_that_are_found_accuse_beyond_the_tolerated_number(count, accused):
    """Five records of 95 that no average sees; three are tolerated."""
    table = Table().add("ga", 0.0)
    for variant in {key[0] for key in table.values}:
        share = float(variant.partition("@")[2]) / 100 if variant.startswith("residue") else 0.0
        found = {"ga": count / MEMBERS, "target": 0.6}.get(variant, 0.6 * share)
        table.set(variant, "records_found", round(found * MEMBERS) / MEMBERS, attack="lira")
    verdict = judge(table)
    assert verdict.accused == accused
    if accused:
        assert verdict.verdict == "few_records"
        assert "lira share of records found 0.0526" in verdict.sentence
        assert "about 5 records, where 3 are tolerated" in verdict.sentence


def test_what_finds_no_record_does_not_keep_nothing_from_being_shown():
    """Of 95 records none is found: the limit of that share is above that at 1% false positives."""
    rows = over_seeds(
        *[
            (variant, metric, "forget_train", "loss", value, value - arm, value + arm)
            for variant in ("target", "retrain", "ga")
            for metric, value, arm in (
                ("auc", 0.5, 0.02),
                ("tpr_at_fpr_1pct", 0.01, 0.01),
                ("records_found", 0.0, 0.038),
            )
        ],
        *accuracies("target", forget=1.0),
        *accuracies("retrain"),
        *accuracies("ga"),
    )
    found = {one.variant: one for one in verdicts(rows, PLAIN)}["ga"]
    assert found.verdict == "nothing_to_unlearn"


def test_retained_members_that_became_exposed_accuse():
    found = constructed(("ga", "auc", "retain_train", "loss", 0.95, 0.94, 0.96))
    assert found.verdict == "exposes_retained"
    assert "where 0.05 is tolerated" in found.sentence
    assert not constructed(("ga", "auc", "retain_train", "loss", 0.72, 0.71, 0.73)).accused


def test_damage_to_retained_training_images_accuses():
    found = constructed(("ga", "accuracy", "retain_train", None, 0.60, 0.58, 0.62))
    assert found.verdict == "damages_retained"
    assert "accuracy on retain_train 0.6" in found.sentence
    assert "where 0.02 is tolerated" in found.sentence


@pytest.mark.parametrize(("value", "accused"), [(0.915, True), (0.930, False), (0.95, False)])
def test_damage_is_what_exceeds_the_tolerated_beyond_chance(value, accused):
    table = Table().add("ga", 0.0)
    table.set("ga", "accuracy", value, "retain_test")
    found = judge(table)
    assert (found.verdict == "damages_retained") is accused


def test_damage_is_measured_against_the_original_too():
    table = Table().add("ga", 0.0)
    table.set("ga", "accuracy", 0.93, "retain_test")
    table.set("target", "accuracy", 0.935, "retain_test")
    assert not judge(table).accused


def test_five_records_that_were_never_removed_are_found():
    """The average reads 0.51; each of the five is told with certainty."""
    table = Table().add("ga", 0.0)
    table.set("ga", "auc", 0.51, attack="lira")
    table.set("ga", "tpr_at_fpr_1pct", 6 / MEMBERS, attack="lira")
    found = judge(table)
    assert found.verdict == "few_records"
    assert "about 5 records, where 3 are tolerated" in found.sentence


def test_members_below_chance_stand_out():
    table = Table().add("ga", 0.0)
    table.set("ga", "auc", 0.40, attack="lira")
    assert judge(table).verdict == "over_forgets"
    table.set("ga", "auc", 0.47, attack="lira")
    assert not judge(table).accused


# What there is to unlearn --------------------------------------------------------------------


def learned_nothing(area=0.5, arm=0.02, found=0.01, forget=0.4, **table):
    """A model of which no attack tells anything; ``forget``: the original's accuracy."""
    made = Table(ladder=(), attacks={"loss": ((0.5, 0.5), (0.01, 0.01))}, **table)
    made.add("ga", 0.0)
    made.values = {k: v for k, v in made.values.items() if k[2] not in NOT_CLASS}
    for variant in ("target", "ga", "retrain"):
        metric = "agreement_with_retrain" + ("_floor" if variant == "retrain" else "")
        made.set(variant, metric, 0.85)
        made.set(variant, "accuracy", forget, arm=0.02)
    for k in range(1, 5):
        made.set(f"retrain@{k}", "accuracy", forget)
    made.set("target", "auc", area, attack="loss", arm=arm)
    made.set("target", "tpr_at_fpr_1pct", found, attack="loss", arm=0.01)
    return made


def test_nothing_to_unlearn_is_an_equivalence():
    found = judge(learned_nothing(), config=PLAIN)
    assert (found.verdict, found.accused) == ("nothing_to_unlearn", False)
    assert "below the tolerated AUC 0.55 and 3% of members" in found.sentence
    # Absence of evidence: AUC 0.70 [0.41, 0.97] on a small run.
    small = learned_nothing(0.70, 0.28)
    for k, value in enumerate((0.2, 0.8, 0.35, 0.65), start=1):
        small.set(f"retrain@{k}", "auc", value, attack="loss")
    wide = judge(small, config=PLAIN)
    assert wide.verdict == "not_judged"
    assert f"cannot be told with n = {MEMBERS} members and {OTHERS} non-members" in wide.sentence
    # Members far below chance are told as well, by whoever inverts the attack.
    assert judge(learned_nothing(0.2), config=PLAIN).verdict == "not_judged"
    few = judge(learned_nothing(found=0.025), config=PLAIN)
    assert few.verdict == "not_judged"


def test_nothing_to_unlearn_hides_no_difference_from_retraining():
    table = learned_nothing()
    table.set("ga", "accuracy", 0.0)
    table.set("ga", "agreement_with_retrain", 0.0)
    table.set("target", "accuracy", 0.9).set("target", "agreement_with_retrain", 0.2)
    found = judge(table, config=PLAIN)
    assert found.verdict == "not_judged"
    assert "answers unlike a retrained model's" in found.sentence


def test_a_class_that_was_never_learned():
    found = judge(learned_nothing(0.52, 0.1, forget=0.0), config=PLAIN)
    assert found.verdict == "never_learned"
    assert "the original never learned what is to be forgotten (accuracy 0.00" in found.sentence


def test_a_method_that_took_no_step():
    table = Table().add("ga", 0.0)
    table.set("ga", "steps", 0, None)
    stops = {"hqnn": {"ga": dict.fromkeys(table.seeds, "accuracy fell, path rewound")}}
    found = judge(table, stops=stops)
    assert found.verdict == "took_no_step"
    assert found.sentence == "Took no step in any seed (accuracy fell, path rewound)."
    table.add("ga", 1.0).set("ga", "steps", [0, 12, 0], None)
    found = judge(table, stops={"hqnn": {"ga": {0: "no path"}}})
    assert found.verdict == "not_forgotten"
    assert found.sentence.startswith("Has not forgotten")
    assert "; also took no step in seed 0, 2 (no path)" in found.sentence
    table.add("logit_mask", 1.0).set("logit_mask", "steps", 0, None)
    assert "no step" not in judge(table, "logit_mask").sentence


# Paths, kinds, and what is missing -----------------------------------------------------------


def test_an_accusation_says_where_on_the_path_it_holds():
    table = Table().add("ga", 1.0).add("ga@0.5", 1.0).add("ga@2", 1.0)
    assert "has not forgotten at every level of its path (" in judge(table).sentence.lower()
    table.add("ga@3", 0.0).add("ga@10", 0.0)
    assert "at the default level, not at 3, 10 (" in judge(table).sentence
    levels = paths(verdicts(table.rows(), CONFIG))["hqnn", "ga"]
    assert [one.variant for one in levels] == ["ga@0.5", "ga@2", "ga@3", "ga@10"]
    assert [one.accused for one in levels] == [True, True, False, False]


def test_kinds_of_variants():
    controls = ("logit_mask",)
    named = {
        "ga": "method",
        "ga@0.5": "level",
        "logit_mask": "control",
        "residue@2": "ladder",
        "residue@2.5": "ladder",
        "retrain@1": "innocent",
        "innocent_turn@3": "innocent",
    }
    assert {variant: kind(variant, controls) for variant in named} == named


def test_what_nobody_measured_is_said():
    table = Table().add("ga", 0.0)
    table.values = {k: v for k, v in table.values.items() if k[2] not in NOT_CLASS}
    found = judge(table)
    assert found.verdict == "not_judged"
    assert "nothing was measured that asks for what remains of the forget set" in found.sentence
    config = CONFIG | {"attacks": {**CONFIG["attacks"], "rmia": {"component": "rmia"}}}
    found = judge(Table().add("ga", 0.0), config=config)
    assert "it is not known what rmia AUC" in found.sentence


def test_a_rate_that_cannot_be_resolved_is_no_missing_figure():
    """An attack that is compared with too few non-members for 1% sees no records; others do."""
    table = Table().add("ga", 0.0)
    for key in table.values:
        if key[1:3] == ("loss", "tpr_at_fpr_1pct"):
            table.values[key][:] = np.nan
    assert judge(table).verdict == "indistinguishable"
    table.set("ga", "tpr_at_fpr_1pct", np.nan, attack="lira")
    found = judge(table)
    assert found.verdict == "not_judged"
    assert "figures are missing (lira members found" in found.sentence


def test_a_missing_seed_is_missing():
    table = Table().add("ga", 0.0)
    rows = [r for r in table.rows() if (r["variant"], r["attack"], r["seed"]) != ("ga", "lira", 1)]
    found = {v.variant: v for v in verdicts(rows, CONFIG)}["ga"]
    assert found.verdict == "not_judged"
    assert "figures are missing" in found.sentence


def test_further_devices_are_not_mixed_in():
    rows = Table().add("ga", 0.0).rows()
    noisy = [r | {"device": "noisy", "value": 0.9} for r in rows if r["metric"] == "auc"]
    assert verdicts(rows + noisy, CONFIG) == verdicts(rows, CONFIG)


def test_one_verdict_per_model_and_variant_in_the_order_of_the_rows():
    rows = Table(ladder=()).add("ssd", 0.0).add("ga", 1.0).rows()
    rows = [r | {"model": m} for m in ("hqnn", "basic_qnn") for r in rows]
    found = [(v.model, v.variant) for v in verdicts(rows, CONFIG) if v.kind == "method"]
    assert found == [(m, v) for m in ("hqnn", "basic_qnn") for v in ("ssd", "ga")]


def test_every_verdict_is_a_rule():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert not any(rule.accuses and rule.acquits for rule in RULES)
    assert ATTACKS.keys() == CONFIG["attacks"].keys()
    assert "indistinguishable" in ACQUITTALS


def half_blind(on_method):
    """A third attack whose figures on the positive control spread too far to see anything there."""
    attacks = ATTACKS | {"odd": ((0.5, 0.5), (0.01, 0.01))}
    table = Table(attacks=attacks).add("ga", 0.0)
    for metric, values in (("auc", [0.9, 0.4, 0.6]), ("tpr_at_fpr_1pct", [0.3, 0.0, 0.01])):
        table.set("residue@100", metric, values, "forget_train", "odd")
        for variant in ("retrain", *(f"retrain@{k}" for k in range(1, 5))):
            table.set(variant, metric, 0.5 if metric == "auc" else 0.01, "forget_train", "odd", 0.1)
    table.set("ga", "auc", on_method, "forget_train", "odd")
    return table


def test_an_attack_that_may_see_keeps_from_acquittal_only_what_it_would_accuse():
    config = CONFIG | {"attacks": CONFIG["attacks"] | {"odd": {"component": "loss_thr"}}}
    assert judge(half_blind(0.5), config=config).verdict == "indistinguishable"
    found = judge(half_blind(0.95), config=config)
    assert found.verdict == "not_judged"
    assert "odd AUC would accuse it" in found.sentence


def test_a_path_is_not_acquitted_of_what_was_not_asked_of_it():
    """Levels have figures of attacks, and none of the class."""
    table = Table().add("ga", 0.0).add("ga@1", 0.0)
    table.set("ga", "relearn_aligned_steps", 2.0, None)
    without = [key for key in table.values if key[0] == "ga@1" and key[2] in NOT_CLASS]
    found = judge(table, without=without)
    assert found.accused
    assert "at the default level, the only one that was asked" in found.sentence
