"""Records: uniform p-values, few false discoveries, planted outliers, groups kept apart."""

import numpy as np
import pytest
from qmu.attacks.records import benjamini_hochberg, p_values, records, stability


def _table(members, others, label=0, seed=0, attack="lira", forget=True, first=0):
    """Rows of the table of scores: members first."""
    n = len(members) + len(others)
    group = "forget" if forget else "retain"
    split = [f"{group}_train"] * len(members)
    split += [f"{group}_{'test' if k % 2 else 'unseen'}" for k in range(len(others))]
    return {
        "seed": np.full(n, seed),
        "sample_id": np.arange(n) + first,
        "label": np.full(n, label),
        "split": np.array(split, dtype=object),
        "forget": np.full(n, forget),
        "attack": np.full(n, attack, dtype=object),
        "score": np.concatenate([members, others]).astype(float),
        "decision": np.zeros(n, bool),
        "fitted": np.zeros(n, bool),
    }


def _joined(*tables):
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def test_a_p_value_counts_the_non_members_at_or_above():
    found = p_values(np.array([5.0, 2.0, 0.0, np.inf, -np.inf]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(found, np.array([1, 3, 4, 1, 4]) / 4)
    np.testing.assert_array_equal(p_values(np.array([7.0]), np.empty(0)), [1.0])


def test_p_values_are_uniform_where_members_are_like_others():
    """Exactly: with 19 non-members every multiple of 1/20 is equally likely."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(20_000, 20))
    found = np.array([p_values(row[:1], row[1:])[0] for row in drawn])
    counts = np.bincount(np.round(found * 20).astype(int), minlength=21)[1:]
    assert counts.sum() == 20_000
    # Each count has deviation 31.
    assert np.abs(counts - 1000).max() < 4 * 31


def test_ties_make_p_values_larger_never_smaller():
    rng = np.random.default_rng(1)
    drawn = rng.integers(0, 4, (5000, 20)).astype(float)
    found = np.array([p_values(row[:1], row[1:])[0] for row in drawn])
    for level in (0.05, 0.1, 0.3):
        assert np.mean(found <= level) <= level + 0.015


def test_benjamini_and_hochberg_by_hand():
    p = np.array([0.04, 0.001, 0.03, 0.5, 0.012])
    # 5% over five: 0.01, 0.02, 0.03, 0.04, 0.05; the fourth smallest is 0.04.
    np.testing.assert_array_equal(benjamini_hochberg(p, 0.05), [True, True, True, False, True])
    assert not benjamini_hochberg(p, 0.001).any()
    np.testing.assert_array_equal(benjamini_hochberg(np.full(4, 0.05), 0.05), True)
    assert benjamini_hochberg(np.empty(0), 0.05).shape == (0,)


@pytest.mark.parametrize("outliers", [0, 20])
def test_false_discoveries_are_few(outliers):
    """The mean share of chance finds among what is found, over simulated audits."""
    rng, shares, power = np.random.default_rng(2), [], []
    for _ in range(400):
        members = rng.normal(size=95)
        members[:outliers] += 5.0
        found = records(_table(members, rng.normal(size=390)), level=0.2)["found"]
        shares.append(found[outliers:].sum() / max(found.sum(), 1))
        power.append(found[:outliers].mean() if outliers else 1.0)
    # Of 400 shares the mean has a deviation of at most 0.02.
    assert np.mean(shares) <= 0.2 * (95 - outliers) / 95 + 0.04
    assert np.mean(power) > 0.9


def test_five_records_of_95_are_all_found():
    """What an average AUC of 0.53 hides (the five were never removed)."""
    rng = np.random.default_rng(3)
    members, others = rng.normal(size=95), rng.normal(size=390)
    members[:5] = others.max() + 1 + np.arange(5)
    for level in (0.05, 0.1):
        found = records(_table(members, others), level)["found"]
        assert found[:5].all()
        assert found.sum() <= 7


def test_labels_are_compared_with_their_own_and_groups_and_runs_are_judged_apart():
    rng = np.random.default_rng(4)
    strong = np.full(5, 50.0)
    forget = _table(np.r_[strong, rng.normal(size=90)], rng.normal(size=390))
    # Another label stands a hundred higher throughout, which tells nothing of its members.
    retain = _table(
        rng.normal(size=900) + 100, rng.normal(size=900) + 100, 1, forget=False, first=5000
    )
    alone, together = records(forget), records(_joined(forget, retain))
    np.testing.assert_array_equal(together["found"][:95], alone["found"])
    assert together["found"][:5].all()
    assert together["found"][95:].mean() < 0.02
    runs = [
        _table(np.r_[strong, rng.normal(size=90)], rng.normal(size=390), seed=s, attack=a)
        for s in (0, 1)
        for a in ("lira", "rmia")
    ]
    found = records(_joined(*runs))
    for k, run in enumerate(runs):
        rows = slice(95 * k, 95 * (k + 1))
        for name, column in records(run).items():
            if name != "stability":
                np.testing.assert_array_equal(found[name][rows], column)


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(5)
    table = _joined(*(_table(rng.normal(size=30) + 2, rng.normal(size=60), seed=s) for s in (0, 1)))
    order = rng.permutation(len(table["seed"]))
    moved = records({name: column[order] for name, column in table.items()})
    plain = records(table)
    back, forth = (np.lexsort((one["sample_id"], one["seed"])) for one in (moved, plain))
    for name, column in plain.items():
        np.testing.assert_array_equal(moved[name][back], column[forth])


def test_what_was_fitted_on_is_on_neither_side():
    table = _table(np.array([9.0, 9.0, 0.0]), np.array([1.0, 10.0, 1.0]))
    table["fitted"][[1, 4]] = True
    found = records(table)
    np.testing.assert_array_equal(found["sample_id"], [0, 2])
    np.testing.assert_allclose(found["p_value"], [1 / 3, 1.0])


def test_stability_is_the_share_of_seeds_as_a_member():
    attack = np.array(["b", "b", "b", "a", "a"], dtype=object)
    found = np.array([True, False, True, True, False])
    shares = stability(attack, np.array([7, 7, 8, 7, 8]), found)
    np.testing.assert_array_equal(shares, [0.5, 0.5, 1.0, 1.0, 0.0])


def test_a_record_found_in_one_of_two_seeds_is_half_stable():
    runs = [
        _table(np.r_[np.full(5, 9.0 if seed else -9.0), np.zeros(10)], np.zeros(390), seed=seed)
        for seed in (0, 1)
    ]
    found = records(_joined(*runs))
    expected = np.where(found["sample_id"] < 5, 0.5, 0.0)
    np.testing.assert_array_equal(found["stability"], expected)


def test_nan_scores_are_refused_and_no_rows_are_no_records():
    table = _table(np.array([np.nan]), np.array([0.0]))
    with pytest.raises(ValueError, match="NaN"):
        records(table)
    empty = records({name: column[:0] for name, column in table.items()})
    assert {len(column) for column in empty.values()} == {0}
