"""What every attack in the folder must keep, whatever it does."""

import copy
import subprocess
import sys
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from attack_example import evidence, for_fitting
from qmu import registry
from qmu.attacks.game import AttackCard, Evidence, Scored, allowed
from qmu.metrics.roc import auc
from qmu.strict import Strict

NAMES = ("contract", 0)
attacks = pytest.mark.parametrize("name", registry.names("attacks"))


class Poison:
    """Stands for evidence that an attack has no right to: every look at it is an error."""

    def __getattr__(self, attribute):
        raise AssertionError(f"the attack read {attribute} of evidence that it may not look at")

    def __array__(self, *_, **__):
        raise AssertionError("the attack read an array that it may not look at")


def _fit(name, whole):
    """Fit as a run does: on the original model and the shadows, before anything else exists."""
    module = registry.load("attacks", name)
    early = allowed(for_fitting(whole.original, whole.shadows), module.CARD)
    return module.fit(early, module.Config(), NAMES)


def _score(name, fitted, whole):
    module = registry.load("attacks", name)
    return module.score(fitted, allowed(whole, module.CARD), module.Config(), NAMES)


def _run(name, whole):
    fitted = _fit(name, whole)
    return fitted, _score(name, fitted, whole)


def _stage(name):
    """Attacks that know the method are asked about a model that has unlearned, by halves."""
    needs = registry.load("attacks", name).CARD.needs
    return "unlearned" if "unlearned_shadows" in needs else "target"


@cache
def _memorising(name):
    """One attack on one model with planted leakage, for the tests that only look; its margin is
    small enough that non-members are also named wrongly, which is all that some attacks see."""
    whole = evidence(n=2000, stage=_stage(name), margin=4.0)
    return whole, *_run(name, whole)


@attacks
def test_card_and_config_are_complete(name):
    module = registry.load("attacks", name)
    assert isinstance(module.CARD, AttackCard)
    assert all((module.CARD.title, module.CARD.source, module.CARD.access, module.CARD.statement))
    assert issubclass(module.Config, Strict)
    assert module.Config(**module.Config().model_dump(mode="json")) == module.Config()


@attacks
def test_shapes_and_types(name):
    whole, fitted, scored = _memorising(name)
    assert isinstance(scored, Scored)
    for value, kind in ((scored.score, "f"), (scored.decision, "b"), (scored.fitted, "b")):
        assert value.shape == whole.audited.label.shape
        assert value.dtype.kind == kind
    for key, value in fitted.items():
        assert isinstance(key, str)
        np.testing.assert_array_equal(np.asarray(value, np.float64), value)


@attacks
def test_same_names_same_bits_and_inputs_untouched(name):
    whole = evidence(stage=_stage(name))
    before = copy.deepcopy(whole)
    first, second = (_run(name, whole) for _ in range(2))
    assert first[0].keys() == second[0].keys()
    for key, value in first[0].items():
        np.testing.assert_array_equal(value, second[0][key])
    for field in ("score", "decision", "fitted"):
        np.testing.assert_array_equal(getattr(first[1], field), getattr(second[1], field))
    for part in ("original", "audited", "shadows", "unlearned", "retrained", "calibration"):
        for field in fields(getattr(whole, part)):
            old, new = (getattr(getattr(given, part), field.name) for given in (before, whole))
            np.testing.assert_array_equal(old, new)


@attacks
@pytest.mark.parametrize("loss", ["ce", "bce_sum"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_scores_are_never_nan_even_where_a_class_is_masked(name, loss):
    _, scored = _run(name, evidence(loss=loss, masked=True))
    assert not np.isnan(scored.score).any()
    assert not np.isposinf(scored.score).any()


@attacks
def test_members_of_a_memorising_model_score_higher(name):
    """On points that the attack was not fitted on, within the forget class and outside it; what
    retained classes leak through an update is nothing that attacks on updates look for."""
    whole, _, scored = _memorising(name)
    given = whole.audited
    groups = [given.forget] if _stage(name) == "unlearned" else [given.forget, ~given.forget]
    for group in groups:
        free = group & ~scored.fitted
        area = auc(scored.score[free & given.member], scored.score[free & ~given.member])
        assert area > 0.6


@attacks
def test_members_of_a_model_that_holds_nothing_rank_by_chance(name):
    """Averaged over models, on rows that the attack was not fitted on."""
    areas = []
    for seed in range(2):
        whole = evidence(seed, memory=0.0, n=800, stage=_stage(name), margin=4.0)
        _, scored = _run(name, whole)
        free, member = ~scored.fitted, whole.audited.member
        areas.append(auc(scored.score[free & member], scored.score[free & ~member]))
    assert abs(np.mean(areas) - 0.5) < 0.07


@attacks
def test_a_score_ranks_as_its_decision(name):
    _, _, scored = _memorising(name)
    lowest = np.min(scored.score[scored.decision], initial=np.inf)
    assert lowest >= np.max(scored.score[~scored.decision], initial=-np.inf)


@attacks
def test_stored_parameters_score_alike(name):
    """Parquet keeps float64: reading back what was fitted must not change a score."""
    whole, fitted, scored = _memorising(name)
    stored = {key: np.asarray(value, np.float64) for key, value in fitted.items()}
    again = _score(name, stored, whole)
    np.testing.assert_allclose(again.score, scored.score, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(again.fitted, scored.fitted)


@attacks
def test_only_evidence_that_the_card_asks_for_is_looked_at(name):
    module = registry.load("attacks", name)
    whole = evidence(stage=_stage(name))
    fitted, scored = _run(name, whole)
    target = whole.original if module.CARD.fitted_on_target else Poison()
    early = _poisoned(allowed(for_fitting(whole.original, whole.shadows), module.CARD))
    again = module.fit(replace(early, original=target, audited=target), module.Config(), NAMES)
    for key, value in fitted.items():
        np.testing.assert_array_equal(value, again[key])
    late = _poisoned(allowed(whole, module.CARD))
    np.testing.assert_array_equal(
        module.score(fitted, late, module.Config(), NAMES).score, scored.score
    )


@attacks
def test_shadows_speak_through_what_was_fitted(name):
    """Runs hand shadow models to a fit; to a score only where a method's are compared."""
    module = registry.load("attacks", name)
    if "unlearned_shadows" in module.CARD.needs:
        pytest.skip("compares shadow models before and after the audited method")
    whole, fitted, scored = _memorising(name)
    without = replace(allowed(whole, module.CARD), shadows=None)
    again = module.score(fitted, without, module.Config(), NAMES)
    np.testing.assert_array_equal(again.score, scored.score)


def _poisoned(given: Evidence) -> Evidence:
    """Poison wherever the card's evidence holds nothing."""
    parts = ("shadows", "unlearned", "retrained", "calibration")
    changes = {part: Poison() for part in parts if getattr(given, part) is None}
    if given.audited.right is None:
        changes["audited"] = replace(given.audited, right=Poison())
    for part in ("original", "audited", *parts):
        found = changes.get(part, getattr(given, part))
        if not isinstance(found, Poison) and found.expectation_values is None:
            changes[part] = replace(found, expectation_values=Poison())
    return replace(given, **changes)


def test_poison_is_felt():
    given = _poisoned(allowed(evidence(), AttackCard("", "", "")))
    for part in ("shadows", "unlearned", "retrained", "calibration"):
        with pytest.raises(AssertionError, match="may not look"):
            _ = getattr(given, part).member
    for held in (given.audited.right, given.audited.expectation_values):
        with pytest.raises(AssertionError, match="may not look"):
            np.asarray(held)


def test_importing_attacks_imports_nothing_heavy():
    code = (
        "import sys; from qmu import registry;"
        "[registry.load('attacks', n) for n in registry.names('attacks')];"
        "import qmu.audit.measure, qmu.report.terminal;"
        "heavy = {'jax', 'optax', 'pennylane', 'sklearn', 'matplotlib'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_attack_is_the_published_one_and_one_its_reference():
    cards = [registry.load("attacks", name).CARD for name in registry.names("attacks")]
    assert sum(card.published for card in cards) == sum(card.reference for card in cards) == 1
