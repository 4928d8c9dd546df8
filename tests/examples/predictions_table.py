"""A run of the workflow as a table of predictions, as if its models had been trained elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from qmu.tables import parquet
from qmu.variants import RETRAIN, TARGET, group

NAMES = {TARGET: "original", RETRAIN: "retrained", "residue": "residue"}


def export(
    run: Path,
    file: Path,
    *,
    model: str,
    seeds: Iterable[int],
    variants: Iterable[str],
    shadows: Iterable[str],
) -> None:
    """Write as Parquet what ``model`` of the results in the folder ``run`` says: audited
    ``variants``, and all blocks of ``shadows`` by the variant that they are of."""
    tables = [
        _audited(run / "models" / model / f"seed-{seed}" / variant / "outputs.parquet", seed)
        for variant in variants
        for seed in seeds
    ]
    forget = dict(zip(tables[0]["sample_id"].tolist(), tables[0]["forget"].tolist(), strict=True))
    for variant in shadows:
        for block in sorted((run / "shadows" / model / variant).glob("block-*/outputs.parquet")):
            tables.append(_fleet(block, variant, forget))
    names = tables[0]
    columns = {name: np.concatenate([table[name] for table in tables]) for name in names}
    pq.write_table(pa.table(columns), file)


def _audited(file: Path, seed: int) -> dict[str, np.ndarray]:
    table, variant = parquet.read(file, "outputs"), file.parent.name
    name, _, number = variant.partition("@")
    named = NAMES.get(name, f"unlearned:{name}") + (f":{number}" if number else "")
    held = {"retain_train"} if group(variant) in (RETRAIN, "residue") else set()
    held = held or {"retain_train", "forget_train"}
    parts = [split.partition("_")[2] for split in table["split"]]
    member = np.isin(table["split"], [*held]) | table.get("kept", np.False_)
    return _columns(table, named, seed, member, table["forget"], parts)


def _fleet(file: Path, variant: str, forget: dict[int, bool]) -> dict[str, np.ndarray]:
    table = parquet.read(file, "fleet_outputs")
    named = {TARGET: "shadow", RETRAIN: "shadow:retrained"}.get(variant, f"shadow:{variant}")
    marks = np.array([forget[one] for one in table["sample_id"].tolist()])
    # Of shadow models the column is not read, and what is no part is refused.
    parts = ["unseen"] * len(marks)
    return _columns(table, named, table["model_index"], table["member"], marks, parts)


def _columns(table, named, index, member, forget, parts) -> dict[str, np.ndarray]:
    rows = len(table["label"])
    answers = {f"logit_{k}": column for k, column in enumerate(table["logits"].T.astype(float))}
    return {
        "sample_id": table["sample_id"],
        "label": table["label"],
        "model": np.full(rows, named),
        "index": np.broadcast_to(index, rows),
        "member": member,
        "forget": forget,
        "split": np.array(parts, str),
        **answers,
    }
