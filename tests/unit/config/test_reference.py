"""The configuration reference in docs/ is what the models say today."""

from pathlib import Path

from qmu import registry
from qmu.config import reference as config_reference


def test_the_file_is_up_to_date():
    file = Path(__file__).parents[3] / "docs" / "configuration.md"
    assert file.read_text(encoding="utf-8") == config_reference.markdown()


def test_every_component_and_nested_defaults_are_there():
    text = config_reference.markdown()
    for kind in ("data", "models", "unlearning", "attacks"):
        for name in registry.names(kind):
            assert f": {name}`" in text
    assert '| `training.loss` | `"bce_sum"` | one of `ce`, `bce_sum` |' in text
    assert "| `seeds` | required |" in text
