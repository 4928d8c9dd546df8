"""What every attack in the folder must keep, whatever it does."""

import copy
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from attack_example import shadows, suppressed, view
from qmu import registry
from qmu.cards import AttackCard
from qmu.metrics.roc import auc
from qmu.strict import Strict
from qmu.view import Scored

NAMES = ("contract", 0)
attacks = pytest.mark.parametrize("name", registry.names("attacks"))


def _run(name, target, audited=None, names=NAMES, fleet=None):
    module = registry.load("attacks", name)
    config = module.Config()
    fleet = shadows(memory=3.0) if fleet is None else fleet
    fitted = module.fit(target, fleet, config, names)
    return fitted, module.score(fitted, audited or target, config, names)


@cache
def _memorising(name):
    """One attack on one model with planted leakage, for the tests that only look."""
    target = view(memory=4.0)
    return target, *_run(name, target)


@attacks
def test_card_and_config_are_complete(name):
    module = registry.load("attacks", name)
    assert isinstance(module.CARD, AttackCard)
    assert all((module.CARD.title, module.CARD.source, module.CARD.access, module.CARD.statement))
    assert issubclass(module.Config, Strict)
    assert module.Config(**module.Config().model_dump(mode="json")) == module.Config()


@attacks
def test_shapes_and_types(name):
    target, fitted, scored = _memorising(name)
    assert isinstance(scored, Scored)
    for value, kind in ((scored.score, "f"), (scored.decision, "b"), (scored.fitted, "b")):
        assert value.shape == target.label.shape
        assert value.dtype.kind == kind
    for key, value in fitted.items():
        assert isinstance(key, str)
        np.testing.assert_array_equal(np.asarray(value, np.float64), value)


@attacks
def test_same_names_same_bits_and_inputs_untouched(name):
    target, fleet = view(n=800, memory=3.0), shadows(memory=3.0)
    before = copy.deepcopy((target, fleet))
    first, second = (_run(name, target, fleet=fleet) for _ in range(2))
    for key, value in first[0].items():
        np.testing.assert_array_equal(value, second[0][key])
    for field in ("score", "decision", "fitted"):
        np.testing.assert_array_equal(getattr(first[1], field), getattr(second[1], field))
    for old, new in zip(before, (target, fleet), strict=True):
        for field in old.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(old, field), getattr(new, field))


@attacks
@pytest.mark.parametrize("loss", ["ce", "bce_sum"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_scores_are_never_nan_even_where_a_class_is_masked(name, loss):
    target = view(n=800, memory=3.0, loss=loss)
    _, scored = _run(name, target, suppressed(target, np.inf))
    assert not np.isnan(scored.score).any()
    assert not np.isposinf(scored.score).any()


@attacks
def test_members_of_a_memorising_model_score_higher(name):
    """On points that the attack was not fitted on, within the forget class and outside it."""
    target, _, scored = _memorising(name)
    for group in (target.forget, ~target.forget):
        free = group & ~scored.fitted
        area = auc(scored.score[free & target.member], scored.score[free & ~target.member])
        assert area > 0.6


@attacks
def test_a_score_ranks_as_its_decision(name):
    _, _, scored = _memorising(name)
    assert scored.score[scored.decision].min() >= scored.score[~scored.decision].max()


@attacks
def test_stored_parameters_score_alike(name):
    """Parquet keeps float64: reading back what was fitted must not change a score."""
    module = registry.load("attacks", name)
    target, fitted, scored = _memorising(name)
    stored = {key: np.asarray(value, np.float64) for key, value in fitted.items()}
    again = module.score(stored, target, module.Config(), NAMES)
    np.testing.assert_allclose(again.score, scored.score, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(again.fitted, scored.fitted)


def test_importing_attacks_imports_nothing_heavy():
    code = (
        "import sys; from qmu import registry;"
        "[registry.load('attacks', n) for n in registry.names('attacks')];"
        "import qmu.audit, qmu.audit_tables;"
        "heavy = {'jax', 'optax', 'pennylane', 'sklearn', 'matplotlib'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
