"""What must hold between the sections of a configuration, checked before any job starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import registry
from .devices import capabilities, memory
from .errors import ConfigError

if TYPE_CHECKING:
    from .config import Experiment


def check(experiment: Experiment) -> None:
    """Raise ConfigError for combinations that cannot run."""
    _check_seeds(experiment)
    _check_data(experiment)
    _check_shadows(experiment)
    for where, device, precision in (
        ("simulation.device", *_device(experiment.common.simulation)),
        ("fleet.device", *_device(experiment.common.fleet)),
    ):
        _check_device(where, device, precision)
    for name, entry in experiment.models.items():
        module = registry.load("models", entry.component)
        settings = module.Config(**entry.settings)
        _check_training(experiment, name, settings)
        try:
            module.check(settings, experiment.common.features.components)
        except ValueError as error:
            raise ConfigError(f"models.{name}.{error}") from None
        _check_memory(experiment, name, module.circuit(settings), settings)


def _device(section: object) -> tuple[str, str]:
    return section.device, section.precision  # type: ignore[attr-defined]


def _check_device(where: str, device: str, precision: str) -> None:
    try:
        capabilities.check(device, needs_gradients=True, precision=precision)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check_seeds(experiment: Experiment) -> None:
    seeds = experiment.common.seeds
    twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if twice:
        raise ConfigError(f"seeds: {twice[0]} stands there twice")


def _check_data(experiment: Experiment) -> None:
    common, entry = experiment.common, experiment.dataset
    data = registry.load("data", entry.component)
    if common.forget_class not in data.CLASSES:
        raise ConfigError(
            f"forget_class: {common.forget_class} is no class of {entry.component} "
            f"(classes {min(data.CLASSES)} to {max(data.CLASSES)})"
        )
    features = common.features
    if features.fit_on == "all_training" and entry.component != "mnist_full":
        raise ConfigError("features.fit_on: 'all_training' needs dataset.name: mnist_full")
    if features.fit_on == "public" and features.components > features.public:
        raise ConfigError(
            f"features.components: {features.components} principal components need at least as "
            f"many public images, features.public is {features.public}"
        )
    if features.components > data.PIXELS:
        raise ConfigError(
            f"features.components: {features.components} exceeds the {data.PIXELS} pixels"
        )
    if features.public >= data.SIZE:
        raise ConfigError(f"features.public: {features.public} leaves nothing of {data.SIZE}")
    available = data.SIZE - features.public
    pool = features.pool or available
    if pool > available:
        raise ConfigError(
            f"features.pool: {pool} images asked, {entry.component} has {available} beside the "
            f"{features.public} public ones"
        )
    samples = common.samples
    needed = samples.train + samples.test + samples.validation
    if needed > pool:
        raise ConfigError(
            f"samples.train: train + test + validation is {needed}, the pool holds {pool} images"
        )
    if samples.train < 10 * len(data.CLASSES):
        raise ConfigError(
            f"samples.train: {samples.train} is too few for {len(data.CLASSES)} classes "
            f"(at least {10 * len(data.CLASSES)})"
        )


def _check_shadows(experiment: Experiment) -> None:
    common = experiment.common
    data = registry.load("data", experiment.dataset.component)
    pool = common.features.pool or data.SIZE - common.features.public
    if common.samples.train * 2 > pool:
        raise ConfigError(
            f"samples.train: shadow models leave at least half of the pool out, so {pool} images "
            f"allow at most {pool // 2}, found {common.samples.train}"
        )


def _check_training(experiment: Experiment, name: str, settings: object) -> None:
    batch = settings.training.batch_size  # type: ignore[attr-defined]
    smallest = experiment.common.samples.train // 2
    if batch > smallest:
        raise ConfigError(
            f"models.{name}.training.batch_size: {batch} exceeds half of samples.train "
            f"({experiment.common.samples.train}), retrained models have fewer images"
        )


def _check_memory(experiment: Experiment, name: str, circuit: object, settings: object) -> None:
    common = experiment.common
    batch = settings.training.batch_size  # type: ignore[attr-defined]
    for where, section, fleet in (
        ("simulation", common.simulation, 1),
        ("fleet", common.fleet, common.fleet.width),
    ):
        try:
            memory.check(circuit, batch, fleet, section.precision, section.device)
        except ValueError as error:
            raise ConfigError(
                f"models.{name}: on {where}.device {section.device}: {error}"
            ) from None
