"""Residual shares read off a ladder: by curves whose inverse is known, and on known models."""

import math

import numpy as np
import pytest
from qmu.audit.verdicts.case import read
from qmu.audit.verdicts.questions import Figure
from qmu.audit.verdicts.residue import BEYOND, Share, inverse, readings, share_by
from verdict_tables import CONFIG, Table

SHARES = np.array([0.02, 0.05, 0.1, 0.25, 0.5, 1.0])
AREA = Figure("lira", "auc", "forget_train", "above")


def rungs(values, arm=0.01):
    values = np.asarray(values, float)
    return np.stack([values, values - arm, values + arm], axis=1)


def own(value, arm=0.01):
    return np.array([value, value - arm, value + arm])


def test_a_straight_curve_is_inverted_with_its_interval():
    """AUC rises by 0.2 at the whole forget set: a difference of 0.1 is half of it, and arms of 0.03
    and 0.04 add up to 0.05, a quarter of the set."""
    found = inverse(SHARES, rungs(0.2 * SHARES, 0.04), own(0.1, 0.03))
    assert found.value == pytest.approx(0.5)
    assert found.low == pytest.approx(0.25)
    assert found.high == pytest.approx(0.75)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_a_rung_reads_its_own_share(power):
    curve = SHARES**power
    for share, value in zip(SHARES, curve, strict=True):
        found = inverse(SHARES, rungs(curve, 1e-6), own(value, 1e-6))
        assert found.value == pytest.approx(share)
        assert found.low <= share * (1 + 1e-9)
        assert found.high >= min(share, 1.0) * (1 - 1e-9)


def test_what_reads_as_retrained_models_holds_nothing_and_more_than_all_is_beyond():
    curve = rungs(0.2 * SHARES)
    below = inverse(SHARES, curve, own(-0.05))
    assert (below.value, below.low, below.high) == (0, 0, 0)
    none = inverse(SHARES, curve, own(0.0))
    assert (none.value, none.low) == (0, 0)
    assert 0 < none.high < 0.1
    above = inverse(SHARES, curve, own(0.3))
    assert (above.value, above.low, above.high) == (BEYOND, BEYOND, BEYOND)
    edge = inverse(SHARES, curve, own(0.199))
    assert edge.value == pytest.approx(0.995)
    assert edge.high == BEYOND


def test_rungs_out_of_order_are_pooled_and_the_curve_stays_ascending():
    curve = np.array([0.02, -0.02, 0.1, 0.08, 0.2, 0.3])
    found = [inverse(SHARES, rungs(curve), own(d)).value for d in np.linspace(-0.1, 0.4, 60)]
    assert (np.diff([min(one, 2.0) for one in found]) >= 0).all()
    # The first two are pooled to nothing, the next two to 0.09.
    assert inverse(SHARES, rungs(curve), own(1e-9)).value == pytest.approx(0.05, abs=1e-6)
    assert 0.1 < inverse(SHARES, rungs(curve), own(0.0901)).value < 0.26


def test_wider_intervals_widen_the_share():
    widths = []
    for arm in (0.0, 0.01, 0.05, 0.2):
        found = inverse(SHARES, rungs(0.2 * SHARES, 0.01), own(0.1, arm))
        assert found.value == pytest.approx(0.5)
        assert found.low <= found.value <= found.high
        widths.append(min(found.high, 2.0) - found.low)
    assert widths == sorted(widths)


def test_a_figure_that_falls_with_what_is_held_reads_alike():
    table = Table(attacks={})
    held = {"retrain": 0.0, "retrain@1": 0.0, "retrain@2": 0.0}
    held |= {f"residue@{percent}": percent / 100 for percent in (2, 5, 10, 25, 50, 100)}
    for name, share in held.items():
        table.set(name, "relearn_aligned_steps", 1 - share / 2, None, spread=1e-3)
    table.add("ga").set("ga", "relearn_aligned_steps", 0.8, None)
    case = read(table.rows(), "hqnn")
    figure = Figure(None, "relearn_aligned_steps", None, "below")
    assert share_by(case, figure, "ga").value == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 1.0])
def test_models_that_hold_a_share_are_read_as_holding_it(share):
    covered = 0
    for seed in range(20):
        case = read(Table(rng=seed).add("ga", share).rows(), "hqnn")
        found = share_by(case, AREA, "ga")
        covered += found.low <= share <= found.high
        assert found.low <= found.value <= found.high
    assert covered >= 18


def test_without_a_ladder_or_a_figure_nothing_is_read():
    case = read(Table(ladder=()).add("ga", 0.5).rows(), "hqnn")
    for figure, variant in ((AREA, "ga"), (Figure("none", "auc", "forget_train", "above"), "ga")):
        found = share_by(case, figure, variant)
        assert math.isnan(found.value)
        assert isinstance(found, Share)
    assert readings(Table(ladder=()).add("ga").rows(), CONFIG) == []
    case = read(Table().rows(), "hqnn")
    assert math.isnan(share_by(case, AREA, "ga").value)


def test_the_judges_read_every_variant_but_the_rungs():
    found = readings(Table().add("ga", 0.5).add("ssd", 0.0).rows(), CONFIG)
    assert {one.variant for one in found} == {
        *("target", "retrain", "ga", "ssd"),
        *(f"retrain@{k}" for k in range(1, 5)),
    }
    # lira sees more than loss does on the model that holds all.
    assert {(one.attack, one.metric) for one in found} == {
        ("lira", "auc"),
        ("lira", "tpr_at_fpr_1pct"),
    }
    by_area = {one.variant: one.share for one in found if one.metric == "auc"}
    assert by_area["ga"].low > 0.2
    assert by_area["ssd"].high < 0.2
    assert by_area["target"].high == BEYOND
