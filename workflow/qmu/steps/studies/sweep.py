"""Step `sweep`: one variant of one model against noise and shots, all seeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qmu import registry, seeds
from qmu.attacks.fitted import of_attack, owner
from qmu.attacks.game import View
from qmu.audit.measurement import Resampling
from qmu.devices.execution import Execution
from qmu.metrics import estimates as audit_estimates
from qmu.models import model as models
from qmu.models.outputs import evaluate_head
from qmu.specs.studies import Sweep as SweepSpec
from qmu.steps.frame.job import Job
from qmu.steps.io import samples as seed_data
from qmu.steps.io.measurements import resampling
from qmu.steps.io.parameters import read_parameters
from qmu.steps.io.views import view_of
from qmu.steps.io.writer import Writer
from qmu.studies import sweep as noise_sweep
from qmu.studies.matched_accuracy import LogitNoise
from qmu.studies.sweep import Config, SweepPoint
from qmu.studies.sweep_figures import TEST, FrozenAttack, PointFigures
from qmu.tables import parquet
from qmu.tables.schemas import SCHEMAS

# Images that no figure of the sweep looks at.
LEFT_OUT = ("retain_unseen", "retain_validation", "forget_validation")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Table ``pool``, fitted attacks; ``samples``, ``parameters`` and ``outputs`` of every seed."""

    pool: str
    fitted: str
    samples: list[str]
    parameters: list[str]
    outputs: list[str]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``sweep``."""

    sweep: str


def run(inputs: Inputs, outputs: Outputs, spec: SweepSpec, job: Job) -> None:
    """Write the figures of all points, over seeds first, then seed by seed."""
    model = models.build(**dict(spec.model), circuit=False)
    settings = resampling(spec)
    fitted = read_parameters(inputs.fitted, spec.experiment)
    sweep = Config(**spec.sweep)
    job.clock.watch_compilation()
    job.clock.ready()
    found: dict[tuple[Any, ...], dict[int, audit_estimates.Estimate]] = {}
    for number, seed in enumerate(spec.seeds):
        job.report(f"seed {seed}: {len(noise_sweep.points(sweep))} points")
        subject = _Subject(model, sweep, spec, seed)
        table = subject.read(inputs, number)
        figures = subject.figures(table, fitted, settings)
        for point, first, second in subject.answers(table):
            for key, estimate in figures.measure(first, second).items():
                found.setdefault((point, *key), {})[seed] = estimate
    rows = _rows(found, spec, settings.confidence)
    columns = {name: [row[name] for row in rows] for name in SCHEMAS["sweep"]}
    Writer(spec)(outputs.sweep, "sweep", columns)
    job.report(f"{len(rows)} rows")


class _Subject:
    """One seed's model: its inputs, and its answers at every point."""

    def __init__(self, model: models.Model, sweep: Config, spec: SweepSpec, seed: int) -> None:
        self.model, self.sweep, self.spec, self.seed = model, sweep, spec, seed
        self.names = (spec.name, spec.variant, seed)
        self.circuit = model.circuit

    def read(self, inputs: Any, number: int) -> dict[str, Any]:
        """Views of the exact simulation's answers, inputs and parameters, of the images used."""
        experiment = self.spec.experiment
        data = seed_data.read(inputs.pool, inputs.samples[number], experiment)
        stored = read_parameters(inputs.parameters[number], experiment)
        outputs = parquet.read(inputs.outputs[number], "outputs", experiment=experiment)
        used = ~np.isin(data.split, LEFT_OUT)
        columns = {name: column[used] for name, column in outputs.items()}
        return {
            "view": view_of(columns, self.spec.loss),
            "rows": self.model.inputs(data.pool)[used],
            "parameters": self.model.convert(stored),
        }

    def figures(self, table: Any, fitted: Any, settings: Resampling) -> PointFigures:
        """The measures of this seed, with the attacks frozen as the simulation fitted them."""
        view = table["view"]
        rng = seeds.generator(self.spec.root_seed, "sweep", "logit noise", *self.names)
        ideal = LogitNoise.draw(view.logits, view.label, np.isin(view.split, TEST), rng)
        attacks = tuple(
            self._frozen(name, entry, fitted) for name, entry in self.spec.attacks.items()
        )
        return PointFigures(settings, attacks, ideal)

    def _frozen(self, name: str, entry: Any, fitted: Any) -> FrozenAttack:
        module = registry.load("attacks", entry.component)
        own = of_attack(fitted, owner(module.CARD, self.seed), name)
        return FrozenAttack(name, module, module.Config(**entry.settings), own)

    def answers(self, table: Any):
        """(point, view, second view or None) of every point, exact ones first at each scale."""
        parameters, rows, view = table["parameters"], table["rows"], table["view"]
        sampled = self.sweep.sampled_scales if self.sweep.shots else []
        for scale in noise_sweep.strengths(self.sweep):
            execution = Execution(self.model, self.sweep.scaled(scale) if scale else None)
            if not scale:
                yield SweepPoint(scale), view, None
            else:
                yield (
                    SweepPoint(scale),
                    self._view(table, execution.expectations(parameters, rows)),
                    None,
                )
            if scale in sampled:
                yield from self._sampled(table, scale, execution.probabilities(parameters, rows))

    def _sampled(self, table: Any, scale: float, probabilities: np.ndarray):
        for shots in sorted(self.sweep.shots):
            path = ("sweep", "shots", *self.names, *SweepPoint(scale, shots).names)
            rng = seeds.generator(self.spec.root_seed, *path)
            drawn = noise_sweep.repeated(
                probabilities, self.circuit.measured, shots, self.sweep.repeats, rng
            )
            for repeats, values in drawn:
                first, second = (self._view(table, draw) for draw in values)
                yield SweepPoint(scale, shots, repeats), first, second

    def _view(self, table: Any, values: np.ndarray) -> View:
        evaluated = evaluate_head(self.model, table["parameters"], values)
        return replace(table["view"], logits=evaluated["logits"])


def _rows(found: Any, spec: SweepSpec, confidence: float) -> list[dict[str, Any]]:
    """The means over seeds, then every seed's own."""
    joined, single = [], []
    for (point, *key), by_seed in found.items():
        attack, metric, split = key
        over = audit_estimates.over_seeds(list(by_seed.values()), confidence)
        for seed, estimate, rows in [
            (None, over, joined),
            *((s, e, single) for s, e in by_seed.items()),
        ]:
            low, high = estimate.interval or (None, None)
            figure = {"attack": attack, "metric": metric, "split": split, "seed": seed}
            figure |= {"value": estimate.value, "ci_low": low, "ci_high": high, "n": estimate.n}
            rows.append(noise_sweep.rows_of(spec.name, spec.variant, point, **figure))
    return [*joined, *single]
