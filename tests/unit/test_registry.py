"""Components are found by their file names."""

from pathlib import Path
from types import ModuleType

import pytest
import qmu
from qmu import registry
from qmu.errors import ConfigError, QmuError, suggestion
from qmu.strict import Strict


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


class Settings(Strict):
    """Of a component that a test makes."""


def component(**members):
    """A module with these members."""
    made = ModuleType("made")
    vars(made).update(members)
    return made


COMPLETE = {"Config": Settings, "CARD": object(), "unlearn": print}


def test_a_complete_component_passes():
    registry.check("unlearning", "mine", component(**COMPLETE))


@pytest.mark.parametrize("lacking", COMPLETE)
def test_a_component_that_lacks_something_says_what(lacking):
    rest = {name: member for name, member in COMPLETE.items() if name != lacking}
    expected = f"^unlearning component 'mine': its file must define {lacking}$"
    with pytest.raises(ConfigError, match=expected):
        registry.check("unlearning", "mine", component(**rest))


@pytest.mark.parametrize("config", [dict, Settings(), print])
def test_a_config_must_be_strict(config):
    expected = r"^unlearning component 'mine': its Config must extend qmu\.strict\.Strict$"
    with pytest.raises(ConfigError, match=expected):
        registry.check("unlearning", "mine", component(**COMPLETE | {"Config": config}))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (QmuError("its card says nothing"), "'ga': its card says nothing"),
        (TypeError("unexpected keyword"), "'ga' cannot be imported: TypeError: unexpected keyword"),
        (SyntaxError("invalid syntax"), "'ga' cannot be imported: SyntaxError: invalid syntax"),
        (ImportError("no module"), "'ga' cannot be imported: ImportError: no module"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why(monkeypatch, error, expected):
    def fail(name):
        raise error

    monkeypatch.setattr(registry.importlib, "import_module", fail)
    with pytest.raises(ConfigError, match=expected):
        registry.load("unlearning", "ga")
