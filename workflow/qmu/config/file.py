"""Looks at configuration files before Snakemake does, for Snakemake runs Python that they hold.

Snakemake 9 passes every YAML file given to ``--configfile`` through the template engine YTE: a file
with the key ``__use_yte__`` evaluates expressions when it is read, long before any check of its
values. The profiles call `refuse_unsafe` with Snakemake's arguments; they are read first.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from qmu.errors import one_line

TEMPLATE = "__use_yte__"
LARGEST = 2**20


def refuse_unsafe(arguments: Sequence[str]) -> None:
    """End the program with one line where a configuration file is unsafe or cannot be read."""
    for file in [*named(arguments), Path("config.yaml")]:
        reason = fault(file)
        if reason:
            sys.exit(one_line(f"Error in the configuration: {file}: {reason}"))


def named(arguments: Sequence[str]) -> list[Path]:
    """The files after ``--configfile``, which may be shortened and takes several."""
    files, open_option = [], False
    for argument in arguments:
        option, _, value = argument.partition("=")
        if argument.startswith("-"):
            open_option = re.fullmatch("--configf[a-z]*", option) is not None
            if open_option and value:
                files.append(Path(value))
        elif open_option:
            files.append(Path(argument))
    return files


def fault(file: Path) -> str | None:
    """Why Snakemake must not read this file; None for a file that is missing or good."""
    if not file.exists():
        return None
    if not file.is_file():
        return "must be a regular file"
    try:
        if file.stat().st_size > LARGEST:
            return f"has more than {LARGEST} bytes"
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return f"cannot be read as UTF-8 text ({error})"
    return _fault_of(text)


def _fault_of(text: str) -> str | None:
    try:
        json.loads(text)
        return None  # Snakemake tries JSON first, and JSON holds no templates
    except RecursionError:
        return "is nested too deeply"
    except ValueError:
        pass
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return f"is not plain YAML ({error})".replace(' in "<unicode string>"', " at")
    except RecursionError:
        return "is nested too deeply"
    except Exception as error:  # a date of month 99, a number of 5,000 digits, a key that is a list
        return f"holds a value that YAML cannot read ({error})"
    if isinstance(found, dict) and TEMPLATE in found:
        return f"{TEMPLATE}: is a template, and a configuration runs no code; write the values out"
    return None
