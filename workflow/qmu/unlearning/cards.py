"""The table of unlearning methods, generated from their cards.

``python -m qmu.unlearning.cards > docs/methods.md``; a test fails when the file is stale.
"""

from __future__ import annotations

import json
import sys

from pydantic import BaseModel

from qmu import registry

from .contract import load_method
from .problem import COSTS, NEEDS, MethodCard

INTRODUCTION = """\
# Unlearning methods

Generated from the methods' cards (`python -m qmu.unlearning.cards`). A method is one file of
`workflow/qmu/unlearning/methods`. It is handed what it reads and nothing else; where a model lacks
what it needs, it is left out for that model. What it goes over says what makes it dear; the bill
counts it exactly. Limits of all settings stand in [configuration.md](configuration.md).
"""

COLUMNS = ("method", "title", "reads", "needs of a model", "goes over", "source", "defaults")

# What a card's ``reads`` hands over, in words.
READS = {
    "none": "no data",
    "forget": "the forget set only",
    "retain": "the retained data only",
    "both": "the forget set and the retained data",
}


def markdown() -> str:
    """The whole table, methods by name."""
    rows = [row(name) for name in registry.names("unlearning")]
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return f"{INTRODUCTION}\n{table}\n"


def row(name: str) -> tuple[str, ...]:
    """The cells of one method, as `COLUMNS` names them."""
    method = load_method(name)
    card = method.CARD
    return (
        f"`{name}`",
        _title(card),
        READS[card.reads] + (", and validation data" if card.validation else ""),
        "; ".join(_needs(card)) or "–",
        COSTS[card.cost],
        card.source,
        ", ".join(_defaults(method.Config)) or "no settings",
    )


def _title(card: MethodCard) -> str:
    marks = {"control": card.control, "reconstructed": card.reconstructed}
    told = [mark for mark, holds in marks.items() if holds and mark not in card.title]
    return " ".join([card.title, *(f"(*{mark}*)" for mark in told)])


def _needs(card: MethodCard) -> list[str]:
    whole = ["a request for whole classes"] if card.whole_classes else []
    return [*(NEEDS[need] for need in card.needs), *whole]


def _defaults(config: type[BaseModel]) -> list[str]:
    found = []
    for name, field in config.model_fields.items():
        if field.is_required():
            found.append(f"`{name}` required")
        elif isinstance(field.default, BaseModel):
            found.append(f"a `{name}` rule")
        else:
            found.append(f"`{name}: {json.dumps(field.default)}`")
    return found


if __name__ == "__main__":
    sys.stdout.write(markdown())
