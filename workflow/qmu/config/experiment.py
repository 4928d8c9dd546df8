"""The experiment's configuration: one schema, every default, every check before a job starts.

`parse` turns the mapping that Snakemake read into an `Experiment` or raises ConfigError with one
line that names the key. Components bring their own config models (see `registry`); this module
knows what is common to all and what must hold between them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    PositiveInt,
    StringConstraints,
    ValidationError,
    field_validator,
)

from qmu import registry
from qmu.devices.kinds.simulated import KINDS, Sweep
from qmu.errors import ConfigError, one_line, suggestion
from qmu.ibm.jobs.folder import PAID
from qmu.strict import Strict
from qmu.studies.signal_config import Signal

from .checks import check
from .messages import first_line
from .plain import require_plain

NAME = r"[a-z][a-z0-9_]{0,39}"
RESERVED = ("target", "retrain", "retrain_ensemble")


class Samples(Strict):
    """How many images each seed draws from the pool, disjointly."""

    train: PositiveInt = 1000
    test: PositiveInt = 500
    validation: PositiveInt = 200


class Features(Strict):
    """The public part of the data and the principal components fitted on it.

    ``fit_on="public"``: the public images serve no other purpose. ``fit_on="all_training"``: the
    paper's protocol, PCA on every training image of the full MNIST.
    """

    public: PositiveInt = 1000
    components: PositiveInt = 256
    fit_on: Literal["public", "all_training"] = "public"
    pool: PositiveInt | None = None


class Simulation(Strict):
    """A device by its PennyLane name, and the floating-point precision of everything on it."""

    device: str = "lightning.qubit"
    precision: Literal["single", "double"] = "double"


class Fleet(Strict):
    """Models trained many at a time; ``width`` models share one compiled program."""

    device: str = "default.qubit"
    precision: Literal["single", "double"] = "single"
    width: Annotated[int, Field(ge=1, le=256)] = 8


class Retrain(Strict):
    """Extra retrained models per seed: the retrain-to-retrain floor of every distance."""

    ensemble: Annotated[int, Field(ge=2, le=64)] = 4


class Shadows(Strict):
    """Shadow models per model kind, and how many of them one job trains.

    ``unlearned``: how many of them every unlearning method is run on, and are trained once more
    without the forget class. Attacks and measures that know the method need them; 0 for none.
    """

    count: Annotated[int, Field(ge=2, le=512)] = 16
    block: Annotated[int, Field(ge=1, le=512)] = 8
    unlearned: Annotated[int, Field(ge=0, le=512)] = 0


class Evaluation(Strict):
    """Intervals: their confidence and the number of bootstrap resamples."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    bootstrap: Annotated[int, Field(ge=100, le=100_000)] = 1000


class Common(Strict):
    """Everything but the components' own sections."""

    experiment: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    root_seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    seeds: Annotated[list[Annotated[int, Field(ge=0, le=10**6)]], Field(min_length=1)]
    forget_class: Annotated[int, Field(ge=0)] = 4
    memory_gib: Annotated[float, Field(gt=0)] = 8
    samples: Samples = Samples()
    features: Features = Features()
    simulation: Simulation = Simulation()
    fleet: Fleet = Fleet()
    retrain: Retrain = Retrain()
    shadows: Shadows = Shadows()
    evaluation: Evaluation = Evaluation()

    @field_validator("experiment")
    @classmethod
    def _free(cls, name: str) -> str:
        if f"results/{name}" == PAID:
            raise ValueError(f"{name!r} is the folder that keeps paid results, choose another name")
        return name


class Entry(Strict):
    """A named component with its validated settings."""

    name: str
    component: str
    settings: dict[str, Any]


class Experiment(Strict):
    """A validated experiment: the common part, then the components by name."""

    common: Common
    dataset: Entry
    models: dict[str, Entry]
    unlearning: dict[str, Entry]
    attacks: dict[str, Entry]
    quality: dict[str, Entry]
    devices: dict[str, Entry]
    sweep: Sweep | None
    signal: Signal | None

    @property
    def variants(self) -> list[str]:
        """Names of all variants of a model: target, retrain, then the unlearning methods."""
        return ["target", "retrain", *self.unlearning]


# Section of the config -> (kind of component, key that names the component).
SECTIONS = {
    "models": ("models", "model"),
    "unlearning": ("unlearning", "method"),
    "attacks": ("attacks", "attack"),
    "quality": ("quality", "measure"),
}
OPTIONAL = ("quality",)


def parse(raw: Mapping[str, Any]) -> Experiment:
    """Validate a configuration mapping; ConfigError holds one line that names the key."""
    if not isinstance(raw, Mapping):
        raise ConfigError("the configuration must be a mapping of keys to values")
    require_plain(raw)
    known = {*Common.model_fields, "dataset", *SECTIONS, "devices", "sweep", "signal"}
    for key in raw:
        if key not in known:
            hint = suggestion(str(key), known)
            raise ConfigError(one_line(f"{key}: unknown key {str(key)!r}.{hint}"))
    common = _validate(Common, {k: raw[k] for k in raw if k in Common.model_fields}, "")
    experiment = Experiment(
        common=common,
        dataset=_entry("dataset", "data", "name", "dataset", raw.get("dataset", {})),
        **{section: _section(section, raw.get(section)) for section in SECTIONS},
        devices=_devices(raw.get("devices")),
        sweep=_optional(raw, "sweep", Sweep),
        signal=_optional(raw, "signal", Signal),
    )
    check(experiment)
    return experiment


def component_config(kind: str, entry: Entry) -> BaseModel:
    """The component's own config model, rebuilt from an entry's plain settings."""
    return registry.load(kind, entry.component).Config(**entry.settings)


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
        if section == "unlearning" and name in RESERVED:
            raise ConfigError(f"{where}: the name {name!r} is reserved for qmu's own variants")
        entries[name] = _entry(str(name), kind, key, where, {} if settings is None else settings)
    return entries


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
        if not isinstance(kind, str) or kind not in KINDS:
            raise ConfigError(
                f"{where}.kind: no kind of device named {kind!r}.{suggestion(str(kind), KINDS)}"
            )
        model = _validate(KINDS[kind], {k: v for k, v in settings.items() if k != "kind"}, where)
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


def _entry(name: str, kind: str, key: str, where: str, raw: Any) -> Entry:
    if not isinstance(raw, Mapping):
        found = "nothing" if raw is None else type(raw).__name__
        raise ConfigError(f"{where}: must be a mapping of keys to values, found {found}")
    default = "mnist_embedded" if kind == "data" else name
    component = raw.get(key, default)
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
