"""Step `fit_attacks`: fit every attack that is fitted before the audit, once per model kind.

An attack whose card says ``fitted_on_target`` is fitted for each seed's original model, the others
once, on the shadow models alone. Parameters are named ``<seed or shared>/<attack>/<name>``.
"""

from __future__ import annotations

from qmu import registry
from qmu.attacks.game import Evidence
from qmu.steps.io.parameters import parameter_columns
from qmu.steps.io.views import allowed, read_shadows, view_of
from qmu.steps.io.writer import Writer
from qmu.tables import parquet as tables

SHARED = "shared"


def run(inputs, outputs, spec, report, clock) -> None:
    """Write all fitted attacks into one table."""
    shadows = read_shadows(inputs["data"], spec["experiment"], spec["loss"])
    views = [
        view_of(tables.read(path, "outputs", experiment=spec["experiment"]), spec["loss"])
        for path in inputs["outputs"]
    ]
    clock.watch_compilation()
    clock.ready()
    fitted = {}
    for name, attack in spec["attacks"].items():
        module = registry.load("attacks", attack["component"])
        config = module.Config(**attack["settings"])
        seeds = spec["seeds"] if module.CARD.fitted_on_target else [SHARED]
        for seed, view in zip(seeds, views, strict=False):
            report(f"fitting {name}, {seed}")
            evidence = Evidence(view, view, spec["forget_class"], shadows=shadows)
            names = (spec["root_seed"], "attack", name, spec["name"], seed)
            found = module.fit(allowed(evidence, module.CARD), config, names)
            fitted |= {f"{seed}/{name}/{key}": value for key, value in found.items()}
    Writer(spec)(outputs["fitted"], "parameters", parameter_columns(fitted))
