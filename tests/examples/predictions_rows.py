"""Rows of a small table of predictions, as texts, to damage at will."""

from __future__ import annotations

from pathlib import Path

import numpy as np

HEADER = ["sample_id", "label", "model", "index", "member", "forget", "logit_0", "logit_1"]
SEEDS, SAMPLES, ASKED = 2, 24, 4


def rows_of(
    methods: tuple[str, ...] = (),
    further: int = 0,
    residues: tuple[int, ...] = (),
    shadows: int = 0,
    compared: bool = False,
) -> list[list[str]]:
    """The header, then per model the rows of `SAMPLES` samples, of which the first `ASKED` must be
    forgotten; ``compared``: as many that no model holds are marked beside them. Logits are random.
    """
    rng = np.random.default_rng(5)
    label = np.arange(SAMPLES) % 2
    asked = np.arange(SAMPLES) < ASKED
    forget = asked | (np.arange(SAMPLES) >= SAMPLES - ASKED) if compared else asked
    rows = [list(HEADER)]

    def answer(model: str, index: int, member: np.ndarray) -> None:
        for sample in range(SAMPLES):
            flags = [str(int(member[sample])), str(int(forget[sample]))]
            logits = [repr(float(value)) for value in rng.normal(size=2)]
            rows.append([str(sample), str(label[sample]), model, str(index), *flags, *logits])

    for seed in range(SEEDS):
        member = asked.copy()
        member[ASKED + rng.permutation(SAMPLES - 2 * ASKED)[:8]] = True
        answer("original", seed, member)
        for method in methods:
            answer(f"unlearned:{method}", seed, member)
        for model in ("retrained", *(f"retrained:{k + 1}" for k in range(further))):
            answer(model, seed, member & ~asked)
        for percent in residues:
            kept = np.arange(SAMPLES) < ASKED * percent // 100
            answer(f"residue:{percent}", seed, member & (~asked | kept))
    for index in range(shadows):
        member = rng.permutation(SAMPLES) < SAMPLES // 2
        answer("shadow", index, member)
        if methods:
            answer("shadow:retrained", index, member & ~forget)
        for method in methods:
            answer(f"shadow:{method}", index, member)
    return rows


def written(path: Path, rows: list[list[str]]) -> Path:
    """The rows as a CSV."""
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    return path
