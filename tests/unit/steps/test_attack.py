"""The step that scores: every seed by its own fitted attacks, the calibrating shadow by its own
members."""

from __future__ import annotations

import attack_example
import numpy as np
import pytest
import step_example
from qmu.attacks.methods import label_only, su_graybox
from qmu.steps.io.parameters import parameter_columns
from qmu.tables import parquet

SEEDS = (0, 1)
# A group of variants, as one job scores it.
VARIANTS = ("retrain", "retrain@1")
CELLS = [(variant, seed) for variant in VARIANTS for seed in SEEDS]
IMAGES = 200
# At a threshold below what a network of zeros says everything is a member, above it nothing.
YES, NO = -1.0, 1.0


def network(threshold):
    """The published attack with a network of zeros."""
    target = attack_example.evidence(n=IMAGES).original
    seen = attack_example.for_fitting(target)
    fitted = su_graybox.fit(seen, su_graybox.Config(steps=1), ("tests",))
    kept = {name: fitted[name] for name in ("fitted_sample_id", "population_sample_id")}
    zeros = {name: np.zeros_like(value) for name, value in fitted.items()}
    return zeros | kept | {"threshold": np.array([threshold])}


def write(path, kind, columns):
    parquet.write(path, kind, columns, **step_example.STAMP)
    return str(path)


@pytest.fixture
def files(tmp_path):
    """Two variants' and seeds' outputs, a fleet with members of its own, the copies' answers."""
    found = {"outputs": [], "original": []}
    for variant, seed in CELLS:
        view = attack_example.evidence(seed, n=IMAGES).audited
        logits = view.logits + VARIANTS.index(variant)
        columns = {
            **{n: getattr(view, n) for n in ("sample_id", "label", "split", "forget")},
            "logits": logits,
            "expectation_values": np.zeros((IMAGES, 2)),
            "embedding_fidelity": np.ones(IMAGES),
            "probabilities": np.full((IMAGES, attack_example.CLASSES), 0.1),
        }
        path = write(tmp_path / f"{variant}-{seed}.parquet", "outputs", columns)
        found["outputs"].append(path)
    found["original"] = found["outputs"][: len(SEEDS)]
    fleet = attack_example.evidence(n=IMAGES, models=4).shadows
    indices = [3, 5, 8, 9]
    columns = {
        "model_index": np.repeat(indices, IMAGES),
        "sample_id": np.tile(fleet.sample_id, 4),
        "label": np.tile(fleet.label, 4),
        "member": fleet.member.ravel(),
        "logits": fleet.logits.reshape(4 * IMAGES, -1).astype(np.float32),
    }
    found["shadows"] = [write(tmp_path / "shadows.parquet", "fleet_outputs", columns)]
    asked = [*CELLS, (VARIANTS[0], None)]
    count = len(asked) * IMAGES
    right = np.arange(count * attack_example.COPIES).reshape(count, -1) % 7 < 4
    columns = {
        "variant": np.repeat([variant for variant, _ in asked], IMAGES).tolist(),
        "seed": [seed for _, seed in asked for _ in range(IMAGES)],
        "sample_id": np.tile(fleet.sample_id, len(asked)),
        "right": right.astype(np.uint8),
    }
    found["queries"] = write(tmp_path / "queries.parquet", "queries", columns)
    fitted = {
        f"{seed}/su_graybox": network(level) for seed, level in zip(SEEDS, (YES, NO), strict=True)
    }
    fitted["shared/label_only"] = {"threshold": np.zeros(1)}
    flat = {f"{owner}/{key}": v for owner, part in fitted.items() for key, v in part.items()}
    columns = parameter_columns(flat)
    return found | {"fitted": write(tmp_path / "fitted.parquet", "parameters", columns)}


def score(files, path, attack, module, indices):
    spec = {
        "name": "basic_qnn",
        "seeds": list(SEEDS),
        "variants": list(VARIANTS),
        "attacks": {attack: {"component": attack, "settings": module.Config().model_dump()}},
        "loss": "ce",
        "indices": indices,
    }
    step_example.run("attack.score", files, {"scores": str(path)}, **spec)
    return parquet.read(path, "scores", experiment=step_example.EXPERIMENT)


def test_every_seed_is_judged_by_the_attack_fitted_for_it(files, tmp_path):
    files = files | {"shadows": [], "queries": ""}
    found = score(files, tmp_path / "scores.parquet", "su_graybox", su_graybox, [])
    assert found["decision"][found["seed"] == 0].all()
    assert not found["decision"][found["seed"] == 1].any()
    cells = dict.fromkeys(zip(found["variant"].tolist(), found["seed"].tolist(), strict=True))
    assert list(cells) == CELLS


def test_every_variant_of_a_group_is_scored_on_its_own_outputs(files, tmp_path, monkeypatch):
    seen = []

    def spy(fitted, evidence, config, names):
        seen.append(evidence)
        return su_graybox.Scored(
            np.full(IMAGES, float(len(seen))), np.zeros(IMAGES, bool), np.zeros(IMAGES, bool)
        )

    monkeypatch.setattr(su_graybox, "score", spy)
    files = files | {"shadows": [], "queries": ""}
    found = score(files, tmp_path / "scores.parquet", "su_graybox", su_graybox, [])
    for place, (variant, seed) in enumerate(CELLS):
        audited = parquet.read(files["outputs"][place], "outputs")
        original = parquet.read(files["original"][SEEDS.index(seed)], "outputs")
        np.testing.assert_array_equal(seen[place].audited.logits, audited["logits"])
        np.testing.assert_array_equal(seen[place].original.logits, original["logits"])
        own = (found["variant"] == variant) & (found["seed"] == seed)
        assert set(found["score"][own]) == {place + 1.0}


def test_the_calibrating_shadow_has_its_own_members_and_answers(files, tmp_path, monkeypatch):
    seen = []

    def spy(fitted, evidence, config, names):
        seen.append(evidence)
        return su_graybox.Scored(np.zeros(IMAGES), np.zeros(IMAGES, bool), np.zeros(IMAGES, bool))

    monkeypatch.setattr(label_only, "score", spy)
    score(files, tmp_path / "scores.parquet", "label_only", label_only, [5, 9])
    shadows = parquet.read(files["shadows"][0], "fleet_outputs")
    queries = parquet.read(files["queries"], "queries")
    own = shadows["model_index"] == 5
    assert len(seen) == len(CELLS)
    for place, evidence in enumerate(seen):
        view = evidence.calibration
        rows = slice(place * IMAGES, (place + 1) * IMAGES)
        np.testing.assert_array_equal(evidence.audited.right, queries["right"][rows])
        np.testing.assert_array_equal(view.member, shadows["member"][own])
        np.testing.assert_array_equal(view.split == "retain_train", shadows["member"][own])
        np.testing.assert_array_equal(view.logits, shadows["logits"][own])
        answers = np.array([seed is None for seed in queries["seed"].tolist()])
        np.testing.assert_array_equal(view.right, queries["right"][answers])
