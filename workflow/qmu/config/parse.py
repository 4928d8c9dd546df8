"""From the mapping that Snakemake read to an `Experiment`: every check before a job starts.

`parse` raises ConfigError with one line that names the key. Components bring their own config
models (see `qmu.registry`); this module knows what is common to all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from qmu import registry
from qmu.data import predictions
from qmu.errors import ConfigError, QmuError, suggestion
from qmu.studies import signal, sweep
from qmu.variants import RESERVED

from . import predicted
from .checks import check, check_source
from .experiment import Common, Entry, Experiment, request_folder
from .messages import first_line, one_line
from .plain import require_plain
from .tune import Tune

NAME = r"[a-z][a-z0-9_]{0,39}"

# Section of the config -> (kind of component, key that names the component).
SECTIONS = {
    "models": ("models", "model"),
    "unlearning": ("unlearning", "method"),
    "attacks": ("attacks", "attack"),
    "quality": ("quality", "measure"),
}
OPTIONAL = ("quality",)
# What stands beside a table of predictions; of all else the table is the answer.
WITH_PREDICTIONS = ("experiment", "root_seed", "seeds", "evaluation", "risk", "attacks", "quality")
# Sections of one component each: (kind of component, key that names it, what it is by default).
SINGLE = {
    "dataset": ("data", "name", "mnist_embedded"),
    "forget": ("forget", "kind", "class"),
}
RENAMED = {"forget_class": "forget: {kind: class, label: 4}"}


def parse(raw: Mapping[str, Any]) -> Experiment:
    """Validate a configuration mapping; ConfigError holds one line that names the key."""
    if not isinstance(raw, Mapping):
        raise ConfigError("the configuration must be a mapping of keys to values")
    require_plain(raw)
    further = ("requests", "devices", "sweep", "signal", "tune", "predictions")
    known = {*Common.model_fields, *SINGLE, *SECTIONS, *further}
    for key in raw:
        if key in RENAMED:
            raise ConfigError(f"{key}: is now {RENAMED[key]}")
        if key not in known:
            hint = suggestion(str(key), known)
            raise ConfigError(one_line(f"{key}: unknown key {str(key)!r}.{hint}"))
    common = _validate(Common, {k: raw[k] for k in raw if k in Common.model_fields}, "")
    if raw.get("predictions") is not None:
        return _of_predictions(raw, common)
    requests = _requests(raw)
    experiment = Experiment(
        common=common,
        dataset=_single("dataset", raw),
        forget=requests[-1] if requests else _single("forget", raw),
        requests=requests,
        **{section: _section(section, raw.get(section)) for section in SECTIONS},
        devices=_devices(raw.get("devices")),
        sweep=_optional(raw, "sweep", sweep.Config),
        signal=_optional(raw, "signal", signal.Config),
        tune=_optional(raw, "tune", Tune),
    )
    check_source(experiment)
    try:
        experiment = experiment.complete()
    except QmuError as error:  # what a data set has to say of its source
        raise ConfigError(str(error)) from None
    check(experiment)
    return experiment


def _of_predictions(raw: Mapping[str, Any], common: Common) -> Experiment:
    """The experiment of models that were made elsewhere."""
    for key in raw:
        if key not in (*WITH_PREDICTIONS, "predictions"):
            raise ConfigError(f"{key}: a table of predictions takes its place, so leave it out")
    config = _optional(raw, "predictions", predictions.Config)
    components = {key: _section(key, raw.get(key)) for key in ("attacks", "quality")}
    return predicted.experiment(config, common, **components)


def _section(section: str, raw: Any) -> dict[str, Entry]:
    kind, key = SECTIONS[section]
    if section in OPTIONAL and raw in (None, {}):
        return {}
    if not isinstance(raw, Mapping) or not raw:
        raise ConfigError(f"{section}: needs at least one named entry, such as {section}: {{...}}")
    entries = {}
    for name, settings in raw.items():
        where = f"{section}.{name}"
        _check_name(where, name)
        if section == "unlearning" and str(name).split("_")[0] in RESERVED:
            raise ConfigError(f"{where}: the name {name!r} is reserved for qmu's own variants")
        entries[name] = _entry(str(name), kind, key, where, {} if settings is None else settings)
    return entries


def _requests(raw: Mapping[str, Any]) -> tuple[Entry, ...]:
    """The section ``requests``: each in its place, by its own name or by the place."""
    if raw.get("requests") is None:
        return ()
    if raw.get("forget"):
        raise ConfigError("requests: stands beside forget:, only one can say what to forget")
    listed = raw["requests"]
    if not isinstance(listed, list | tuple) or not listed:
        raise ConfigError("requests: must be a list, such as [{kind: class, label: 4}]")
    found: list[Entry] = []
    kind, key, default = SINGLE["forget"]
    for number, settings in enumerate(listed, 1):
        where = f"requests.{number}"
        if not isinstance(settings, Mapping):
            raise ConfigError(f"{where}: must be a mapping of keys to values, such as kind: class")
        name = settings.get("name", request_folder(number))
        _check_name(f"{where}.name", name)
        if name in [one.name for one in found]:
            raise ConfigError(f"{where}.name: {name} is the name of another request")
        rest = {k: v for k, v in settings.items() if k != "name"}
        found.append(_entry(str(name), kind, key, where, rest, default))
    return tuple(found)


def _check_name(where: str, name: Any) -> None:
    if not re.fullmatch(NAME, str(name)):
        raise ConfigError(
            f"{where}: a name starts with a lower-case letter and has at most 40 lower-case "
            "letters, digits and _"
        )


def _devices(raw: Any) -> dict[str, Entry]:
    """The section ``devices``: each name with the settings of its kind."""
    if raw in (None, {}):
        return {}
    if not isinstance(raw, Mapping):
        raise ConfigError("devices: needs named entries, such as devices: {noisy: {noise: {}}}")
    found = {}
    for name, settings in raw.items():
        where = f"devices.{name}"
        _check_name(where, name)
        if not isinstance(settings, Mapping):
            raise ConfigError(f"{where}: must be a mapping of keys to values")
        kind = settings.get("kind", "simulated")
        if kind not in registry.names("devices"):
            hint = suggestion(str(kind), registry.names("devices"))
            raise ConfigError(f"{where}.kind: no kind of device named {kind!r}.{hint}")
        config = registry.load("devices", kind).Config
        model = _validate(config, {k: v for k, v in settings.items() if k != "kind"}, where)
        values = {"name": name, "component": kind, "settings": model.model_dump(mode="json")}
        found[str(name)] = _validate(Entry, values, where)
    return found


def _optional(raw: Mapping[str, Any], section: str, model: type[BaseModel]) -> Any:
    """A section of its own; none where the key is absent or null, the defaults for ``{}``."""
    if raw.get(section) is None:
        return None
    if not isinstance(raw[section], Mapping):
        raise ConfigError(f"{section}: must be a mapping of keys to values")
    return _validate(model, raw[section], section)


def _single(section: str, raw: Mapping[str, Any]) -> Entry:
    kind, key, default = SINGLE[section]
    if section == "forget" and not raw.get(section):
        raise ConfigError(f"forget: must say what to forget, such as {RENAMED['forget_class']}")
    return _entry(section, kind, key, section, raw.get(section, {}), default)


def _entry(
    name: str, kind: str, key: str, where: str, raw: Any, default: str | None = None
) -> Entry:
    if not isinstance(raw, Mapping):
        found = "nothing" if raw is None else type(raw).__name__
        raise ConfigError(f"{where}: must be a mapping of keys to values, found {found}")
    component = raw.get(key, default or name)
    options = registry.names(kind)
    if component not in options:
        hint = suggestion(str(component), options)
        raise ConfigError(f"{where}.{key}: no {kind} component named {component!r}.{hint}")
    model = registry.load(kind, component).Config
    settings = _validate(model, {k: v for k, v in raw.items() if k != key}, where)
    values = {"name": name, "component": component, "settings": settings.model_dump(mode="json")}
    return _validate(Entry, values, where)


def _validate(model: type[BaseModel], values: Mapping[str, Any], where: str) -> Any:
    try:
        return model(**{str(key): value for key, value in values.items()})
    except ValidationError as error:
        raise ConfigError(one_line(first_line(error, model, where))) from None
