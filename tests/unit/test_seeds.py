"""Random keys: named, independent of order and precision, never colliding."""

import itertools

import jax
import numpy as np
import pytest
from qmu import seeds


def test_the_same_name_always_draws_the_same_numbers():
    first = seeds.generator("role", 3).normal(size=4)
    seeds.generator("other", 1).normal(size=100)
    assert np.array_equal(first, seeds.generator("role", 3).normal(size=4))


def test_the_scheme_does_not_drift():
    """Stored results are reproduced only while these numbers stand."""
    assert seeds.entropy("shadow", "hqnn", 17) == 0x36AA95FEF49FABD30FE9D771EDF6BAA1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1,), ("1",)),
        (("a", "bc"), ("ab", "c")),
        (("a", ""), ("a",)),
        (("a", "b"), ("b", "a")),
        ((1, 23), (12, 3)),
        (("a", 1), ("a1",)),
        ((-1,), (1,)),
    ],
)
def test_different_names_give_different_entropy(one, other):
    assert seeds.entropy(*one) != seeds.entropy(*other)


def test_no_collisions_over_many_names():
    roles = ("shadow", "retrain", "target", "unlearning")
    paths = list(itertools.product((0, 1), roles, ("basic_qnn", "hqnn"), range(64), range(64)))
    assert len({seeds.entropy(*path) for path in paths}) == len(paths)
    keys = {tuple(np.asarray(jax.random.key_data(seeds.key(*path)))) for path in paths[::41]}
    assert len(keys) == len(paths[::41])


def test_numpy_integers_and_strings_name_what_pythons_do():
    plain = seeds.entropy("a", 3)
    assert plain == seeds.entropy(np.str_("a"), np.int64(3)) == seeds.entropy("a", np.uint8(3))


@pytest.mark.parametrize("names", [(1.0,), (None,), (True,), (("a",),), ("a\x1fstr:b",)])
def test_other_names_are_refused(names):
    with pytest.raises(TypeError, match="strings and integers"):
        seeds.entropy(*names)


def test_a_seed_needs_a_name():
    with pytest.raises(ValueError, match="at least one name"):
        seeds.entropy()


def test_a_key_is_the_same_in_either_precision_and_keeps_its_high_bits():
    before = jax.config.jax_enable_x64
    found = {}
    try:
        for double in (True, False):
            jax.config.update("jax_enable_x64", double)
            found[double] = np.asarray(jax.random.key_data(seeds.key("role", 5)))
    finally:
        jax.config.update("jax_enable_x64", before)
    assert np.array_equal(found[True], found[False])
    assert found[False][0] != 0
    assert found[False].dtype == np.uint32
