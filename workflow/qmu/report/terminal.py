"""The audit on a terminal: one aligned line per model and variant, and the central 2x2.

Both read summary rows (dicts with the columns of the table ``summary``): means over seeds where
there are any, otherwise the rows of the only seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

HEADLINE = "su_graybox"
AUC_ATTACK = "loss_thr"
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
        "AUC, forget class",
        "",
        "speed-up",
    ),
    ("variant", "train", "train", "test", "test", "forget", "never", "{attack}", "{auc}", "over"),
    ("", "retain", "forget", "retain", "forget", "members", "seen", "", "", "retrain"),
)
LEGEND = """\
forget/retain: images of the class to be forgotten / of the other classes.
MIA says member: how often the attack {attack} calls an image a training image; "members" were
  training images of the original model, "never seen" are images of the same class that were not
  ({other}). Only a gap between the two columns is evidence of membership.
AUC: chance that a member scores above a non-member of the same class; 0.5 is a coin toss, and far
  below 0.5 leaks as much as far above. [..] are {confidence}intervals over images and seeds.
speed-up: gradient evaluations of retraining over those of the method."""


def two_by_two(
    rows: Iterable[Row], model: str, attack: str = HEADLINE, non_members: str | None = None
) -> dict[str, dict[str, Row | None]]:
    """{"original", "retrained"} x {"member", "non-member"}: how often ``attack`` says member.

    ``non_members`` is a split; by default forget_unseen, which no attack was fitted on, or
    forget_test where the data leaves nothing unseen. Cells are summary rows, None where missing.
    """
    found = _index(rows)
    split = non_members or _non_members(found)
    return {
        name: {
            "member": found.get((model, variant, attack, "mia_success", "forget_train")),
            "non-member": found.get((model, variant, attack, "mia_false_positive", split)),
        }
        for name, variant in (("original", "target"), ("retrained", "retrain"))
    }


def terminal_table(
    rows: Sequence[Row],
    attack: str = HEADLINE,
    auc_attack: str = AUC_ATTACK,
    confidence: float | None = None,
) -> str:
    """Plain text of at most about 120 columns: per model a block, per variant a line."""
    found = _index(rows)
    attacks = list(dict.fromkeys(row["attack"] for row in rows if row["attack"] is not None))
    attack, auc_attack = (
        name if name in attacks else next(iter(attacks), "none") for name in (attack, auc_attack)
    )
    split = _non_members(found)
    header = [tuple(c.format(attack=attack, auc=auc_attack) for c in line) for line in HEADER]
    blocks = []
    for model in dict.fromkeys(row["model"] for row in rows):
        variants = dict.fromkeys(row["variant"] for row in rows if row["model"] == model)
        lines = [_line(found, model, variant, attack, auc_attack, split) for variant in variants]
        blocks.append(f"{model}\n{_align(header, lines)}")
    share = "" if confidence is None else f"{100 * confidence:g}% "
    legend = LEGEND.format(attack=attack, other=f"split {split}", confidence=share)
    return "\n\n".join([*blocks, legend])


def _index(rows: Iterable[Row]) -> dict[tuple[Any, ...], Row]:
    """Rows by (model, variant, attack, metric, split); means over seeds win over single seeds."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in ("model", "variant", "attack", "metric", "split"))
        if key not in found or _seedless(row):
            found[key] = row
    return found


def _seedless(row: Row) -> bool:
    seed = row["seed"]
    return seed is None or seed != seed


def _non_members(found: Mapping[tuple[Any, ...], Row]) -> str:
    unseen = any(key[3:] == ("mia_false_positive", "forget_unseen") for key in found)
    return "forget_unseen" if unseen else "forget_test"


def _line(
    found: Mapping[tuple[Any, ...], Row],
    model: str,
    variant: str,
    attack: str,
    auc_attack: str,
    split: str,
) -> tuple[str, ...]:
    def row(name: str | None, metric: str, where: str | None) -> Row | None:
        return found.get((model, variant, name, metric, where))

    return (
        variant,
        *(_percent(row(None, "accuracy", name)) for name in SPLITS),
        _percent(row(attack, "mia_success", "forget_train"), interval=True),
        _percent(row(attack, "mia_false_positive", split)),
        _number(row(attack, "auc", "forget_train")),
        _number(row(auc_attack, "auc", "forget_train")),
        _times(row(None, "speedup", None)),
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


def _percent(row: Row | None, interval: bool = False) -> str:
    if row is None or not math.isfinite(row["value"]):
        return "-"
    text = f"{100 * row['value']:.1f}"
    if interval and row["ci_low"] is not None:
        text += f" [{100 * row['ci_low']:.0f}, {100 * row['ci_high']:.0f}]"
    return text


def _number(row: Row | None) -> str:
    if row is None or not math.isfinite(row["value"]):
        return "-"
    text = f"{row['value']:.2f}"
    if row["ci_low"] is not None:
        text += f" [{row['ci_low']:.2f}, {row['ci_high']:.2f}]"
    return text


def _times(row: Row | None) -> str:
    if row is None:
        return "-"
    return "free" if math.isinf(row["value"]) else f"{row['value']:.1f}x"
