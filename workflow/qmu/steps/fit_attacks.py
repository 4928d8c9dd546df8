"""Step `fit_attacks`: fit every attack that is fitted before the audit, on the original model."""

from __future__ import annotations

from .. import registry, tables
from .views import read_shadows, view_of
from .write import Writer, parameter_columns


def run(inputs, outputs, spec, report, clock) -> None:
    """Write all fitted attacks into one table, names prefixed by the attack's."""
    target = tables.read(inputs["outputs"], "outputs", experiment=spec["experiment"])
    view = view_of(target, spec["loss"])
    shadows = read_shadows(inputs["data"], spec["experiment"], spec["loss"])
    clock.watch_compilation()
    clock.ready()
    fitted = {}
    for name, attack in spec["attacks"].items():
        report(f"fitting {name}")
        module = registry.load("attacks", attack["component"])
        names = (spec["root_seed"], "attack", name, spec["name"], spec["seed"])
        found = module.fit(view, shadows, module.Config(**attack["settings"]), names)
        fitted |= {f"{name}/{key}": value for key, value in found.items()}
    Writer(spec)(outputs["fitted"], "parameters", parameter_columns(fitted))
