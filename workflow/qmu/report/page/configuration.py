"""The configuration as its author would write it, for the page's reader to run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

# Section -> the key that names an entry's component, where it is not the entry's own name.
KEYS = {"models": "model", "unlearning": "method", "attacks": "attack", "quality": "measure"}

# What of the common part stands beside a table of predictions, which is the answer to all else.
WITH_PREDICTIONS = ("experiment", "root_seed", "seeds", "evaluation", "risk")


def as_yaml(config: Mapping[str, Any]) -> str:
    """A validated config (`Experiment.model_dump`) as YAML, every default spelt out; parsing it
    gives the same experiment."""
    written = dict(config.get("common") or config)
    if config.get("predictions"):
        written = {key: written[key] for key in WITH_PREDICTIONS}
        written["predictions"] = config["predictions"]
        written |= {section: _entries(section, config) for section in ("attacks", "quality")}
    elif "common" in config:
        written["dataset"] = _component("name", config["dataset"], "")
        requests = [
            {"name": one["name"], **_component("kind", one, "")}
            for one in config.get("requests") or ()
        ]
        written |= (
            {"requests": requests}
            if requests
            else {"forget": _component("kind", config["forget"], "")}
        )
        written |= {section: _entries(section, config) for section in KEYS}
        if config.get("devices"):
            written["devices"] = {
                name: {"kind": entry["component"], **entry["settings"]}
                for name, entry in config["devices"].items()
            }
        # Sections of one mapping each, left out where they are not asked for.
        written |= {key: config[key] for key in ("sweep", "signal") if config.get(key)}
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True) if written else ""


def _entries(section: str, config: Mapping[str, Any]) -> dict[str, Any]:
    entries = config.get(section) or {}
    return {name: _component(KEYS[section], entry, name) for name, entry in entries.items()}


def _component(key: str, entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    chosen = {} if entry["component"] == name else {key: entry["component"]}
    return chosen | dict(entry["settings"])
