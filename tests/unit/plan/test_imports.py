"""Planning a run imports nothing heavy, and importing a component imports no simulator."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from qmu import registry

ROOT = Path(__file__).parents[3]
HEAVY = (
    "jax",
    "jaxlib",
    "optax",
    "pennylane",
    "pennylane_lightning",
    "qiskit",
    "qiskit_aer",
    "qiskit_ibm_runtime",
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
from qmu.config.parse import parse
from qmu.plan.specs import Specs

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

PLAN_DEVICES = """
import yaml
from qmu.config.parse import parse
from qmu.plan.specs import Specs

config = yaml.safe_load(open("config.yaml"))
config["devices"] = {
    "sampled": {"kind": "simulated", "device": "default.qubit", "shots": 100},
    "qpu": {
        "kind": "ibm", "backend": "ibm_torino", "shots": 100_000, "job": {"max_total_seconds": 1e9}
    },
    "fake": {"kind": "ibm", "backend": "fake_torino", "compact": True},
    "better": {"kind": "corrected", "of": "qpu"},
    "aer": {"kind": "pennylane", "device": "qiskit.aer", "shots": 100},
}
config["signal"], config["sweep"] = {}, {}
experiment = parse(config)
specs = Specs(experiment)
assert specs.parts("qpu") > 1
assert (specs.fake("qpu"), specs.fake("fake")) == (False, True)
for device in ("qpu", "fake"):
    specs.estimate(device), specs.submit(device), specs.collect(device)
for model in experiment.models:
    specs.fit_attacks_on(model), specs.score_on(model), specs.correct(model)
    specs.signal(model), specs.join_sweep()
    for variant in experiment.variants:
        specs.evaluate_on(model, variant, "sampled"), specs.sweep(model, variant)
        specs.evaluate_with(model, 0, variant, "aer")
        for device in ("qpu", "fake"):
            specs.prepare(model, 0, variant, device, 0), specs.decode(model, device)
            specs.measure_on(model, variant, device)
"""


def loaded(code):
    """Top-level names of all modules that a fresh Python has after running ``code``."""
    tail = "\nimport json, sys\nprint(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    ran = subprocess.run(
        [sys.executable, "-c", code + tail], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(ran.stdout))


@pytest.mark.parametrize("code", [PLAN, PLAN_DEVICES], ids=["simulation", "devices"])
def test_planning_imports_nothing_heavy(code):
    assert not loaded(code) & set(HEAVY)


def test_importing_any_component_imports_no_simulator():
    code = "from qmu import registry\n"
    for kind in registry.KINDS:
        code += f"[registry.load({kind!r}, name) for name in registry.names({kind!r})]\n"
    assert not loaded(code) & set(HEAVY)


@pytest.mark.parametrize(
    "module", ["registry", "seeds", "losses", "data.splits", "unlearning.problem"]
)
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
