"""Why Snakemake runs a job again, in words that a person reads.

Snakemake compares the parameters of a job with those of its last run and prints both where they
differ: whole specs, several kilobytes a job, in which one number is another one. Every job leaves
its spec beside its log (``train/hqnn/seed-0/target.log``, ``.../target.spec.json``). From that file
and the job's present spec follows what changed: keys of the configuration, and files of code.
`install` puts these words into Snakemake's messages before they are printed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qmu.config.differences import changes, component_key, key_of

PACKAGE = Path(__file__).parents[1]
MOST_CHANGES = 6
MOST_FILES = 3

_PARAMETERS = "Params have changed since last execution"
_UNKNOWN = "settings or code changed (its last run left no record of them)"
# What Snakemake says after the parameters, which may hold any text themselves.
_AFTER = "Software environment definition has changed since last execution"
_FILES = (
    "Missing output files: ",
    "Incomplete output files: ",
    "Updated input files: ",
    "Input files updated by another job: ",
)

# Field of a spec -> the key that it comes from, where the field has a name of its own.
_KEYS = {
    "members": "samples.train",
    "validation": "samples.validation",
    "width": "fleet.width",
    "without": "forget",
    **dict.fromkeys(("request", "reserved", "included"), "requests"),
    "indices": "shadows",
    "intervals.confidence": "evaluation.confidence",
    "intervals.resamples": "evaluation.bootstrap",
    **{field: f"features.{field}" for field in ("public", "components", "scale", "fit_on", "pool")},
    **{field: f"samples.{field}" for field in ("train", "test")},
    "device": "simulation.device",
    "content": "the data set's file",
    "text_digest": "the report's texts",
}
_OF_DEVICE = ("backend", "circuit", "images", "job")


def differences(
    before: Mapping[str, Any], now: Mapping[str, Any], wildcards: Mapping[str, str] | None = None
) -> list[str]:
    """What changed between two specs of one job: a line on settings, a line on code, or neither.

    ``wildcards`` of the job name what the spec itself does not (model, variant, device).
    """
    names = {**(wildcards or {}), **_names(now)}
    settings = sorted(
        {_key(path, now, names) for path in changes(_settings(before), _settings(now))}
    )
    code = [_file(path[0]) for path in changes(_code(before), _code(now)) if path]
    lines = []
    if settings:
        lines.append(f"settings changed: {_listed(settings, MOST_CHANGES)}")
    if code:
        lines.append(f"code changed: {_listed(code, MOST_CHANGES)}")
    return lines


def shortened(reason: str, lines: Sequence[str]) -> str:
    """Snakemake's reason with ``lines`` in place of parameters, and long lists of files cut."""
    head, parameters, tail = reason.partition(_PARAMETERS)
    parts = [_few_files(part) for part in head.split("; ") if part]
    if parameters:
        parts += lines or [_UNKNOWN]
        parts += [_AFTER] if tail.endswith(_AFTER) else []
    return "; ".join(parts)


def install(workflow: Any) -> None:
    """Shorten the reasons in the messages of a Snakemake workflow, from now on.

    A process that reads several workflows, one after the other, has one filter: the last one's.
    """
    from snakemake.logging import logger

    for earlier in [item for item in logger.filters if isinstance(item, ShortReasons)]:
        logger.removeFilter(earlier)
    logger.addFilter(ShortReasons(workflow))


class ShortReasons(logging.Filter):
    """Lets every message pass; one that announces a job gets a short reason."""

    def __init__(self, workflow: Any) -> None:
        super().__init__()
        self._workflow = workflow
        self._jobs: dict[int, Any] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True."""
        if getattr(getattr(record, "event", None), "name", "") == "JOB_INFO":
            reason = str(getattr(record, "reason", ""))
            record.reason = shortened(reason, self._lines(record) if _PARAMETERS in reason else [])
        return True

    def _lines(self, record: Any) -> list[str]:
        """The differences of the job that a message announces; none where a spec is missing."""
        job = self._job(record.jobid)
        now = getattr(getattr(job, "params", None), "spec", None)
        log = next(iter(getattr(job, "log", ())), None)
        if not isinstance(now, Mapping) or log is None:
            return []
        before = _read(Path(str(log)).with_suffix(".spec.json"))
        if before is None:
            return []
        wildcards = {key: str(value) for key, value in job.wildcards_dict.items()}
        return differences(before, json.loads(json.dumps(now, default=str)), wildcards)

    def _job(self, number: int) -> Any:
        dag = self._workflow.dag
        if number not in self._jobs and dag is not None:
            self._jobs = {dag.jobid(job): job for job in dag.jobs}
        return self._jobs.get(number)


def _read(file: Path) -> dict[str, Any] | None:
    try:
        spec = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return spec if isinstance(spec, dict) else None


def _settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in spec.items() if field != "code"}


def _code(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    code = spec.get("code")
    return code if isinstance(code, Mapping) else {}


def _names(spec: Mapping[str, Any]) -> dict[str, str]:
    """What a spec itself says about its model, variant and device."""
    fields = {"name": "model", "variant": "variant", "device": "device"}
    return {of: str(spec[field]) for field, of in fields.items() if field in spec}


def _key(path: tuple[str, ...], spec: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The key of the configuration that a place in a spec comes from; its own path where none is
    known."""
    field, inner = path[0], path[1:]
    if field == "config" and inner:
        return key_of(inner)
    if field in ("attacks", "quality") and inner:
        return ".".join((field, inner[0], *component_key(field, inner[1:])))
    if field in ("settings", "method", "dataset", "forget", "attack"):
        return _of_component(path, spec, names)
    if field == "model" and inner:
        return _of_model(inner, spec, names)
    if field == "loss" and "model" in names:
        return f"models.{names['model']}.training.loss"
    if field in _OF_DEVICE and "device" in names:
        settings = inner if field == "circuit" else path
        return ".".join(("devices", names["device"], *settings))
    return _KEYS.get(".".join(path), _KEYS.get(field, ".".join(path)))


def _of_component(path: tuple[str, ...], spec: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A place in the settings of the component that a job runs, or the component's own name."""
    field, place = path[0], path[1:]
    if field == "method" and "variant" in names:
        section: tuple[str, ...] = ("unlearning", names["variant"])
    elif field in ("dataset", "forget"):
        section = (field,)
    elif field == "attack":
        section = ("attacks", str(spec["attack"]["component"]))
    elif "device" in names:
        section, place = ("devices", names["device"]), path
    else:
        return ".".join(path)
    return ".".join((*section, *component_key(section[0], place)))


def _of_model(inner: tuple[str, ...], spec: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A place in a model's settings, or in how it is simulated."""
    if inner[0] in ("device", "precision"):
        # Jobs on many models at once, and those that ask a fleet's program.
        fleet = "indices" in spec or "attack" in spec
        return f"{'fleet' if fleet else 'simulation'}.{inner[0]}"
    if "model" in names and inner[0] in ("settings", "component"):
        return ".".join(("models", names["model"], *component_key("models", inner)))
    return ".".join(("model", *inner))


def _file(module: str) -> str:
    """The file of a module below the package (``unlearning/methods/ga.py``), a plug-in's module
    with its distribution, or a file of the user's."""
    owner, colon, name = module.partition(":")
    if colon:
        return f"{name} of {owner}" if owner else name
    path = Path(*module.split("."))
    inside = (PACKAGE / path).is_dir() and not (PACKAGE / path).with_suffix(".py").is_file()
    return str(path / "__init__.py" if inside else path.with_suffix(".py"))


def _few_files(part: str) -> str:
    for label in _FILES:
        if part.startswith(label):
            return label + _listed(sorted(part.removeprefix(label).split(", ")), MOST_FILES)
    return part


def _listed(items: Iterable[str], most: int) -> str:
    """``a, b and 7 more``; one more than ``most`` is told as it is."""
    items = list(items)
    if len(items) <= most + 1:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most} more"
