"""What every dataset promises, whatever it holds."""

import numpy as np
import pytest
from qmu import registry
from qmu.strict import Strict

OFFLINE = ("mnist_embedded",)


@pytest.mark.parametrize("name", registry.names("data"))
def test_a_dataset_says_what_the_checks_of_a_configuration_need(name):
    module = registry.load("data", name)
    assert issubclass(module.Config, Strict)
    assert tuple(range(len(module.CLASSES))) == module.CLASSES
    assert module.SIZE > 0
    assert module.PIXELS > 0
    assert callable(module.load)


@pytest.mark.parametrize("name", OFFLINE)
def test_what_is_loaded_is_what_is_promised(name):
    module = registry.load("data", name)
    found = module.load(module.Config())
    assert found.pixels.shape == (module.SIZE, module.PIXELS)
    assert found.pixels.dtype == np.uint8
    assert found.labels.shape == found.training.shape == (module.SIZE,)
    assert set(found.labels.tolist()) == set(module.CLASSES)
    assert np.all(found.pixels.any(axis=1))


@pytest.mark.parametrize("name", OFFLINE)
def test_loading_twice_gives_the_same(name):
    module = registry.load("data", name)
    one, other = (module.load(module.Config()) for _ in range(2))
    assert np.array_equal(one.pixels, other.pixels)
    assert np.array_equal(one.labels, other.labels)
