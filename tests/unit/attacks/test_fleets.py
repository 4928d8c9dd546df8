"""Attacks on unlearned shadow models refuse fleets that are missing or do not fit."""

from dataclasses import replace

import pytest
from lira_example import evidence
from qmu.attacks.methods import ruli, u_lira, update_leak

FLEETS = {module: ("shadows", "unlearned") for module in (u_lira, ruli, update_leak)}
NAMES = {module: module.__name__.rpartition(".")[2] for module in FLEETS}


def run(module, given):
    return module.score({}, given, module.Config(), ("test",))


@pytest.mark.parametrize(
    ("module", "missing"),
    [pytest.param(m, f, id=f"{NAMES[m]}-{f}") for m, fleets in FLEETS.items() for f in fleets],
)
def test_missing_fleets_are_refused(module, missing):
    with pytest.raises(ValueError, match="shadow models"):
        run(module, replace(evidence(), **{missing: None}))


@pytest.mark.parametrize("module", FLEETS, ids=NAMES.get)
def test_other_samples_than_the_fleets_are_refused(module):
    given = evidence()
    moved = replace(given.audited, sample_id=given.audited.sample_id[::-1])
    with pytest.raises(ValueError, match="not those"):
        run(module, replace(given, audited=moved))


def test_retrained_shadow_models_are_asked_for_where_they_are_the_null():
    config = u_lira.Config(against="retrained")
    with pytest.raises(ValueError, match="shadow models"):
        u_lira.score({}, replace(evidence(), retrained=None), config, ("test",))
