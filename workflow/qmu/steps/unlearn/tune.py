"""Step `tune`: settings of one method, tried on shadow models that hold the request.

A trial is scored by how far the shadow model that it unlearned lies from the same model retrained
without the request: the mean Jensen-Shannon divergence between their class probabilities, in nats,
on the rows to be forgotten, on the retained rows and on held-out ones, and of these three the mean.
It is the distance that the report ranks by, on other models. No test row of any seed is scored or
watched, and of the held-out rows those that score are not those that a stopping rule watches.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from qmu import seeds
from qmu.errors import QmuError
from qmu.forget.scenario import whole_classes
from qmu.metrics.distances import js
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.specs.unlearn import Tune
from qmu.steps.frame.job import Job
from qmu.steps.io import samples
from qmu.steps.io.parameters import read_fleet_parameters
from qmu.steps.io.views import read_blocks
from qmu.steps.io.writer import Writer
from qmu.tables import parquet
from qmu.unlearning.contract import checked, load_method
from qmu.unlearning.problem import Data, problem_of
from qmu.unlearning.search import settings, space

from .unlearn import forget_loss

PARTS = ("forget", "retain", "validation")
TESTED = ("forget_test", "retain_test")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Tables ``pool``, ``request`` and ``samples`` of every seed; of shadow models
    ``fleet_parameters`` and ``fleet_members``, and the ``fleet_outputs`` of the same ones
    retrained; ``reference``: those that tell a stopping rule where to stop."""

    pool: str
    request: str
    samples: list[str]
    parameters: list[str]
    members: list[str]
    retrained: list[str]
    reference: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Table ``trials``."""

    trials: str


@dataclass(frozen=True)
class Shadow:
    """One shadow model: what it forgets, goes on holding and is watched on, the rows that score it
    by part, and its retrained probabilities (n, C)."""

    index: int
    parameters: dict[str, np.ndarray]
    handed: dict[str, np.ndarray]
    scored: dict[str, np.ndarray]
    retrained: np.ndarray
    accuracy: float


def run(inputs: Inputs, outputs: Outputs, spec: Tune, job: Job) -> None:
    """Try every setting on every shadow model and write one row for each."""
    pool = samples.read_pool(inputs.pool, spec.experiment)
    forget = samples.read_request(inputs.request, pool, spec.experiment).rows
    reference = forget_loss(inputs.reference, spec, forget)
    method = load_method(spec.method.component)
    model = models.build(**dict(spec.model))
    job.clock.watch_compilation()
    job.clock.ready()
    rows, label = model.inputs(pool), pool["label"]
    shadows = _shadows(inputs, spec, model, pool, rows, forget)
    names = (spec.root_seed, "tune", spec.variant, *spec.request)
    tried = settings(
        space(method.Config, spec.ranges), spec.method.settings, spec.trials, (*names, "settings")
    )
    found = []
    for trial, chosen in enumerate(tried):
        config = method.Config(**chosen)
        for shadow in shadows:
            # The same random numbers in every trial: settings are compared, not draws.
            job.clock.restart()
            problem = problem_of(
                spec.method.component,
                method.CARD,
                model=model,
                parameters=shadow.parameters,
                pool=Data(rows, label),
                positions=shadow.handed,
                classes=whole_classes(label, forget),
                names=(*names, spec.name, shadow.index),
                report=lambda line: None,
                reference=reference,
                scope=getattr(config, "scope", "all"),
                clock=job.clock.lap,
            )
            outcome = method.unlearn(problem, config)
            job.clock.stop()
            outcome = checked(outcome, problem, spec.variant, method.CARD)
            ledger = outcome.end.ledger if outcome.end else problem.ledger
            timing = outcome.end.timing if outcome.end else job.clock.columns()
            cost = ledger.columns(problem.shifted_angles)
            probabilities = evaluate(model, outcome.parameters, rows)["probabilities"]
            found.append(
                {"model": spec.name, "variant": spec.variant, "trial": trial}
                | {"shadow": shadow.index, "settings": json.dumps(config.model_dump(mode="json"))}
                | scored(shadow, probabilities, label)
                | {name: cost[name][0] for name in ("gradient_evaluations", "circuit_executions")}
                | {"seconds": timing["wall_seconds"][0], "stopped": outcome.stopped}
            )
        job.report(f"trial {trial} of {len(tried) - 1}: {_told(found[-len(shadows) :])}")
    columns = {name: [row[name] for row in found] for name in found[0]}
    Writer(spec)(outputs.trials, "trials", columns)


def scored(shadow: Shadow, probabilities: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """The score of a model that answers ``probabilities`` (n, C) on the pool, with its parts, and
    what it lost of accuracy."""
    apart = js(probabilities, shadow.retrained)
    parts = {f"distance_{part}": float(apart[shadow.scored[part]].mean()) for part in PARTS}
    held_out = shadow.scored["validation"]
    lost = shadow.accuracy - _accuracy(probabilities[held_out], label[held_out])
    return {"score": float(np.mean([*parts.values()])), **parts, "validation_drop": lost}


def _shadows(
    inputs: Inputs,
    spec: Tune,
    model: models.Model,
    pool: dict[str, np.ndarray],
    rows: np.ndarray,
    forget: np.ndarray,
) -> list[Shadow]:
    """The shadow models that hold any row of the request."""
    label, ids = pool["label"], pool["sample_id"]
    trained, own = {}, {}
    for parameters, members in zip(inputs.parameters, inputs.members, strict=True):
        trained |= read_fleet_parameters(parameters, spec.experiment)
        held = parquet.read(members, "fleet_members", experiment=spec.experiment)
        own |= dict(zip(held["model_index"].tolist(), held["members"], strict=True))
    tested = np.zeros(len(ids), bool)
    for file in inputs.samples:
        tested |= np.isin(samples.read(inputs.pool, file, spec.experiment).split, TESTED)
    again = read_blocks(inputs.retrained, spec.experiment, None, spec.indices)
    found = []
    for index, logits in zip(spec.indices, again.logits, strict=True):
        member = np.isin(ids, own[index])
        held_out = np.flatnonzero(~member & ~forget & ~tested)
        names = (spec.root_seed, "tune", spec.name, index, "validation")
        held_out = seeds.generator(*names).permutation(held_out)
        # Fewer rows than are asked for are shared evenly.
        watched = min(spec.validation, len(held_out) // 2)
        handed = {
            "forget": np.flatnonzero(member & forget),
            "retain": np.flatnonzero(member & ~forget),
            "validation": np.sort(held_out[:watched]),
        }
        scoring = {
            "forget": np.flatnonzero(member & forget & ~tested),
            "retain": np.flatnonzero(member & ~forget & ~tested),
            "validation": np.sort(held_out[watched:]),
        }
        if not all(map(len, (*handed.values(), *scoring.values()))):
            continue
        before = evaluate(model, model.convert(dict(trained[index])), rows)["probabilities"]
        at = scoring["validation"]
        accuracy = _accuracy(before[at], label[at])
        found.append(
            Shadow(index, trained[index], handed, scoring, softmax(logits, axis=-1), accuracy)
        )
    if len(found) < 2:
        raise QmuError(
            f"{spec.variant}: {len(found)} of {len(spec.indices)} shadow models of {spec.name} "
            "hold rows to forget, to retain and to watch that are no test rows; at least 2 are "
            "needed (tune.models)"
        )
    return found


def _accuracy(probabilities: np.ndarray, label: np.ndarray) -> float:
    return float(np.mean(probabilities.argmax(axis=-1) == label))


def _told(rows: list[dict]) -> str:
    score, lost = (np.mean([row[name] for row in rows]) for name in ("score", "validation_drop"))
    return f"score {score:.4f}, validation accuracy {-lost:+.3f}"
