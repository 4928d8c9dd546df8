"""What must hold for every configuration: it runs, or one line says which key is wrong."""

from __future__ import annotations

import inspect
import json
import time
from collections import Counter, deque
from collections.abc import Mapping
from itertools import product
from typing import Any

from mutations import WORDS
from qmu.config.experiment import Experiment
from qmu.config.parse import parse
from qmu.errors import ConfigError, one_line
from qmu.plan.specs import Specs

SECONDS = 1.0
LONGEST = 6000


def judge(raw: Any, count: Counter[str]) -> None:
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
    assert time.process_time() - begun < SECONDS


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
    """Every job's spec can be built, holds plain values only and is the same when built again."""
    specs = Specs(experiment)
    common = experiment.common
    choices = {
        "model": list(experiment.models)[:2],
        "seed": {common.seeds[0], common.seeds[-1]},
        "block": [0],
        "part": [0],
    }
    for name, method in inspect.getmembers(specs, inspect.ismethod):
        if name.startswith("_") or name in ("asking", "needs", "blocks"):
            continue
        if name in ("sweep", "signal") and getattr(experiment, name) is None:
            continue
        if name == "query" and "queries" not in specs.needs():
            continue
        names = list(inspect.signature(method).parameters)
        of = choices | {
            "variant": _variants(name, experiment),
            "device": _devices(name, experiment),
        }
        for values in product(*(of[key] for key in names)):
            spec = method(**dict(zip(names, values, strict=True)))
            if isinstance(spec, dict):
                json.dumps(spec, allow_nan=False)
    for variant in experiment.variants:
        assert len(specs.blocks(variant)) <= 512


# Specs of one kind of device each; any other spec that names a device is of every kind.
KIND_OF = {
    "evaluate_on": "simulated",
    **dict.fromkeys(("evaluate_with", "here"), "pennylane"),
    **dict.fromkeys(("prepare", "estimate", "submit", "collect", "decode", "parts", "fake"), "ibm"),
}


def _devices(step: str, experiment: Experiment) -> list[str]:
    kind = KIND_OF.get(step)
    found = [n for n, e in experiment.devices.items() if kind in (None, e.component)]
    return found[:2]


def _variants(step: str, experiment: Experiment) -> list[str]:
    methods = list(experiment.unlearning)[:3]
    if step in ("unlearn", "unlearn_shadows"):
        return methods
    return ["target", "retrain"] if step in ("train", "shadows") else ["target", *methods]
