"""The audit on a terminal: one aligned line per model and variant.

It reads summary rows (dicts with the columns of the table ``summary``): means over seeds where
there are any, otherwise the mean of the seeds' rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qmu.tables.schemas import SCHEMAS

from .evidence.cards import first
from .evidence.summary import NON_MEMBER_SPLITS, Cell, Summary, summarise

if TYPE_CHECKING:
    from qmu.attacks.game import AttackCard

SPLITS = ("retain_train", "forget_train", "retain_test", "forget_test")
HEADER = (
    (
        "",
        "accuracy (%)",
        "",
        "",
        "",
        "MIA says member (%)",
        "",
        "AUC, forget set",
        "",
        "speed-up",
    ),
    ("variant", "train", "train", "test", "test", "forget", "never", "{attack}", "{auc}", "over"),
    ("", "retain", "forget", "retain", "forget", "members", "seen", "", "", "retrain"),
)
LEGEND = """\
forget/retain: rows that are to be forgotten, and comparable ones / all others.
MIA says member: how often the attack {attack} calls a row a training row; "members" were
  training rows of the original model, "never seen" are comparable rows that were not
  ({other}). Only a gap between the two columns is evidence of membership.
AUC: chance that a member scores above a comparable non-member; 0.5 is a coin toss, and far
  below 0.5 leaks as much as far above. [..] are {confidence}intervals over rows and seeds.
speed-up: gradient evaluations of retraining over those of the method."""


def terminal_table(
    rows: Sequence[Mapping[str, Any]],
    cards: Mapping[str, AttackCard],
    confidence: float | None = None,
) -> str:
    """Plain text of at most about 120 columns: per model a block, per variant a line.

    The attacks shown are those whose ``cards`` say that they are the published and the reference
    one; where none does, the first.
    """
    summary = summarise({name: [row[name] for row in rows] for name in SCHEMAS["summary"]})
    chosen = [first(summary.attacks, cards, fact) for fact in ("published", "reference")]
    attack, auc_attack = (name or "none" for name in chosen)
    measured = {key[3] for key in summary.cells if key[2] == "mia_false_positive"}
    split = next((one for one in NON_MEMBER_SPLITS if one in measured), NON_MEMBER_SPLITS[-1])
    header = [tuple(c.format(attack=attack, auc=auc_attack) for c in line) for line in HEADER]
    blocks = []
    for model in summary.models:
        variants = summary.variants(model)
        lines = [_line(summary, model, v, attack, auc_attack, split) for v in variants]
        blocks.append(f"{model}\n{_align(header, lines)}")
    share = "" if confidence is None else f"{100 * confidence:g}% "
    legend = LEGEND.format(attack=attack, other=f"split {split}", confidence=share)
    return "\n\n".join([*blocks, legend])


def _line(
    summary: Summary, model: str, variant: str, attack: str, auc_attack: str, split: str
) -> tuple[str, ...]:
    def cell(metric: str, where: str | None = None, name: str | None = None) -> Cell | None:
        return summary.get(model, variant, metric, where, name)

    return (
        variant,
        *(_percent(cell("accuracy", where)) for where in SPLITS),
        _percent(cell("mia_success", "forget_train", attack), interval=True),
        _percent(cell("mia_false_positive", split, attack)),
        _number(cell("auc", "forget_train", attack)),
        _number(cell("auc", "forget_train", auc_attack)),
        _times(cell("speedup")),
    )


def _align(header: list[tuple[str, ...]], lines: list[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell; the first header line spans to its next title."""
    body = [*header[1:], *lines]
    widths = [max(len(line[i]) for line in body) for i in range(len(header[0]))]

    def join(line: Sequence[str]) -> str:
        cells = [
            c.ljust(w) if i == 0 else c.rjust(w)
            for i, (c, w) in enumerate(zip(line, widths, strict=True))
        ]
        return "  " + "  ".join(cells).rstrip()

    titles = [i for i, cell in enumerate(header[0]) if cell]
    spans = list(zip(titles, [*titles[1:], len(widths)], strict=True))
    # A title wider than its columns pushes the first of them out.
    for start, stop in spans:
        missing = len(header[0][start]) - (sum(widths[start:stop]) + 2 * (stop - start - 1))
        widths[start] += max(missing, 0)
    top = " " * (2 + widths[0])
    for start, stop in spans:
        width = sum(widths[start:stop]) + 2 * (stop - start - 1)
        top += "  " + header[0][start].center(width)
    rule = "  " + "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([top.rstrip(), *map(join, header[1:]), rule, *map(join, lines)])


def _percent(cell: Cell | None, interval: bool = False) -> str:
    if cell is None or not math.isfinite(cell.value):
        return "-"
    text = f"{100 * cell.value:.1f}"
    if interval and cell.low is not None and cell.high is not None:
        text += f" [{100 * cell.low:.0f}, {100 * cell.high:.0f}]"
    return text


def _number(cell: Cell | None) -> str:
    if cell is None or not math.isfinite(cell.value):
        return "-"
    text = f"{cell.value:.2f}"
    if cell.low is not None and cell.high is not None:
        text += f" [{cell.low:.2f}, {cell.high:.2f}]"
    return text


def _times(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return "free" if math.isinf(cell.value) else f"{cell.value:.1f}x"
