"""What must hold between the sections of a configuration, checked before any job starts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from qmu import registry
from qmu.data.predictions import FEWEST_UNLEARNED
from qmu.devices import checks as devices
from qmu.errors import ConfigError, QmuError
from qmu.models.chunks import chunk_size
from qmu.models.model import reads_of
from qmu.models.recipe import Training
from qmu.simulators import capabilities, memory
from qmu.studies import signal, sweep
from qmu.unlearning import fisher
from qmu.variants import BASELINES

from . import tune

if TYPE_CHECKING:
    from qmu.circuits.circuit import Circuit

    from .experiment import Experiment, Fleet, Simulation


# Kind of a data set -> what models may read of its pool.
READABLE = {
    "image": ("image", "features"),
    "features": ("features",),
    "states": ("states",),
}


def check(experiment: Experiment) -> None:
    """Raise ConfigError for combinations that cannot run."""
    check_seeds(experiment)
    _check_data(experiment)
    _check_requests(experiment)
    _check_shadows(experiment)
    _check_queries(experiment)
    _check_innocents(experiment)
    for where, device, precision in (
        ("simulation.device", *_device(experiment.common.simulation)),
        ("fleet.device", *_device(experiment.common.fleet)),
    ):
        _check_device(where, device, precision)
    for name in experiment.models:
        _check_training(experiment, name)
        _check_inputs(experiment, name)
    for name, circuit in experiment.circuits.items():
        _check_memory(experiment, name, circuit)
    _check_needs(experiment)
    tune.check(experiment)
    _check_devices(experiment)


def _device(section: object) -> tuple[str, str]:
    return section.device, section.precision  # type: ignore[attr-defined]


def _check_device(where: str, device: str, precision: str) -> None:
    try:
        capabilities.check(device, needs_gradients=True, precision=precision)
        capabilities.require_installed(device)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check_devices(experiment: Experiment) -> None:
    """Further devices, and the studies of noise and signal."""
    entries = experiment.devices.items()
    asked = [
        *(f"devices.{name}" for name in experiment.devices),
        *(name for name in ("sweep", "signal") if getattr(experiment, name) is not None),
    ]
    if asked and not experiment.circuits:
        raise ConfigError(f"{asked[0]}: runs circuits, and no model of the experiment has one")
    _check_states(experiment)
    context = devices.Context(
        devices={name: devices.configured(e.component, e.settings) for name, e in entries},
        precision=experiment.common.simulation.precision,
        memory_gib=experiment.common.memory_gib,
        sizes=_sizes(experiment),
        weights=len(experiment.common.seeds) * _different_circuits(experiment),
    )
    cards = [registry.load("attacks", e.component).CARD for e in experiment.attacks.values()]
    kinds = {name: entry.component for name, entry in entries}
    taken = {*experiment.models, *experiment.unlearning, *BASELINES}
    devices.check(kinds, experiment.circuits, cards, taken, context)
    if experiment.signal is not None:
        signal.check(experiment.signal, "signal")
    if experiment.sweep is not None:
        sweep.check(experiment.sweep, "sweep", experiment.circuits, context)


def _check_states(experiment: Experiment) -> None:
    """Circuits that prepare amplitudes on hardware are there for real ones."""
    prepared = [
        f"devices.{name}"
        for name, entry in experiment.devices.items()
        if registry.load("devices", entry.component).CARD.in_jobs
    ]
    prepared += ["signal"] if experiment.signal is not None else []
    for name in experiment.circuits if prepared else ():
        if reads_of(*experiment.kind(name)) == "states":
            raise ConfigError(
                f"{prepared[0]}: prepares real amplitudes, and models.{name} reads states"
            )


def _sizes(experiment: Experiment) -> dict[str, int]:
    """Images in each part of a seed's data."""
    sizes = experiment.common.samples.model_dump()
    features = experiment.common.features
    pool = features.pool or experiment.data.rows - features.public
    return sizes | {"unseen": pool - sum(sizes.values())}


def _different_circuits(experiment: Experiment) -> int:
    """Target, retrained, and every method that may change the circuit; equal ones once."""
    methods = {
        (entry.component, repr(entry.settings))
        for entry in experiment.unlearning.values()
        if not registry.load("unlearning", entry.component).CARD.head_only
    }
    return 2 + len(methods)


def check_seeds(experiment: Experiment) -> None:
    """No seed may stand there twice."""
    seeds = experiment.common.seeds
    twice = sorted(seed for seed, count in Counter(seeds).items() if count > 1)
    if twice:
        raise ConfigError(f"seeds: {twice[0]} stands there twice")


def check_source(experiment: Experiment) -> None:
    """Raise ConfigError where the data set's file is not there."""
    path = experiment.dataset.settings.get("path")
    if path is not None and not os.path.exists(path):
        raise ConfigError(f"dataset.path: {path}: no such file or folder")


def _check_data(experiment: Experiment) -> None:
    common, name, data = experiment.common, experiment.dataset.component, experiment.data
    features = common.features
    if features.fit_on == "all_training" and not data.split:
        raise ConfigError(
            f"features.fit_on: 'all_training' needs a data set with a training part of its own "
            f"(dataset.name: mnist_full), {name} has none"
        )
    if features.components is not None:
        _check_components(experiment)
    if data.kind == "states" and features.scale != "none":
        raise ConfigError(f"features.scale: {name} holds states, which are fed as they are")
    _check_rows(experiment)


def _check_components(experiment: Experiment) -> None:
    features, data = experiment.common.features, experiment.data
    if data.kind == "states":
        raise ConfigError(
            f"features.components: {experiment.dataset.component} holds states, which are fed as "
            "they are"
        )
    if features.fit_on == "public" and features.components > features.public:
        raise ConfigError(
            f"features.components: {features.components} principal components need at least as "
            f"many public rows, features.public is {features.public}"
        )
    if features.components > data.width:
        what = "pixels" if data.kind == "image" else "columns"
        raise ConfigError(
            f"features.components: {features.components} exceeds the {data.width} {what}"
        )


def _check_rows(experiment: Experiment) -> None:
    common, name, data = experiment.common, experiment.dataset.component, experiment.data
    features = common.features
    if features.public >= data.rows:
        raise ConfigError(f"features.public: {features.public} leaves nothing of {data.rows}")
    available = data.rows - features.public
    pool = features.pool or available
    if pool > available:
        raise ConfigError(
            f"features.pool: {pool} rows asked, {name} has {available} beside the "
            f"{features.public} public ones"
        )
    samples = common.samples
    needed = samples.train + samples.test + samples.validation
    if needed > pool:
        raise ConfigError(
            f"samples.train: train + test + validation is {needed}, the pool holds {pool} rows"
        )
    if samples.train < 10 * data.classes:
        raise ConfigError(
            f"samples.train: {samples.train} is too few for {data.classes} classes "
            f"(at least {10 * data.classes})"
        )


def _check_requests(experiment: Experiment) -> None:
    """Every scenario must fit the data, and every method the scenario."""
    if not experiment.requests:
        _check_request(experiment, "forget")
        _check_named(experiment, {"forget": experiment.scenario})
        return
    for section in ("devices", "sweep", "signal"):
        if getattr(experiment, section):
            raise ConfigError(
                f"{section}: not with requests:, a sequence is audited in the simulation alone"
            )
    if experiment.tune is not None:
        raise ConfigError("tune: not with requests:, settings are tuned for one request")
    named = {}
    for number, one in enumerate(experiment.audits.values(), 1):
        where, card = f"requests.{number}", one.scenario[0].CARD
        named[where] = one.scenario
        if card.alters or card.memorised:
            does = "alters the training data" if card.alters else "chooses rows by shadow models"
            raise ConfigError(
                f"{where}.kind: {one.forget.component} {does} and comes before all training; it "
                "stands alone, under forget:"
            )
        _check_request(one, where)
        column, columns = one.forget.settings.get("column"), one.data.groups
        if card.named and column is not None and column != columns[0]:
            raise ConfigError(
                f"{where}.column: in a sequence the rows of one {columns[0]} are kept together, "
                f"and so those of one {column} are not"
            )
    _check_named(experiment, named)


def _check_request(experiment: Experiment, where: str) -> None:
    """The last request's scenario must fit the data, and every method the scenario."""
    entry, (scenario, config) = experiment.forget, experiment.scenario
    try:
        scenario.check(config, experiment.data)
    except ValueError as error:
        raise ConfigError(f"{where}.{error}") from None
    model = entry.settings.get("model")
    if scenario.CARD.memorised and model is not None and model not in experiment.models:
        raise ConfigError(f"{where}.model: no model named {model!r}")
    for name in experiment.models:
        reads = reads_of(*experiment.kind(name))
        if scenario.CARD.inputs is not None and reads not in scenario.CARD.inputs:
            raise ConfigError(
                f"models.{name}.model: reads {reads}, and {where}.kind: {entry.component} alters "
                f"{' or '.join(scenario.CARD.inputs)} alone"
            )
    if scenario.CARD.whole_classes:
        return
    for section, does in (("unlearning", "forgets"), ("quality", "asks after")):
        for name, one in getattr(experiment, section).items():
            if registry.load(section, one.component).CARD.whole_classes:
                raise ConfigError(
                    f"{section}.{name}: {does} whole classes only, and {where}.kind: "
                    f"{entry.component} asks for part of one"
                )


def _check_named(experiment: Experiment, scenarios: Mapping[str, tuple[ModuleType, Any]]) -> None:
    """Every row that requests name must be there, and all of them fit into the training rows;
    each of a sequence must name one that none before it named."""
    named = {where: one for where, one in scenarios.items() if one[0].CARD.named}
    if not named:
        return
    known, train = experiment.known, experiment.common.samples.train
    before = np.zeros(experiment.data.rows, bool)
    for where, (scenario, config) in named.items():
        try:
            asked = scenario.rows(known, config)
        except QmuError as error:
            raise ConfigError(f"{where}: {error}") from None
        if not np.any(asked & ~before):
            raise ConfigError(f"{where}: all of its rows are asked for by a request before it")
        more = ", with all before it," if np.any(before & ~asked) else ","
        before |= asked
        if before.sum() > train // 2:
            raise ConfigError(
                f"{where}: asks for {before.sum()} rows{more} more than half of samples.train "
                f"({train})"
            )


def _check_inputs(experiment: Experiment, name: str) -> None:
    """The pool must hold what a model reads, in a size that it can read."""
    (module, settings), data = experiment.kind(name), experiment.data
    reads = reads_of(module, settings)
    if reads not in READABLE[data.kind]:
        key = "reads" if hasattr(settings, "reads") else "model"
        raise ConfigError(
            f"models.{name}.{key}: reads {reads}, which the data set "
            f"{experiment.dataset.component} ({data.kind}) does not have"
        )
    width = experiment.width(name)
    try:
        module.check(settings, width, data.classes)
    except ValueError as error:
        raise ConfigError(f"models.{name}.{error}") from None


def _check_needs(experiment: Experiment) -> None:
    """Every method must find a model that it can unlearn."""
    for name in experiment.unlearning:
        lacks = [words[name] for words in experiment.left_out.values() if name in words]
        if len(lacks) == len(experiment.models):
            raise ConfigError(
                f"unlearning.{name}: needs {lacks[0]}, which no model of the experiment has"
            )


def _check_shadows(experiment: Experiment) -> None:
    common = experiment.common
    pool = common.features.pool or experiment.data.rows - common.features.public
    if common.samples.train * 2 > pool:
        raise ConfigError(
            f"samples.train: shadow models leave at least half of the pool out, so {pool} rows "
            f"allow at most {pool // 2}, found {common.samples.train}"
        )
    shadows = common.shadows
    if shadows.unlearned > shadows.count:
        raise ConfigError(
            f"shadows.unlearned: {shadows.unlearned} of only {shadows.count} shadow models "
            "(shadows.count)"
        )
    if shadows.unlearned < FEWEST_UNLEARNED:
        for section, kind, needed in (
            ("attacks", experiment.attacks, lambda card: "unlearned_shadows" in card.needs),
            ("quality", experiment.quality, lambda card: card.fleets),
        ):
            for name, entry in kind.items():
                if needed(registry.load(section, entry.component).CARD):
                    raise ConfigError(
                        f"{section}.{name}: needs shadow models that the methods have unlearned, "
                        f"shadows.unlearned is {shadows.unlearned} (at least {FEWEST_UNLEARNED})"
                    )


def _check_queries(experiment: Experiment) -> None:
    """One set of transformed images serves a run: attacks that ask about them must agree."""
    asking = [
        name
        for name, entry in experiment.attacks.items()
        if "queries" in registry.load("attacks", entry.component).CARD.needs
    ]
    if len(asking) > 1:
        raise ConfigError(
            f"attacks.{asking[1]}: only one attack may ask about transformed images, "
            f"attacks.{asking[0]} does already"
        )
    for name in experiment.models if asking else ():
        if reads_of(*experiment.kind(name)) == "states":
            raise ConfigError(
                f"attacks.{asking[0]}: transforms pixels or features, models.{name} reads states"
            )


def _check_innocents(experiment: Experiment) -> None:
    innocents, there = experiment.common.audit.innocents, experiment.common.retrain.ensemble
    if innocents > there:
        raise ConfigError(
            f"audit.innocents: {innocents} retrained models to edit, retrain.ensemble is {there}"
        )


def _check_training(experiment: Experiment, name: str) -> None:
    training = experiment.kind(name)[1].training
    batch = training.batch_size
    smallest = experiment.common.samples.train // 2
    if batch > smallest:
        raise ConfigError(
            f"models.{name}.training.batch_size: {batch} exceeds half of samples.train "
            f"({experiment.common.samples.train}), retrained models have fewer images"
        )
    if training.private is not None and experiment.common.features.fit_on != "public":
        raise ConfigError(
            f"models.{name}.training.private: promises nothing where members fit the principal "
            "components (features.fit_on: public)"
        )
    if training.federated is not None:
        _check_federation(experiment, name, training)


def _check_federation(experiment: Experiment, name: str, training: Training) -> None:
    column, groups = training.federated.column, experiment.data.groups
    where = f"models.{name}.training.federated"
    if training.private is not None:
        raise ConfigError(f"{where}: clients whose steps are private (private) are not supported")
    if column not in groups:
        told = f"its group columns: {', '.join(groups)}" if groups else "it has no group columns"
        data = experiment.dataset.component
        raise ConfigError(f"{where}.column: {data} names no clients in {column!r}; {told}")


def _check_memory(experiment: Experiment, name: str, circuit: Circuit) -> None:
    common, settings = experiment.common, experiment.kind(name)[1]
    key = "qubits" if hasattr(settings, "qubits") else "file"
    training = settings.training.batch_size
    batches = [entry.settings.get("batch_size", 0) for entry in experiment.unlearning.values()]
    for section, batch, fleet in (
        (common.simulation, max(training, fisher.CHUNK, *batches), 1),
        (common.fleet, training, common.fleet.width),
    ):
        need = memory.predicted_bytes(
            circuit.wires,
            batch,
            device=section.device,
            precision=section.precision,
            layers=getattr(settings, "layers", circuit.parameters // circuit.wires + 1),
            fleet=fleet,
        )
        need = max(need, _evaluation_bytes(circuit, section))
        if need > common.memory_gib * 2**30:
            raise ConfigError(
                f"models.{name}.{key}: {circuit.wires} qubits on {section.device} need about "
                f"{need / 2**30:.1f} GiB, memory_gib allows {common.memory_gib:g}"
            )


def _evaluation_bytes(circuit: Circuit, section: Simulation | Fleet) -> int:
    """One chunk of an evaluation; Lightning splits it, but its amplitudes are held at once."""
    chunk = chunk_size(circuit.wires)
    if section.device.startswith("lightning"):
        return 2 * chunk * memory.AMPLITUDE_BYTES[section.precision] * 2**circuit.wires
    return memory.predicted_bytes(
        circuit.wires,
        chunk,
        device=section.device,
        precision=section.precision,
        gradient=False,
    )
