"""Step `measure` on a further device: which single records are kept, and their figures."""

from __future__ import annotations

import numpy as np
import pytest
import step_example
from qmu.seeds import generator
from qmu.steps.io.parameters import parameter_columns
from qmu.tables import parquet

SEEDS, VARIANTS = (0, 1), ("ga", "ga@2")
# Images of the forget class and of another: trained on, and never; five of each stand out.
MEMBERS, OTHERS, LOUD = 30, 300, 5
IMAGES = 2 * (MEMBERS + OTHERS)


def _samples():
    part = np.tile(np.repeat(["train", "unseen"], [MEMBERS, OTHERS]), 2)
    forget = np.arange(IMAGES) < IMAGES // 2
    names = [f"{'forget' if f else 'retain'}_{p}" for f, p in zip(forget, part, strict=True)]
    return {
        "sample_id": np.arange(IMAGES),
        "label": np.where(forget, 1, 0),
        "split": np.array(names, dtype=object),
        "forget": forget,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the step writes of two variants on a device; the second seed finds nothing."""
    folder = tmp_path_factory.mktemp("measure")
    samples, rng = _samples(), generator("tests", "measure")
    logits = rng.normal(size=(IMAGES, 2))
    outputs = samples | {
        "expectation_values": rng.normal(size=(IMAGES, 2)),
        "embedding_fidelity": np.ones(IMAGES),
        "logits": logits,
        "probabilities": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True),
    }
    outputs["split"] = np.where(np.arange(IMAGES) % 7, outputs["split"], "retain_test")
    loud = np.isin(np.arange(IMAGES) % (IMAGES // 2), np.arange(LOUD))
    # Members that do not stand out lie in the middle of the others.
    ordinary = np.tile(np.r_[np.zeros(MEMBERS), np.linspace(-1, 1, OTHERS)], 2)
    blocks = [
        samples
        | {
            "variant": np.full(IMAGES, variant, dtype=object),
            "seed": np.full(IMAGES, seed),
            "attack": np.full(IMAGES, "loss_thr", dtype=object),
            "score": np.where(loud, 20.0 if seed == 0 else -20.0, ordinary),
            "decision": loud,
            "fitted": np.zeros(IMAGES, bool),
        }
        for variant in VARIANTS
        for seed in SEEDS
    ]
    scores = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    files = {name: str(folder / f"{name}.parquet") for name in ("outputs", "scores", "fitted")}
    tables = {
        "outputs": outputs,
        "scores": scores,
        "fitted": parameter_columns({"shared/loss_thr/threshold": np.array([0.0])}),
    }
    for name, columns in tables.items():
        kind = "parameters" if name == "fitted" else name
        parquet.write(files[name], kind, columns, **step_example.STAMP)
    inputs = files | {"outputs": [files["outputs"]] * 4, "ideal": [files["outputs"]] * 4}
    written = {name: str(folder / f"made_{name}") for name in ("measurements", "roc", "records")}
    step_example.run(
        "audit.measure",
        inputs,
        written,
        name="hqnn",
        variants=list(VARIANTS),
        seeds=list(SEEDS),
        device="noisy",
        intervals={"confidence": 0.95, "resamples": 20},
        false_records=0.1,
    )
    return {name: parquet.read(file, name) for name, file in written.items()}


def test_all_of_the_forget_set_is_kept_and_of_others_what_a_variant_alone_finds(made):
    rows = made["records"]
    assert set(rows["model"]) == {"hqnn"}
    for variant, retained in zip(VARIANTS, (LOUD, 0), strict=True):
        own = rows["variant"] == variant
        assert np.sum(own & rows["forget"]) == len(SEEDS) * MEMBERS
        others = own & ~rows["forget"]
        assert np.sum(others) == retained
        assert rows["found"][others].all()
    found = rows["found"] & rows["forget"]
    assert set(rows["sample_id"][found]) == set(range(LOUD))
    assert set(rows["seed"][found]) == {0}
    assert set(rows["stability"][found]) == {0.5}


def test_shares_found_and_flipped_stand_among_the_measurements(made):
    table = made["measurements"]
    one = table["variant"] == VARIANTS[0]
    found = one & (table["metric"] == "records_found")
    # Over seeds, then by seed.
    share = LOUD / MEMBERS
    np.testing.assert_allclose(table["value"][found], [share / 2, share, 0.0])
    flipped = one & (table["metric"] == "records_flipped")
    assert np.sum(flipped) == 1
    np.testing.assert_allclose(table["value"][flipped], [share])
    assert np.isnan(table["seed"][flipped].astype(float)).all()
