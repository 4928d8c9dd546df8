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
import yaml
from qmu.config.parse import parse
from qmu.plan import attack, audit, data, report, train, unlearn
from qmu.plan.files import Files

config = yaml.safe_load(open("config.yaml"))
config["audit"] = {"ladder": [5, 100], "path": [0.5], "innocents": 1}
config["attacks"] |= {"label_only": {}}
experiment = parse(config)
files = Files(experiment)
data.pool(experiment), data.request(experiment), audit.evaluation(experiment)
report.report(experiment), attack.needs(experiment), audit.needs_fleets(experiment)
for model in experiment.models:
    train.shadows(experiment, model, "target", 0), attack.attack_data(experiment, model)
    attack.fit_attacks(experiment, model)
    for seed in experiment.common.seeds:
        data.samples(experiment, seed), train.retrained(experiment, model, seed)
        train.ladder(experiment, model, seed)
        for variant in ("target", "retrain"):
            train.train(experiment, model, seed, variant)
    train.innocents(experiment, model)
    for group in experiment.groups(model):
        files.compared_fleets(group)
        for spec in (attack.query, attack.score, audit.measure, audit.examine):
            spec(experiment, model, group)
    for variant in experiment.unlearning:
        unlearn.unlearn(experiment, model, variant)
        unlearn.unlearn_shadows(experiment, model, variant, 0)
        files.reference(variant)
"""

PLAN_DEVICES = """
import yaml
from qmu.config.parse import parse
from qmu.plan import devices, ibm, studies

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
assert ibm.parts(experiment, "qpu") > 1
assert (ibm.is_fake(experiment, "qpu"), ibm.is_fake(experiment, "fake")) == (False, True)
assert devices.of_kind(experiment, "ibm") == ["qpu", "fake"]
assert devices.stays_here(experiment, "aer")
for device in ("qpu", "fake"):
    for spec in (ibm.estimate, ibm.submit, ibm.collect):
        spec(experiment, device)
studies.join_sweep(experiment)
for model in experiment.models:
    for spec in (devices.fit_attacks_on, devices.correct, studies.signal):
        spec(experiment, model)
    for variant in experiment.variants(model):
        devices.score_on(experiment, model, variant)
        devices.evaluate_on(experiment, model, variant, "sampled")
        studies.sweep(experiment, model, variant)
        devices.evaluate_with(experiment, model, 0, variant, "aer")
        for device in ("qpu", "fake"):
            ibm.prepare(experiment, model, 0, variant, device, 0)
            ibm.decode(experiment, model, device)
            devices.measure_on(experiment, model, variant, device)
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
    "module", ["registry", "seeds", "losses", "specs.unlearn", "data.splits", "unlearning.problem"]
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
