"""Checks on where the keys of a configuration come from: a file, or Snakemake's ``--config``.

Snakemake merges everything into one mapping: ``config.yaml``, the files of ``--configfile``, and
``--config key=value`` on top. Two mistakes cannot be seen in what it makes of them.

- A file that holds a few keys would change a few keys of ``config.yaml``, under whose experiment
  name the results would be overwritten. A file given with ``--configfile`` therefore replaces
  ``config.yaml`` as a whole, and has to be whole.
- ``--config root_seed=7`` on its own changes an experiment but not its name, so that finished
  results make room for others without a word, and no file says how those were made. An edit of the
  file is another matter: to edit and run again is the usual way of working, the file keeps what was
  run, and it is never refused.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from qmu import paths
from qmu.errors import ConfigError

from .differences import ABSENT, changes, key_of
from .document import parse as parse_document
from .experiment import request_folder
from .file import DEFAULT
from .parse import parse

OVERWRITE = "overwrite"
NAME = ("common", "experiment")
REQUIRED = ("experiment", "seeds", "forget", "models", "unlearning", "attacks")
# Says what `forget` says, more than once.
SEQUENCE = "requests"
# A table of predictions takes the place of what it holds the results of.
REQUIRED_OF_PREDICTIONS = ("experiment", "seeds", "predictions", "attacks")
# No figure depends on these: what a machine holds, how long IBM is waited for, what a job may cost.
WITHOUT_EFFECT = ("memory_gib", "devices.*.waiting", "devices.*.job")


def check_origin(
    config: MutableMapping[str, Any],
    files: Sequence[Path],
    overrides: Mapping[str, Any],
    starting: bool = True,
) -> None:
    """Raise ConfigError where a file is not whole or overrides would replace finished results.

    ``config``: the whole mapping as Snakemake merged it, ``files`` those of ``--configfile`` (none
    for ``config.yaml``), ``overrides`` the mapping of ``--config``, ``starting``: whether this is
    the start of a run and not one of its jobs, which a cluster has read everything again. Gives the
    overrides in ``config`` their types, and removes the key ``overwrite`` from it, which belongs to
    the command line.
    """
    overrides = {key: typed(value) for key, value in overrides.items()}
    _put(config, overrides)
    allowed = _overwriting(config, overrides)
    if files:
        require_whole(config, files)
    settings = {key: value for key, value in overrides.items() if key != OVERWRITE}
    if starting and settings and not allowed:
        refuse_replacing(merged(files or [DEFAULT]), settings, Path(paths.ROOT).parent)


def typed(value: Any) -> Any:
    """An override with the types that a file would give it: of lists and mappings on the command
    line (``seeds=[0,1]``, ``forget='{kind: class, label: 7}'``) Snakemake keeps the text alone."""
    if isinstance(value, Mapping):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, str):
        try:
            read = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError):
            return value
        return read if read is None or isinstance(read, bool | int | float) else value
    return value


def _put(config: MutableMapping[str, Any], overrides: Mapping[str, Any]) -> None:
    for key, value in overrides.items():
        if isinstance(value, Mapping) and isinstance(config.get(key), MutableMapping):
            _put(config[key], value)
        else:
            config[key] = value


def require_whole(config: Mapping[str, Any], files: Sequence[Path]) -> None:
    """Raise ConfigError where files of ``--configfile``, with ``--config``, lack a section."""
    required = REQUIRED_OF_PREDICTIONS if "predictions" in config else REQUIRED
    given = {*config, *(("forget",) if SEQUENCE in config else ())}
    missing = [key for key in required if key not in given]
    if missing:
        names = ", ".join(os.path.relpath(file) for file in files)
        raise ConfigError(
            f"{names}: lacks {', '.join(missing)}; a file given with --configfile replaces "
            f"{DEFAULT} as a whole (copy {DEFAULT} and edit the copy)"
        )


def refuse_replacing(
    raw: Mapping[str, Any], overrides: Mapping[str, Any], results: Path = Path("results")
) -> None:
    """Raise ConfigError where overrides would replace finished results with other ones.

    ``raw``: the configuration of the files alone. ``overrides``: what ``--config`` puts on top.
    ``results``: the folder with one folder for each experiment, whose ``manifest.json`` keeps under
    ``config`` what its finished results were made with. Only what the overrides change counts (all,
    where they change the name), and only where it differs from the finished results: the same
    command a second time is no change. A configuration that is not valid is left to the parser.
    """
    whole = _plain(_on_top(raw, overrides))
    if whole is None:
        return
    name = whole["common"]["experiment"]
    last = [request_folder(len(whole[SEQUENCE]))] if whole.get(SEQUENCE) else []
    finished = _finished(Path(results / name, *last, Path(paths.MANIFEST).name))
    if finished is None:
        return
    overridden = changes(_plain(raw) or {}, whole)
    renamed = NAME in overridden
    changed = {
        path: values
        for path, values in changes(finished, whole).items()
        if (renamed or _touches(path, overridden)) and not _without_effect(path)
    }
    if changed:
        raise ConfigError(
            f"{_listed(changed)}: {results / name} holds finished results made otherwise, which "
            "--config would replace; give the new ones a name (--config experiment=NAME ...), edit "
            f"the file, or add {OVERWRITE}=true to --config"
        )


def merged(files: Sequence[Path]) -> dict[str, Any]:
    """What the files hold together, later on top of earlier; a missing file holds nothing."""
    from snakemake.utils import update_config

    whole: dict[str, Any] = {}
    for file in files:
        if file.is_file():
            update_config(whole, parse_document(file.read_text(encoding="utf-8")) or {})
    return whole


def _on_top(raw: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    from snakemake.utils import update_config

    whole = copy.deepcopy(dict(raw))
    update_config(whole, copy.deepcopy(dict(overrides)))
    return whole


def _plain(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """The validated configuration with its defaults; None where it is not valid."""
    try:
        return parse(raw).model_dump(mode="json")
    except ConfigError:
        return None


def _finished(manifest: Path) -> dict[str, Any] | None:
    try:
        config = json.loads(manifest.read_text(encoding="utf-8"))["config"]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # nothing is finished there, or nothing that can be read
    return config if isinstance(config, dict) else None


def _touches(path: tuple[str, ...], overridden: Mapping[tuple[str, ...], Any]) -> bool:
    """Whether an override lies at, above or below a place."""
    return any(path[: len(other)] == other[: len(path)] for other in overridden)


def _without_effect(path: tuple[str, ...]) -> bool:
    parts = key_of(path).split(".")
    for key in WITHOUT_EFFECT:
        wanted = key.split(".")
        if len(parts) >= len(wanted) and all(
            want in ("*", part) for want, part in zip(wanted, parts, strict=False)
        ):
            return True
    return False


def _listed(changed: Mapping[tuple[str, ...], tuple[Any, Any]], most: int = 3) -> str:
    """``root_seed (0, now 7), seeds ([0], now [0, 1])`` and how many more."""
    items = [
        f"{key_of(path)} ({_shown(before)}, now {_shown(now)})"
        for path, (before, now) in changed.items()
    ]
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "not there"
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _overwriting(config: MutableMapping[str, Any], overrides: Mapping[str, Any]) -> bool:
    """Whether ``--config overwrite=true`` was given; the key leaves ``config``."""
    if OVERWRITE not in config:
        return False
    value = config.pop(OVERWRITE)
    if OVERWRITE not in overrides:
        raise ConfigError(
            f"{OVERWRITE}: belongs to the command line (--config {OVERWRITE}=true), not into a file"
        )
    # Snakemake hands on some of the words for true as text.
    if str(value).lower() not in ("true", "false"):
        raise ConfigError(f"{OVERWRITE}: must be true or false, found {value!r}")
    return str(value).lower() == "true"
