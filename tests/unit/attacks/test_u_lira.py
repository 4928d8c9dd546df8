"""U-LiRA: a closed form per world, what unlearning left, and variants that unlearned nothing."""

from dataclasses import replace

import numpy as np
import pytest
from lira_example import FORGET, area, before, coverage, evidence, masked
from qmu.attacks.methods import lira_online, u_lira
from scipy.stats import norm

NAMES = ("test",)


def _run(given, against="unlearned"):
    return u_lira.score({}, given, u_lira.Config(against=against), NAMES)


def _phi(logits, label):
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    own = p[..., np.arange(len(label)), label]
    return np.log(own) - np.log1p(-own)


def _pooled(groups):
    squares = sum(((g - np.mean(g)) ** 2).sum() for g in groups)
    return np.sqrt(squares / sum(len(g) - 1 for g in groups))


@pytest.mark.parametrize("against", ["unlearned", "retrained"])
def test_agrees_with_its_closed_form(against):
    given = evidence(models=24, n=100)
    label, held = given.audited.label, given.shadows.member
    after, never = (_phi(f.logits, label) for f in (given.unlearned, given.retrained))
    own, found = _phi(given.audited.logits, label), _run(given, against).score
    for i in np.flatnonzero(held.any(axis=0)):
        alike = [j for j in np.flatnonzero(label == label[i]) if held[:, j].any()]
        world_u = norm(after[held[:, i], i].mean(), _pooled([after[held[:, j], j] for j in alike]))
        same = np.flatnonzero(label == label[i])
        if against == "retrained" and given.audited.forget[i]:
            world_r = norm(never[:, i].mean(), _pooled([never[:, j] for j in same]))
        else:
            rest = [after[~held[:, j], j] for j in same]
            world_r = norm(after[~held[:, i], i].mean(), _pooled(rest))
        assert found[i] == pytest.approx(world_u.logpdf(own[i]) - world_r.logpdf(own[i]), abs=1e-6)


def test_what_unlearning_left_is_caught_and_what_it_removed_is_not():
    areas = {}
    for left in (1.0, 0.0):
        given = evidence(memory=5.0, left=left, n=1000)
        areas[left] = area(_run(given), given.audited, given.audited.forget)
        assert area(_run(given), given.audited, ~given.audited.forget) > 0.9
    assert areas[1.0] > 0.9
    assert abs(areas[0.0] - 0.5) < 0.1


def test_interval_covers_chance_where_nothing_was_memorised():
    assert 0.89 <= coverage(u_lira, u_lira.Config()) <= 0.99


def test_of_the_target_it_is_lira():
    given = before(evidence())
    config = lira_online.Config()
    wanted = lira_online.score(lira_online.fit(given, config, NAMES), given, config, NAMES).score
    np.testing.assert_allclose(_run(given).score, wanted)
    retain = ~given.audited.forget
    np.testing.assert_allclose(_run(given, "retrained").score[retain], wanted[retain])


def test_what_all_images_betray_alike_is_no_membership():
    """The unlearning pushes every image of the class, members and others, by a shift of its own:
    against retrained models each image decides for "unlearned", though no member stands out."""
    given = evidence(memory=0.0, left=0.0, n=1000)
    forget = given.audited.forget
    push = np.where(forget, 2.0, 0.0)

    def pushed(logits):
        moved = np.array(logits, float)
        rows = np.arange(len(push))
        moved[..., rows, given.audited.label] -= push
        return moved

    given = replace(
        given,
        audited=replace(given.audited, logits=pushed(given.audited.logits)),
        unlearned=replace(given.unlearned, logits=pushed(given.unlearned.logits)),
    )
    against_retrained, within = _run(given, "retrained"), _run(given)
    assert np.mean(against_retrained.decision[forget]) > 0.8
    assert abs(np.mean(within.decision[forget]) - 0.5) < 0.15
    assert abs(area(within, given.audited, forget) - 0.5) < 0.1


def test_of_a_retrained_model_it_is_chance_on_the_forget_class():
    given = evidence(memory=5.0, left=0.0, n=1000)
    given = replace(given, unlearned=given.retrained)
    for against in ("unlearned", "retrained"):
        scored = _run(given, against)
        assert np.isfinite(scored.score).all()
        assert abs(area(scored, given.audited, given.audited.forget) - 0.5) < 0.1
    assert u_lira.CARD.ideal == 0.5


def test_scores_stay_finite_with_a_masked_class():
    given = evidence()
    hidden = masked(given.audited)
    fleet = given.unlearned.logits.copy()
    fleet[..., FORGET] = -np.inf
    for unlearned in (given.unlearned, replace(given.unlearned, logits=fleet)):
        scored = _run(replace(given, audited=hidden, unlearned=unlearned))
        assert np.isfinite(scored.score).all()


@pytest.mark.parametrize("held", [False, True])
def test_samples_with_models_in_one_world_only(held):
    given = evidence()
    member = given.shadows.member.copy()
    member[:, ::7] = held
    given = replace(given, shadows=replace(given.shadows, member=member))
    assert np.isfinite(_run(given).score).all()
