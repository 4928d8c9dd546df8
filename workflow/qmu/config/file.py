"""Looks at configuration files before Snakemake does, for Snakemake runs Python that they hold.

Snakemake 9 passes every YAML file given to ``--configfile`` through the template engine YTE: a file
with the key ``__use_yte__`` evaluates expressions when it is read, long before any check of its
values. The profiles call `refuse_unsafe` with Snakemake's arguments; they are read first. A file
that is missing, or a target that Snakemake takes for one, is told here in one line as well, where
Snakemake would end in a traceback.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from qmu.errors import one_line

from .document import RepeatedKey, is_json, parse

TEMPLATE = "__use_yte__"
LARGEST = 2**20
DEFAULT = Path("config.yaml")


def refuse_unsafe(arguments: Sequence[str]) -> None:
    """End the program with one line where a configuration file is unsafe or cannot be read."""
    files = named(arguments)
    for place, file in enumerate(files):
        reason = None if file.exists() else "no such file"
        reason = reason or fault(file)
        if reason:
            # `--configfile FILE target`: the target stands where a second file may stand.
            sys.exit(_told(file, reason + (_swallowed(files[0], file) if place else "")))
    reason = fault(DEFAULT)
    if reason:
        sys.exit(_told(DEFAULT, reason))


def named(arguments: Sequence[str]) -> list[Path]:
    """The files that Snakemake's parser (argparse) takes for ``--configfile``.

    The option may be shortened. With ``=`` it takes one file, and a word after it is a target; with
    a space it takes every word up to the next option. Of two such options the later one counts, but
    all their files are named: to look at a file too many does no harm.
    """
    files, takes_more = [], False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if argument.startswith("-"):
            configfile = re.fullmatch("--configf[a-z]*", option) is not None
            takes_more = configfile and not equals
            if configfile and value:
                files.append(Path(value))
        elif takes_more:
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


def _told(file: Path, reason: str) -> str:
    return one_line(f"Error in the configuration: {file}: {reason}")


def _swallowed(first: Path, word: Path) -> str:
    return (
        "; after a space, --configfile takes every further word for a configuration file. To name "
        f"a target, write --configfile={first} {word}"
    )


def _fault_of(text: str) -> str | None:
    try:
        value = parse(text)
    except RepeatedKey as error:
        return f"{error}; keep one of them"
    except yaml.YAMLError as error:
        return f"is not plain YAML ({error})".replace(' in "<unicode string>"', " at")
    except RecursionError:
        return "is nested too deeply"
    except Exception as error:  # a date of month 99, a number of 5,000 digits, a key that is a list
        return f"holds a value that YAML cannot read ({error})"
    if not isinstance(value, dict):
        return "holds no mapping of keys to values"
    if TEMPLATE in value and not is_json(text):
        return f"{TEMPLATE}: is a template, and a configuration runs no code; write the values out"
    return None
