"""The step that examines: which retrained models a variant is compared with."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from qmu.steps.audit import examine

LIKE = (5, 3)


@pytest.fixture
def seed(monkeypatch):
    """Makes a seed of so many further retrained models; model k answers k everywhere."""
    data = SimpleNamespace(pool=None, label=None, split=None, forget=None)
    monkeypatch.setattr(examine.samples, "read", lambda *_: data)
    monkeypatch.setattr(examine._Seed, "_parameters", lambda _, files, place=0: files[place])
    monkeypatch.setattr(
        examine._Seed,
        "_answers",
        lambda _, files, place=0: {"logits": np.full(LIKE, files[place], np.float32)},
    )

    def made(further, variants):
        numbers = list(range(1, further + 1))
        files = {name: [0] for name in ("original", "retrain", "original_outputs")}
        inputs = SimpleNamespace(
            pool="",
            samples=[""],
            retrain_outputs=[0],
            further=numbers,
            further_outputs=numbers,
            parameters=[0] * len(variants),
            outputs=[0] * len(variants),
            **files,
        )
        spec = SimpleNamespace(seeds=(0,), variants=variants, experiment="")
        return examine._Seed(0, 0, SimpleNamespace(inputs=lambda _: None), inputs, spec)

    return made


@pytest.mark.parametrize(
    ("further", "variant", "others"),
    [
        (3, "ga", [1, 2, 3]),
        (3, "retrain", [1, 2, 3]),
        (3, "retrain@2", [1, 3]),
        (3, "innocent_bias@3", [1, 2]),
        (1, "retrain@1", []),
        (0, "retrain", []),
    ],
)
def test_a_model_is_compared_with_all_further_ones_but_its_own(seed, further, variant, others):
    found = seed(further, (variant,)).exam(variant)
    assert list(found.ensemble) == others
    assert found.ensemble_logits.shape == (len(others), *LIKE)
    assert found.ensemble_logits.dtype == np.float32
    assert found.ensemble_logits[:, 0, 0].tolist() == others
