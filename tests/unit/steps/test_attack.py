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
    """Two seeds' outputs, a fleet with members of its own, and the copies' answers."""
    found = {"outputs": [], "original": []}
    for seed in SEEDS:
        view = attack_example.evidence(seed, n=IMAGES).audited
        columns = {
            **{n: getattr(view, n) for n in ("sample_id", "label", "split", "forget", "logits")},
            "expectation_values": np.zeros((IMAGES, 2)),
            "embedding_fidelity": np.ones(IMAGES),
            "probabilities": np.full((IMAGES, attack_example.CLASSES), 0.1),
        }
        path = write(tmp_path / f"outputs-{seed}.parquet", "outputs", columns)
        found["outputs"].append(path)
        found["original"].append(path)
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
    right = np.arange(3 * IMAGES * attack_example.COPIES).reshape(3 * IMAGES, -1) % 7 < 4
    columns = {
        "seed": [0] * IMAGES + [1] * IMAGES + [None] * IMAGES,
        "sample_id": np.tile(fleet.sample_id, 3),
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


def test_the_calibrating_shadow_has_its_own_members_and_answers(files, tmp_path, monkeypatch):
    seen = []

    def spy(fitted, evidence, config, names):
        seen.append(evidence.calibration)
        return su_graybox.Scored(np.zeros(IMAGES), np.zeros(IMAGES, bool), np.zeros(IMAGES, bool))

    monkeypatch.setattr(label_only, "score", spy)
    score(files, tmp_path / "scores.parquet", "label_only", label_only, [5, 9])
    shadows = parquet.read(files["shadows"][0], "fleet_outputs")
    queries = parquet.read(files["queries"], "queries")
    own = shadows["model_index"] == 5
    assert len(seen) == len(SEEDS)
    for view in seen:
        np.testing.assert_array_equal(view.member, shadows["member"][own])
        np.testing.assert_array_equal(view.split == "retain_train", shadows["member"][own])
        np.testing.assert_array_equal(view.logits, shadows["logits"][own])
        answers = np.array([seed is None for seed in queries["seed"].tolist()])
        np.testing.assert_array_equal(view.right, queries["right"][answers])
