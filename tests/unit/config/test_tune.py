"""The section ``tune``: its defaults, and what it refuses in one line."""

from __future__ import annotations

import fixtures
import pytest
from qmu.config import tune
from qmu.config.parse import parse
from qmu.errors import ConfigError
from qmu.plan import tune as plan


def parsed(asked, **more):
    config = fixtures.small_config() | {"shadows": {"count": 8, "unlearned": 4}, **more}
    return parse(config | {"tune": asked})


def test_nothing_is_tuned_where_nothing_is_asked():
    experiment = parse(fixtures.small_config())
    assert experiment.tune is None
    assert plan.tuned_methods(experiment) == {}


def test_all_methods_are_tuned_by_one_budget():
    experiment = parsed({}, unlearning={"ga": {}, "identity": {}, "rga_short": {"method": "rga"}})
    assert tune.names(experiment) == ["ga", "identity", "rga_short"]
    spec = plan.tune(experiment, "basic_qnn", "rga_short")
    assert (spec.trials, spec.indices, spec.method.component) == (16, (0, 1, 2, 3), "rga")
    assert plan.tuned(experiment).methods["rga_short"] == "rga"


def test_some_methods_with_ranges_of_the_users():
    asked = {"methods": ["ga"], "trials": 4, "ranges": {"ga": {"step_length": [0.001, 0.01]}}}
    experiment = parsed(asked, unlearning={"rga": {}, "ga": {}})
    assert plan.tuned_methods(experiment) == {"basic_qnn": ["ga"]}
    assert plan.tune(experiment, "basic_qnn", "ga").ranges == {"step_length": [0.001, 0.01]}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"models": 5}, r"tune.models: 5 shadow models .* only 4 .*shadows.unlearned"),
        ({"models": 1}, r"tune.models: .*2"),
        ({"methods": ["gaa"]}, r"tune.methods: no method 'gaa' under unlearning.*'ga'"),
        ({"ranges": {"ssd": {}}}, r"tune.ranges: no method 'ssd'"),
        ({"ranges": {"ga": {"speed": [1, 2]}}}, r"tune.ranges.ga.speed: .*step_length"),
        ({"ranges": {"ga": {"step_length": [2, 1]}}}, r"ranges.ga.step_length: the first value"),
        ({"ranges": {"ga": {"step_length": [0, 1]}}}, r"above 0, found 0 and 1"),
        ({"trails": 3}, r"tune.trails"),
    ],
)
def test_what_cannot_be_tuned_is_told_in_one_line(asked, told):
    with pytest.raises(ConfigError, match=told) as error:
        parsed(asked)
    assert "\n" not in str(error.value)
