"""Attacks that draw no random numbers judge a row by what it is, wherever it stands."""

from dataclasses import fields, replace

import numpy as np
import pytest
from attack_example import evidence
from qmu import registry
from qmu.attacks.game import allowed

NAMES = ("test",)
DRAWN = ("su_graybox", "su_graybox_fixed", "shokri", "update_leak")


def _moved(part, order):
    """A view or fleet with its rows (the first axis of their length) in another order."""
    changes = {}
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray):
            changes[field.name] = np.take(value, order, axis=value.shape.index(len(order)))
    return replace(part, **changes)


@pytest.mark.parametrize("name", [n for n in registry.names("attacks") if n not in DRAWN])
def test_rows_in_another_order_have_the_same_scores(name):
    module = registry.load("attacks", name)
    whole = evidence(n=400, stage="unlearned", margin=4.0)
    order = np.random.default_rng(0).permutation(400)
    config, given = module.Config(), allowed(whole, module.CARD)
    fitted = module.fit(replace(given, audited=given.original), config, NAMES)
    parts = {field.name: getattr(given, field.name) for field in fields(given)}
    there = replace(given, **{k: _moved(v, order) for k, v in parts.items() if v is not None})
    first, second = (module.score(fitted, seen, config, NAMES) for seen in (given, there))
    np.testing.assert_allclose(second.score, first.score[order], atol=1e-6)
    np.testing.assert_array_equal(second.fitted, first.fitted[order])
