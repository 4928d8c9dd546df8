"""The table of methods in docs/ is what the cards say today."""

from pathlib import Path

import pytest
from qmu import registry
from qmu.unlearning import cards


def test_the_file_is_up_to_date():
    file = Path(__file__).parents[3] / "docs" / "methods.md"
    assert file.read_text(encoding="utf-8") == cards.markdown()


@pytest.mark.parametrize("name", registry.names("unlearning"))
def test_every_method_is_a_row_of_the_table(name):
    cells = cards.row(name)
    assert len(cells) == len(cards.COLUMNS)
    assert all(cells)
    # A bar or a line break inside a cell would break the table.
    assert not any("|" in cell or "\n" in cell for cell in cells)


def test_a_row_says_what_the_card_and_the_defaults_say():
    row = dict(zip(cards.COLUMNS, cards.row("rga"), strict=True))
    assert "reconstructed" in row["title"]
    assert row["reads"] == "the forget set and the retained data, and validation data"
    assert "`step_length: 0.002`" in row["defaults"]
    assert "a `stopping` rule" in row["defaults"]
    assert "(control)" in cards.row("identity")[1]
    assert cards.row("identity")[-1] == "no settings"
