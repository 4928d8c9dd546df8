"""Steps on further devices: outputs against PennyLane's density matrices, shots, and the sweep."""

from __future__ import annotations

from dataclasses import replace

import attack_example
import numpy as np
import pennylane as qml
import pytest
import step_example
from qmu.attacks.methods import su_graybox
from qmu.audit import measure as audit
from qmu.circuits.noise import NoiseModel
from qmu.devices.execution import Execution
from qmu.devices.kinds import simulated
from qmu.models import model as models
from qmu.models.outputs import evaluate
from qmu.seeds import generator
from qmu.steps.io.parameters import parameter_columns
from qmu.studies import matched_accuracy
from qmu.studies import sweep as noise_sweep
from qmu.studies.matched_accuracy import LogitNoise
from qmu.studies.sweep import SweepPoint
from qmu.tables import parquet as tables

CLASSES, FEATURES, IMAGES = 3, 8, 120
MODEL = {
    "component": "basic_qnn",
    "settings": {"qubits": 3, "layers": 2, "training": {"loss": "ce"}},
    "classes": CLASSES,
    "device": "default.qubit",
    "precision": "double",
}
VARIANT = {"name": "basic_qnn", "variant": "target", "seeds": [0, 1]}
SPLITS = ("retain_train", "retain_test", "forget_train", "forget_test", "forget_unseen")


def settings():
    training = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 8, "epochs": 1}
    return {**MODEL["settings"], "training": training | MODEL["settings"]["training"]}


@pytest.fixture(scope="module")
def model():
    return models.build(**{**MODEL, "settings": settings()})


@pytest.fixture(scope="module")
def files(tmp_path_factory, model):
    """Pool, samples, parameters and exact outputs of two seeds."""
    folder = tmp_path_factory.mktemp("devices")
    rng = generator("tests", "devices")
    label = rng.integers(0, CLASSES, IMAGES)
    features = rng.normal(size=(IMAGES, FEATURES)) + label[:, None]
    sample_id = np.arange(IMAGES)
    pool = {
        "sample_id": sample_id,
        "label": label,
        "role": ["pool"] * IMAGES,
        "image": np.zeros((IMAGES, 4), np.uint8),
        "features": features,
    }
    tables.write(folder / "pool.parquet", "pool", pool, **step_example.STAMP)
    found = {"pool": str(folder / "pool.parquet")}
    found |= {kind: [] for kind in ("samples", "parameters", "outputs")}
    for seed in (0, 1):
        part = np.array(["train", "test", "unseen"])[rng.integers(0, 3, IMAGES)]
        forget = label == 1
        split = [f"{'forget' if f else 'retain'}_{p}" for f, p in zip(forget, part, strict=True)]
        sample = {"sample_id": sample_id, "label": label, "split": split, "forget": forget}
        parameters = model.initial_parameters(generator("tests", "device parameters", seed))
        evaluated = evaluate(model, parameters, features)
        for kind, name, columns in (
            ("samples", "samples", sample),
            ("parameters", "parameters", parameter_columns(parameters)),
            ("outputs", "outputs", sample | evaluated),
        ):
            path = folder / f"{name}-{seed}.parquet"
            tables.write(path, kind, columns, **step_example.STAMP)
            found[kind].append(str(path))
    tables.write(
        folder / "fitted.parquet", "parameters", parameter_columns(fitted()), **step_example.STAMP
    )
    return found | {"fitted": str(folder / "fitted.parquet")}


def fitted():
    return {"shared/loss_thr/threshold": np.array([-1.0])}


def run_on(files, folder, name="noisy", **setting):
    """The tables of a device with these settings, one per seed."""
    asked = simulated.Config(**setting).model_dump(mode="json")
    spec = VARIANT | {"device": name, "settings": asked}
    spec["model"] = {**MODEL, "settings": settings()}
    paths = [str(folder / f"{name}-{seed}.parquet") for seed in (0, 1)]
    step_example.run("devices.evaluate_on", files, {"outputs": paths}, **spec)
    return [tables.read(path, "outputs", experiment=step_example.EXPERIMENT) for path in paths]


def parameters_of(model, seed):
    return model.initial_parameters(generator("tests", "device parameters", seed))


def density_matrices(parameters, features, noise):
    """<Z> (n, 3) of the released model under noise, image by image on default.mixed."""
    angles = np.asarray(parameters["circuit"])
    wires = angles.shape[1]

    def flips():
        for wire in range(wires):
            qml.BitFlip(noise.bit_flip, wires=wire)

    @qml.qnode(qml.device("default.mixed", wires=wires))
    def node(state):
        qml.AmplitudeEmbedding(state, wires=range(wires), normalize=True)
        for layer in angles:
            for wire in range(wires):
                qml.U3(*layer[wire], wires=wire)
                qml.DepolarizingChannel(noise.depolarizing_single, wires=wire)
            for wire in range(wires):
                pair = (wire, (wire + 1) % wires)
                qml.CNOT(wires=pair)
                stale = (wires - 2, wires - 1)
                late = noise.mode == "official" and wire == wires - 1
                for one in stale if late else pair:
                    qml.DepolarizingChannel(noise.depolarizing_pair, wires=one)
            if noise.mode == "official":
                flips()
        if noise.mode == "readout_only":
            flips()
        return [qml.expval(qml.PauliZ(wire)) for wire in range(wires)]

    return np.array([node(state) for state in features])


@pytest.mark.parametrize("mode", ["readout_only", "official"])
def test_noisy_outputs_are_those_of_density_matrices(files, model, tmp_path, mode):
    noise = {"mode": mode, "depolarizing_pair": 0.02}
    found = run_on(files, tmp_path, noise=noise)
    features = tables.read(files["pool"], "pool")["features"][:6]
    for seed, table in enumerate(found):
        parameters = parameters_of(model, seed)
        values = density_matrices(parameters, features, NoiseModel(**noise))
        np.testing.assert_allclose(table["expectation_values"][:6], values, atol=1e-10)
        head = {name: np.asarray(parameters[f"head/{name}"]) for name in ("weight", "bias")}
        logits = values @ head["weight"] + head["bias"]
        np.testing.assert_allclose(table["logits"][:6], logits, atol=1e-10)
        np.testing.assert_allclose(table["probabilities"].sum(axis=1), 1, atol=1e-12)


def test_samples_are_the_seeds_own(files, tmp_path):
    for exact, table in zip(files["outputs"], run_on(files, tmp_path, noise={}), strict=True):
        simulated = tables.read(exact, "outputs")
        for name in ("sample_id", "label", "split", "forget"):
            np.testing.assert_array_equal(table[name], simulated[name])


@pytest.mark.parametrize("device", ["lightning.qubit", "default.qubit"])
def test_exact_devices_agree_with_the_simulation(files, tmp_path, device):
    for exact, table in zip(files["outputs"], run_on(files, tmp_path, device=device), strict=True):
        simulated = tables.read(exact, "outputs")
        np.testing.assert_allclose(table["logits"], simulated["logits"], atol=1e-10)


@pytest.mark.parametrize("noise", [None, NoiseModel()])
def test_infinitely_many_shots_are_the_exact_values(model, noise):
    execution = Execution(model, noise)
    rows = generator("tests", "rows").normal(size=(5, FEATURES))
    parameters = parameters_of(model, 0)
    exact = execution.expectations(parameters, rows)
    signs = 1 - 2 * (np.arange(8)[:, None] >> np.arange(3)[::-1] & 1)
    probabilities = execution.probabilities(parameters, rows)
    np.testing.assert_allclose(probabilities @ signs, exact, atol=1e-12)
    sampled = execution.sampled(parameters, rows, 10**8, generator("tests", "many shots"))
    np.testing.assert_allclose(sampled, exact, atol=1e-3)


@pytest.mark.parametrize("setting", [{"noise": {}}, {"device": "default.qubit"}])
def test_few_shots_scatter_about_the_exact_values_by_name(files, tmp_path, setting):
    exact = run_on(files, tmp_path, **setting)[0]["expectation_values"]
    first = run_on(files, tmp_path, "first", **setting, shots=100)
    again = run_on(files, tmp_path, "first", **setting, shots=100)
    other = run_on(files, tmp_path, "other", **setting, shots=100)
    values = first[0]["expectation_values"]
    np.testing.assert_array_equal(values, again[0]["expectation_values"])
    assert not np.array_equal(values, other[0]["expectation_values"])
    np.testing.assert_allclose(values * 50, np.round(values * 50), atol=1e-9)
    scaled = (values - exact) / np.sqrt((1 - exact**2) / 100)
    assert abs(scaled.mean()) < 4 / np.sqrt(scaled.size / 3)
    assert 0.8 < scaled.std() < 1.2


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"device": "default.qubit", "noise": {}}, "noise needs device: default.mixed"),
        ({}, "state it"),
        ({"device": "lightning.qubit", "shots": 10}, "sample on default.qubit"),
        ({"noise": {}, "shots": 0}, "greater than or equal to 1"),
    ],
)
def test_a_device_refuses_what_it_cannot_do(setting, words):
    with pytest.raises(ValueError, match=words):
        simulated.Config(**setting)


def test_asking_r_times_divides_the_variance_by_r():
    p = np.array([0.3, 0.7])
    probabilities = np.repeat(p[None], 4000, axis=0)
    rng = generator("tests", "repeated")
    for count, values in noise_sweep.repeated(probabilities, [0], 16, [1, 4, 25], rng):
        variance = (1 - (p[0] - p[1]) ** 2) / (16 * count)
        assert values.shape == (2, 4000, 1)
        assert abs(values.mean() - (p[0] - p[1])) < 5 * np.sqrt(variance / 8000)
        np.testing.assert_allclose(values.var(), variance, rtol=0.1)
        correlation = np.corrcoef(values[0, :, 0], values[1, :, 0])[0, 1]
        assert abs(correlation) < 5 / np.sqrt(4000)


def test_the_points_of_a_sweep():
    sweep = noise_sweep.Config(scales=(2.0,), sampled_scales=(1.0,), shots=(8, 4), repeats=(3, 1))
    assert noise_sweep.strengths(sweep) == [0.0, 1.0, 2.0]
    assert noise_sweep.points(sweep) == [
        *(SweepPoint(scale) for scale in (0.0, 1.0, 2.0)),
        *(SweepPoint(1.0, shots, repeats) for shots in (4, 8) for repeats in (1, 3)),
    ]
    assert sweep.scaled(2.0).scale == 2.0
    half = noise_sweep.Config(noise={"scale": 0.5})
    assert half.scaled(2.0).scale == 1.0
    with pytest.raises(ValueError, match="at 60, bit_flip"):
        noise_sweep.Config(scales=(60,))


def noise_on(rows=3000, accuracy=0.9):
    rng = generator("tests", "logit noise")
    label = rng.integers(0, CLASSES, rows)
    logits = 3.0 * np.eye(CLASSES)[label] + rng.normal(size=(rows, CLASSES))
    return LogitNoise.draw(logits, label, np.arange(rows) % 2 == 0, rng)


def test_logit_noise_lowers_the_accuracy_to_what_is_asked():
    ideal = noise_on()
    best = ideal.accuracy(0.0)
    for wanted in (0.9, 0.7, 0.5):
        logits = ideal.matched(wanted)
        hits = logits[:, ideal.tested].argmax(axis=-1) == ideal.label[ideal.tested]
        assert logits.shape == (matched_accuracy.DRAWS, 3000, CLASSES)
        assert wanted - 0.005 < hits.mean() <= wanted
    assert ideal.deviation(0.5) > ideal.deviation(0.7) > ideal.deviation(best - 0.01) > 0
    np.testing.assert_array_equal(ideal.matched(best)[0], ideal.logits)
    assert len(ideal.matched(1.0)) == 1
    assert ideal.matched(0.1) is None


def test_masked_logits_stay_masked_under_logit_noise():
    ideal = noise_on()
    logits = np.where(np.arange(CLASSES) == 1, -np.inf, ideal.logits)
    masked = LogitNoise(logits, ideal.label, ideal.tested, ideal.draws)
    found = masked.matched(0.4)
    assert np.all(np.isneginf(found[..., 1]))
    assert np.all(np.isfinite(found[..., [0, 2]]))


@pytest.fixture(scope="module")
def swept(files, tmp_path_factory):
    """Rows of a sweep of the two seeds."""
    path = tmp_path_factory.mktemp("sweep") / "sweep.parquet"
    spec = VARIANT | {
        "variants": ["target"],
        "device": "default.qubit",
        "intervals": {"confidence": 0.9, "resamples": 100},
        "sweep": noise_sweep.Config(
            scales=(0.0, 5.0), sampled_scales=(1.0,), shots=(64, 4096), repeats=(1, 64)
        ).model_dump(mode="json"),
        "attacks": {"loss_thr": {"component": "loss_thr", "settings": {}}},
        "loss": "ce",
        "model": {**MODEL, "settings": settings()},
    }
    step_example.run("studies.sweep", files, {"sweep": str(path)}, **spec)
    return path


def cells(path, **wanted):
    """Rows with these values."""
    table = tables.read(path, "sweep", experiment=step_example.EXPERIMENT)
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_every_seed_is_judged_by_the_attack_frozen_for_it(files, tmp_path):
    """Of two networks of zeros one takes everything for a member, the other nothing."""
    target = attack_example.evidence(n=200).original
    target = replace(target, logits=target.logits[:, :CLASSES], label=target.label % CLASSES)
    seen = attack_example.for_fitting(target)
    known = su_graybox.fit(seen, su_graybox.Config(steps=1), ("tests",))
    frozen = {}
    for seed, threshold in ((0, -1.0), (1, 1.0)):
        own = {name: np.zeros_like(value) for name, value in known.items()}
        own |= {"threshold": np.array([threshold]), "population_sample_id": np.arange(IMAGES)}
        frozen |= {f"{seed}/su_graybox/{name}": value for name, value in own.items()}
    path = tmp_path / "frozen.parquet"
    tables.write(path, "parameters", parameter_columns(frozen), **step_example.STAMP)
    spec = VARIANT | {
        "variants": ["target"],
        "device": "default.qubit",
        "intervals": {"confidence": 0.9, "resamples": 50},
        "sweep": noise_sweep.Config(scales=(0.0,), sampled_scales=(), shots=()).model_dump(
            mode="json"
        ),
        "attacks": {"su_graybox": {"component": "su_graybox", "settings": {}}},
        "loss": "ce",
        "model": {**MODEL, "settings": settings()},
    }
    out = tmp_path / "sweep.parquet"
    step_example.run("studies.sweep", files | {"fitted": str(path)}, {"sweep": str(out)}, **spec)
    for seed, expected in ((0, 1.0), (1, 0.0)):
        rows = cells(out, metric="mia_false_positive", attack="su_graybox", seed=seed)
        assert {row["value"] for row in rows} == {expected}


def test_the_exact_end_of_a_sweep_is_the_audit_of_the_simulation(swept, files):
    exact = {"noise_scale": 0.0, "shots": None, "repeats": 1}
    for seed, path in enumerate(files["outputs"]):
        outputs = tables.read(path, "outputs")
        hits = outputs["logits"].argmax(axis=-1) == outputs["label"]
        rows = cells(swept, **exact, metric="accuracy", split="retain_train", seed=seed)
        assert rows[0]["value"] == hits[outputs["split"] == "retain_train"].mean()
        (own,) = cells(swept, **exact, metric="auc", seed=seed)
        (matched,) = cells(swept, **exact, metric="auc_matched", seed=seed)
        assert own["value"] == matched["value"]
    assert not cells(swept, shots=None, metric="changed_answers")


def test_a_sweep_has_every_point_for_every_seed_and_over_seeds(swept):
    places = {(row["noise_scale"], row["shots"], row["repeats"]) for row in cells(swept)}
    assert places == {
        *((scale, None, 1) for scale in (0.0, 1.0, 5.0)),
        *((1.0, shots, repeats) for shots in (64, 4096) for repeats in (1, 64)),
    }
    for metric in ("accuracy", "auc", "mia_success", "mia_false_positive"):
        for seed in (None, 0, 1):
            rows = cells(swept, metric=metric, seed=seed)
            assert {(r["noise_scale"], r["shots"], r["repeats"]) for r in rows} == places
    for row in cells(swept, seed=None):
        if row["ci_low"] is not None:
            assert row["ci_low"] <= row["value"] <= row["ci_high"]


def test_shot_noise_shakes_answers_and_asking_again_calms_them(swept):
    def spread(shots, repeats):
        (row,) = cells(
            swept,
            metric="loss_spread",
            split="retain_test",
            seed=None,
            shots=shots,
            repeats=repeats,
        )
        return row["value"]

    # Sixty-four times the shots, or as many repeats: an eighth of the spread.
    assert 4 < spread(64, 1) / spread(4096, 1) < 16
    assert 0.5 < spread(64, 64) / spread(4096, 1) < 2


def test_joining_keeps_every_row(swept, tmp_path):
    path = tmp_path / "joined.parquet"
    files = {"sweeps": [str(swept), str(swept)]}
    step_example.run("studies.join_sweep", files, {"sweep": str(path)})
    assert len(cells(path)) == 2 * len(cells(swept))


def test_a_device_has_accuracies_and_attacks_but_no_costs(files):
    outputs = tables.read(files["outputs"][0], "outputs")
    rng = generator("tests", "scores")
    scores = {name: outputs[name] for name in ("sample_id", "label", "split", "forget")}
    scores |= {
        "variant": np.full(IMAGES, "target", object),
        "seed": np.zeros(IMAGES, int),
        "attack": np.full(IMAGES, "loss_thr", object),
        "score": rng.normal(size=IMAGES),
        "decision": rng.random(IMAGES) < 0.5,
        "fitted": np.zeros(IMAGES, bool),
    }
    subject = audit.Subject("basic_qnn", 0, "target", "noisy")
    figures = audit.answers(subject, outputs, scores, audit.Resampling((0,), resamples=100))
    metrics = {figure.metric for figure in figures}
    assert {"accuracy", "mia_success", "mia_false_positive", "auc", "advantage"} <= metrics
    assert not {"seconds", "gradient_evaluations", "kl_to_retrain"} & metrics
    assert {figure.subject.device for figure in figures} == {"noisy"}
