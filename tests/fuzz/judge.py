"""What must hold for every configuration: it runs, or one line says which key is wrong."""

from __future__ import annotations

import inspect
import json
import time
from collections import Counter, deque
from collections.abc import Mapping
from itertools import product
from typing import Any, get_type_hints

from mutations import WORDS
from qmu.config.experiment import Experiment
from qmu.config.parse import parse
from qmu.errors import ConfigError, one_line
from qmu.plan import (
    attack,
    audit,
    data,
    devices,
    ibm,
    predictions,
    report,
    studies,
    train,
    unlearn,
)
from qmu.specs.base import Spec
from qmu.variants import RETRAIN, TARGET

# The modules of the plan: one for every file of rules.
ROOMS = (data, train, unlearn, attack, audit, devices, ibm, studies, report)
# Of models that were made elsewhere.
OF_PREDICTIONS = (predictions, attack, audit, report)
SECONDS = 1.0
LONGEST = 6000


def judge(raw: Any, count: Counter[str], seconds: float = SECONDS) -> None:
    """Fails for any other exception, for a message that is no use, and for what takes long."""
    begun = time.process_time()
    try:
        experiment = parse(raw)
    except ConfigError as error:
        count["refused"] += 1
        require_helpful(str(error), raw)
    else:
        count["valid"] += 1
        require_specs(experiment)
    assert time.process_time() - begun < seconds


def require_helpful(message: str, raw: Any) -> None:
    """One printable line that starts with the path of a key of the input or of the schema."""
    assert len(message) <= LONGEST
    assert message.isprintable(), ascii(message)
    if not isinstance(raw, Mapping):
        assert message == "the configuration must be a mapping of keys to values"
        return
    head, colon, reason = message.partition(": ")
    assert colon
    assert reason
    known = {*WORDS, "the configuration", *(piece for key in _keys(raw) for piece in _pieces(key))}
    pieces = [piece for piece in _pieces(head) if piece]
    unknown = [piece for piece in pieces if piece not in known and not piece.isdigit()]
    assert head
    assert not unknown, message


def _pieces(key: Any) -> list[str]:
    """A key as messages print it: no line breaks, cut when it is long; dots part a path."""
    text = one_line(str(key)).partition(": ")[0].rstrip(":")
    return [piece.strip()[:20].strip() for piece in text.split(".")]


def _keys(raw: Mapping[Any, Any]) -> list[Any]:
    """The keys of a tree, level by level, of its first 3,000 values where it is huge."""
    found, level = [], deque([raw])
    while level and len(found) < 3000:
        value = level.popleft()
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value))[:99]:
            found.append(key if type(key) is not int else str(key % 2**63))
            if isinstance(inner, dict | list | tuple):
                level.append(inner)
    return found


def require_specs(experiment: Experiment) -> None:
    """Every job's spec can be built, and what a job reads of it is the same spec."""
    common = experiment.common
    choices = {
        "model": list(experiment.models)[:2],
        "seed": {common.seeds[0], common.seeds[-1]},
        "block": [0],
        "part": [0],
    }
    for name, plan in planning(experiment).items():
        names = list(inspect.signature(plan).parameters)[1:]
        of = choices | {
            "variant": _variants(name, experiment),
            "group": _groups(experiment, choices["model"]),
            "device": _devices(name, experiment),
        }
        for values in product(*(of[key] for key in names)):
            spec = plan(experiment, *values)
            plain = json.loads(json.dumps(spec.plain(), allow_nan=False))
            assert type(spec)(**plain) == spec
    for variant in (TARGET, RETRAIN, *experiment.unlearning):
        assert len(train.blocks(experiment, variant)) <= 512
    for model in experiment.models:
        members = [experiment.members(model, group) for group in experiment.groups(model)]
        everything = [variant for group in members for variant in group]
        assert all(members)
        assert len(set(everything)) == len(everything)


def planning(experiment: Experiment) -> dict[str, Any]:
    """Name -> the function that plans a spec, for the rules that this experiment can have."""
    functions = {
        name: function
        for room in (OF_PREDICTIONS if experiment.predictions else ROOMS)
        for name, function in inspect.getmembers(room, inspect.isfunction)
        if function.__module__ == room.__name__ and _planned(function) is not None
    }
    absent = {name for name in ("sweep", "signal") if getattr(experiment, name) is None}
    if "queries" not in attack.needs(experiment):
        absent.add("query")
    if experiment.sweep is None:
        absent.add("join_sweep")
    return {name: plan for name, plan in functions.items() if name not in absent}


def _planned(function: Any) -> type[Spec] | None:
    """The kind of spec that a public function of a module plans."""
    kind = get_type_hints(function).get("return")
    if function.__name__.startswith("_") or not isinstance(kind, type):
        return None
    return kind if issubclass(kind, Spec) else None


# Specs of one kind of device each; any other spec that names a device is of every kind.
KIND_OF = {
    "evaluate_on": "simulated",
    "evaluate_with": "pennylane",
    **dict.fromkeys(("prepare", "estimate", "submit", "collect", "decode"), "ibm"),
}


def _devices(step: str, experiment: Experiment) -> list[str]:
    kind = KIND_OF.get(step)
    names = list(experiment.devices) if kind is None else devices.of_kind(experiment, kind)
    return names[:2]


def _groups(experiment: Experiment, models: list[str]) -> list[str]:
    """What is audited of every one of some models."""
    others = [name for name in ("residue", "innocent") if _asked(experiment, models, name)]
    return [*experiment.variants(models[0])[:5], *others]


def _asked(experiment: Experiment, models: list[str], group: str) -> bool:
    return all(experiment.members(model, group) for model in models)


def _variants(step: str, experiment: Experiment) -> list[str]:
    methods = list(experiment.unlearning)[:3]
    if step in ("unlearn", "unlearn_shadows"):
        return methods
    return ["target", "retrain"] if step in ("train", "shadows") else ["target", *methods]
