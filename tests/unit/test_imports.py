"""Planning a run imports nothing heavy, and importing a component imports no simulator."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from qmu import registry

ROOT = Path(__file__).parents[2]
HEAVY = (
    "jax",
    "jaxlib",
    "optax",
    "pennylane",
    "pennylane_lightning",
    "qiskit",
    "sklearn",
    "matplotlib",
    "pandas",
    "pyarrow",
    "scipy",
    "mlxtend",
)

PLAN = """
import json, sys, yaml
from qmu import paths
from qmu.config import parse
from qmu.specs import Specs

experiment = parse(yaml.safe_load(open("config.yaml")))
specs = Specs(experiment)
specs.pool(), specs.summary(), specs.report()
for seed in experiment.common.seeds:
    specs.samples(seed)
    for model in experiment.models:
        specs.shadows(model, "target", 0), specs.ensemble(model, seed), specs.attack_data(model)
        specs.fit_attacks(model), specs.needs()
        for variant in experiment.variants:
            specs.score(model, variant), specs.measure(model, variant)
            specs.examine(model, variant)
        for variant in ("target", "retrain"):
            specs.train(model, seed, variant)
        for variant in experiment.unlearning:
            specs.unlearn(model, seed, variant)
"""


def loaded(code):
    """Top-level names of all modules that a fresh Python has after running ``code``."""
    tail = "\nimport json, sys\nprint(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    ran = subprocess.run(
        [sys.executable, "-c", code + tail], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(ran.stdout))


def test_planning_imports_nothing_heavy():
    assert not loaded(PLAN) & set(HEAVY)


def test_importing_any_component_imports_no_simulator():
    code = "from qmu import registry\n"
    for kind in registry.KINDS:
        code += f"[registry.load({kind!r}, name) for name in registry.names({kind!r})]\n"
    assert not loaded(code) & set(HEAVY)


@pytest.mark.parametrize("module", ["registry", "cards", "seeds", "sampling", "losses", "problem"])
def test_the_foundation_is_light(module):
    assert not loaded(f"import qmu.{module}") & set(HEAVY)


def test_lazy_modules_are_the_modules():
    import jax
    import jax.numpy
    import optax
    from qmu import lazy

    assert lazy.jax.jit is jax.jit
    assert lazy.jnp.dot is jax.numpy.dot
    assert lazy.optax.sgd is optax.sgd
    with pytest.raises(AttributeError):
        _ = lazy.jnp.no_such_function
