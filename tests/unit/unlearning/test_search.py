"""What is tuned of a method: its declared ranges, and the points of the Sobol sequence in them."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field
from qmu.strict import Strict
from qmu.unlearning.methods import ga, identity
from qmu.unlearning.search import Choices, Search, settings, space


class Inner(Strict):
    share: Annotated[float, Search(0.0, 1.0)] = 0.5
    steps: int = 7


class Settings(Strict):
    rate: Annotated[float, Field(gt=0), Search(1e-4, 1.0, log=True)] = 0.01
    rounds: Annotated[int, Search(1, 4)] = 2
    rule: Annotated[str, Choices(("a", "b", "c"))] = "a"
    inner: Inner = Inner()


BASE = Settings().model_dump()


def test_ranges_are_read_from_the_fields_also_of_settings_inside_others():
    assert list(space(Settings)) == ["rate", "rounds", "rule", "inner.share"]
    assert space(ga.Config)["step_length"].log
    assert space(identity.Config) == {}


def test_a_logarithmic_range_is_even_in_the_logarithm():
    one = Search(1e-4, 1.0, log=True)
    assert one.at(0.0) == pytest.approx(1e-4)
    assert one.at(0.5) == pytest.approx(1e-2)
    assert Search(2.0, 6.0).at(0.25) == pytest.approx(3.0)


def test_whole_numbers_and_choices_are_as_likely_each():
    shares = (np.arange(1200) + 0.5) / 1200
    _, counts = np.unique([Search(1, 4).at(s) for s in shares], return_counts=True)
    assert counts.tolist() == [300] * 4
    _, counts = np.unique([Choices(tuple("abc")).at(s) for s in shares], return_counts=True)
    assert counts.tolist() == [400] * 3
    assert {Search(1, 20, log=True).at(s) for s in (0.0, 1 - 1e-12)} == {1, 20}


def test_the_first_setting_is_the_configured_one_and_all_are_valid():
    tried = settings(space(Settings), BASE, 16, ("tests",))
    assert tried[0] == BASE
    assert len(tried) == 17
    for one in tried[1:]:
        assert Settings(**one).inner.steps == 7
        assert 1e-4 <= one["rate"] <= 1
    assert Settings().model_dump() == BASE  # nothing inside it was written to


def test_points_fill_every_range_evenly():
    # A Sobol sequence of 2^k points has one in each of 2^k equal pieces of every axis.
    tried = settings(space(Settings), BASE, 16, ("tests",))[1:]
    pieces = [math.floor((math.log10(one["rate"]) + 4) / 4 * 16) for one in tried]
    assert sorted(pieces) == list(range(16))
    assert sorted(math.floor(one["inner"]["share"] * 16) for one in tried) == list(range(16))


def test_a_larger_budget_begins_with_the_smaller_ones_points():
    few, many = (settings(space(Settings), BASE, n, ("tests",)) for n in (5, 16))
    assert many[: len(few)] == few
    assert settings(space(Settings), BASE, 5, ("others",)) != few


def test_a_range_of_the_user_replaces_the_ends_and_nothing_else():
    found = space(Settings, {"rate": (0.1, 0.2), "rounds": (2.0, 3.0)})
    assert found["rate"] == Search(0.1, 0.2, log=True)
    assert found["rounds"].whole
    assert (found["rounds"].low, found["rounds"].high) == (2, 3)


def test_a_method_without_settings_is_tried_once():
    assert settings(space(identity.Config), {}, 16, ("tests",)) == [{}]


def test_a_setting_declared_anew_keeps_its_range_or_gets_its_own():
    class Origin(Strict):
        rate: Annotated[float, Search(0.1, 1.0)] = 0.5
        size: Annotated[float, Search(1.0, 2.0)] = 1.0

    class Other(Origin):
        rate: float = 0.2
        size: Annotated[float, Search(3.0, 4.0)] = 3.0

    assert space(Other) == {"rate": Search(0.1, 1.0), "size": Search(3.0, 4.0)}
