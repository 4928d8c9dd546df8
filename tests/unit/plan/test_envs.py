"""The conda environments hold the pins of pyproject.toml."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project["requires-python"], project["dependencies"]


def test_the_environment_of_the_rules_has_the_same_pins():
    python, dependencies = pins()
    environment = yaml.safe_load((ROOT / "envs" / "qmu.yaml").read_text())
    conda = [item for item in environment["dependencies"] if isinstance(item, str)]
    pip = [item for item in environment["dependencies"] if isinstance(item, dict)]
    assert len(pip) == 1
    assert pip[0]["pip"] == dependencies
    assert next(item for item in conda if item.startswith("python ")).split()[1].startswith(python)


def test_every_dependency_has_a_lower_bound():
    for requirement in pins()[1]:
        assert "==" in requirement or ">=" in requirement, requirement


def test_every_rule_with_an_environment_names_an_existing_file():
    rules = ROOT / "workflow" / "rules"
    named = set()
    for file in rules.glob("*.smk"):
        lines = [line.strip() for line in file.read_text().splitlines()]
        for number, line in enumerate(lines):
            if line == "conda:":
                named.add(lines[number + 1].strip('"'))
    assert named
    for name in named:
        assert (rules / name).resolve().is_file(), name
