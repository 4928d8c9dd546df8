"""Which words Snakemake takes for configuration files, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from qmu.config.file import named, refuse_unsafe
from snakemake.cli import get_argument_parser

CALLS = [
    [],
    ["data"],
    ["--cores", "1", "--configfile=a.yaml", "data"],
    ["--configfile=a.yaml", "data", "unlearned"],
    ["--configfile", "a.yaml"],
    ["--configfile", "a.yaml", "data"],
    ["--configfile", "a.yaml", "b.yaml", "--cores", "1", "data"],
    ["--configfiles", "a.yaml", "b.yaml"],
    ["--configfiles=a.yaml", "b.yaml"],
    ["--configfile", "a.yaml", "--config", "seeds=[1]", "forget_class=3"],
    ["--config", "forget_class=3", "--configfile=a=b.yaml"],
    ["--configfile", "a.yaml", "--", "data"],
]


@pytest.mark.parametrize("arguments", CALLS, ids=" ".join)
def test_files_are_those_of_snakemakes_own_parser(arguments):
    assert named(arguments) == get_argument_parser().parse_args(arguments).configfile


def test_a_shortened_option_names_files_too():
    """Some versions of argparse call it ambiguous, others take it."""
    assert named(["--configf", "a.yaml", "-n", "data"]) == [Path("a.yaml")]
    assert named(["--configf=a.yaml", "-n", "data"]) == [Path("a.yaml")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with a good file, and a folder that is called as a target is."""
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text("experiment: good\n")
    Path("config.yaml").write_text("experiment: default\n")
    Path("data").mkdir()
    return tmp_path


def test_a_target_after_an_equals_sign_is_no_file(folder):
    refuse_unsafe(["--cores", "1", "--configfile=good.yaml", "data"])
    refuse_unsafe(["--configfile=good.yaml", "unlearned"])


@pytest.mark.parametrize(
    ("target", "what"), [("data", "must be a regular file"), ("unlearned", "no such file")]
)
def test_a_target_that_snakemake_takes_for_a_file_is_told_in_one_line(folder, target, what):
    with pytest.raises(SystemExit) as ended:
        refuse_unsafe(["--configfile", "good.yaml", target])
    message = str(ended.value)
    assert message.startswith(f"Error in the configuration: {target}: {what}; after a space, ")
    assert message.endswith(f"write --configfile=good.yaml {target}")
    assert "\n" not in message


@pytest.mark.parametrize("option", ["--configfile=gone.yaml", "--configfile gone.yaml"])
def test_a_missing_file_is_one_line(folder, option):
    with pytest.raises(SystemExit) as ended:
        refuse_unsafe([*option.split(), "-n"])
    assert str(ended.value) == "Error in the configuration: gone.yaml: no such file"


def test_the_default_file_is_looked_at_too(folder):
    Path("config.yaml").write_text("experiment: a\nexperiment: b\n")
    with pytest.raises(SystemExit, match=r"config\.yaml: experiment: stands twice, in lines 1 and"):
        refuse_unsafe(["-n"])


def test_a_project_without_a_default_file_is_fine(folder):
    Path("config.yaml").unlink()
    refuse_unsafe(["--configfile=good.yaml"])
