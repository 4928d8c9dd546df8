"""Components are found by their file names."""

from pathlib import Path

import pytest
import qmu
from qmu import registry
from qmu.errors import ConfigError, suggestion


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_file_of_the_folder_is_a_component(kind):
    files = Path(qmu.__file__).parent.joinpath(*registry.KINDS[kind].split(".")).glob("[!_]*.py")
    assert registry.names(kind) == tuple(sorted(file.stem for file in files))
    assert registry.names(kind)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]
)
def test_a_component_has_a_card_or_a_source_and_a_documented_config(kind, name):
    module = registry.load(kind, name)
    assert module.__doc__
    assert module.Config.__doc__
    assert module.Config.model_config["extra"] == "forbid"
    if kind == "data":
        assert "Source" in module.__doc__
        return
    assert module.CARD.title
    assert module.CARD.statement if kind == "forget" else module.CARD.source


def test_an_unknown_component_names_the_nearest():
    with pytest.raises(ConfigError, match=r"no unlearning component named 'sdd'\. Did you mean"):
        registry.load("unlearning", "sdd")


def test_helpers_and_paths_are_no_components():
    for name in ("_step", "__init__", "../config", "ga.py"):
        with pytest.raises(ConfigError):
            registry.load("unlearning", name)


def test_an_unknown_kind_is_a_programming_error():
    with pytest.raises(ValueError, match="unknown kind"):
        registry.names("model")


def test_suggestion_falls_back_to_the_list():
    assert suggestion("zzzz", ["b", "a"]) == " Valid: a, b."
    assert suggestion("layer", ["layers", "qubits"]) == " Did you mean 'layers'?"
    assert suggestion("x", []) == ""
