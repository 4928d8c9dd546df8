"""The steps that measure and examine: which retrained models each variant is compared with.

Every model is marked by a number of its own that its parameters, answers and costs hold, so that a
comparison with the wrong model shows.
"""

from __future__ import annotations

import numpy as np
import pytest
import step_example
from qmu.audit.measurement import Recorder
from qmu.models import model as models
from qmu.quality.measures import parameter_distance
from qmu.seeds import generator
from qmu.specs.base import Intervals
from qmu.steps.audit import measure
from qmu.steps.io.parameters import parameter_columns
from qmu.tables import parquet

IMAGES, CLASSES, SEEDS, FURTHER = 40, 3, (0, 1), 3
# Variant -> the number that marks it, less ten times its seed.
MARKS = {"target": 1, "retrain": 2, "ga": 3, "ga@0.5": 4, "residue@5": 5, "innocent_bias@2": 6}
MARKS |= {f"retrain@{k}": 6 + k for k in range(1, FURTHER + 1)}
GROUPS = {
    "retrain": ["retrain", *(f"retrain@{k}" for k in range(1, FURTHER + 1))],
    "ga": ["ga", "ga@0.5"],
    "residue": ["residue@5"],
    "innocent": ["innocent_bias@2"],
    "target": ["target"],
}
# Variant -> numbers of the further retrained models that it is compared with.
OTHERS = {variant: {1, 2, 3} for variant in MARKS} | {
    "retrain@1": {2, 3},
    "retrain@2": {1, 3},
    "retrain@3": {1, 2},
    "innocent_bias@2": {1, 3},
}


def mark(variant, seed):
    return 10 * seed + MARKS[variant]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """(kind, variant) -> the files of every seed, and the files that variants share."""
    folder = tmp_path_factory.mktemp("audit")
    shared = step_example.seed_tables(folder, IMAGES, len(SEEDS))
    start = models.build(**step_example.model()).initial_parameters(generator("tests", "audit"))
    sample = [parquet.read(path, "samples") for path in shared["samples"]]
    files = {}
    for variant in MARKS:
        made = step_example.variant_files(folder, [f"{variant}-{seed}" for seed in SEEDS])
        files |= {(kind, variant): paths for kind, paths in made.items()}
        for place, seed in enumerate(SEEDS):
            number = mark(variant, seed)
            marked = np.full((IMAGES, CLASSES), float(number))
            written = {
                "parameters": parameter_columns(
                    start | {"head/bias": np.full(CLASSES, float(number))}
                ),
                "outputs": sample[place]
                | {
                    "expectation_values": np.zeros((IMAGES, 4)),
                    "embedding_fidelity": np.ones(IMAGES),
                    "logits": marked,
                    "probabilities": marked,
                },
                "cost": {
                    "gradient_evaluations": [number],
                    **{n: [0] for n in ("forward_evaluations", "hessian_products")},
                    **{n: [0] for n in ("circuit_executions", "samples_read")},
                },
                "timing": {
                    "wall_seconds": [float(number)],
                    **{n: [0.0] for n in ("cpu_seconds", "startup_cpu_seconds")},
                    "compile_seconds": [0.0],
                },
            }
            for kind, columns in written.items():
                parquet.write(made[kind][place], kind, columns, **step_example.STAMP)
    fitted = folder / "fitted.parquet"
    columns = parameter_columns({"shared/loss_thr/threshold": np.zeros(1)})
    parquet.write(fitted, "parameters", columns, **step_example.STAMP)
    return shared | {"files": files, "fitted": str(fitted), "sample": sample}


def of_variants(tables, kind, variants):
    return [file for variant in variants for file in tables["files"][kind, variant]]


def spec(variants, **more):
    return {
        "name": "basic_qnn",
        "variants": variants,
        "seeds": list(SEEDS),
        "device": "default.qubit",
        "intervals": Intervals(confidence=0.9, resamples=50),
    } | more


def examined(tables, folder, monkeypatch, variants, count=FURTHER):
    """The exam of every variant of a group, beside ``count`` further retrained models."""
    exams = {}

    def spy(exam, config):
        exams[exam.variant] = exam
        return [exam.draw(seed).value("spied", None, 1.0) for seed in SEEDS]

    monkeypatch.setattr(parameter_distance, "measure", spy)
    further = GROUPS["retrain"][1 : 1 + count]
    inputs = {name: tables[name] for name in ("pool", "samples")} | {
        "parameters": of_variants(tables, "parameters", variants),
        "original": of_variants(tables, "parameters", ["target"]),
        "retrain": of_variants(tables, "parameters", ["retrain"]),
        "outputs": of_variants(tables, "outputs", variants),
        "original_outputs": of_variants(tables, "outputs", ["target"]),
        "retrain_outputs": of_variants(tables, "outputs", ["retrain"]),
        "further": of_variants(tables, "parameters", further),
        "further_outputs": of_variants(tables, "outputs", further),
    }
    measures = {"parameter_distance": {"component": "parameter_distance", "settings": {}}}
    more = {"quality": measures, "loss": "ce", "indices": [], "model": step_example.model()}
    outputs = {"quality": str(folder / "quality.parquet")}
    step_example.run("audit.examine", inputs, outputs, **spec(variants, **more))
    return exams, parquet.read(outputs["quality"], "measurements")


def bias(parameters):
    (value,) = set(np.asarray(parameters["head/bias"]).tolist())
    return value


@pytest.mark.parametrize("group", GROUPS)
def test_an_exam_compares_a_variant_with_the_other_retrained_models(
    tables, tmp_path, monkeypatch, group
):
    exams, written = examined(tables, tmp_path, monkeypatch, GROUPS[group])
    assert list(exams) == GROUPS[group]
    assert list(dict.fromkeys(written["variant"])) == GROUPS[group]
    for variant, exam in exams.items():
        assert [one.seed for one in exam.seeds] == list(SEEDS)
        for one in exam.seeds:
            assert bias(one.parameters) == mark(variant, one.seed)
            assert set(one.outputs["logits"].ravel()) == {mark(variant, one.seed)}
            assert bias(one.original) == mark("target", one.seed)
            assert bias(one.retrain) == mark("retrain", one.seed)
            assert set(one.retrain_outputs["logits"].ravel()) == {mark("retrain", one.seed)}
            others = {mark(f"retrain@{k}", one.seed) for k in OTHERS[variant]}
            assert {bias(parameters) for parameters in one.ensemble} == others
            assert one.ensemble_logits.shape == (len(others), IMAGES, CLASSES)
            assert set(one.ensemble_logits.ravel()) == others


@pytest.mark.parametrize("variants", [["retrain"], ["retrain", "retrain@1"]])
def test_a_retrained_model_without_others_is_examined(tables, tmp_path, monkeypatch, variants):
    count = len(variants) - 1
    exams, _ = examined(tables, tmp_path, monkeypatch, variants, count)
    for one in exams[variants[-1]].seeds:
        assert one.ensemble == ()
        assert one.ensemble_logits.shape == (0, IMAGES, CLASSES)
        assert one.ensemble_logits.dtype == one.retrain_outputs["logits"].dtype


def measured(tables, folder, monkeypatch, variants):
    """(variant, seed) -> what the audit was handed; and the curves that were written."""
    calls = {}

    def spy(subject, outputs, scores, cost, timing, reference, settings, populations):
        calls[subject.variant, subject.seed] = (outputs, scores, cost, timing, reference)
        return [Recorder(subject, settings).value("spied", None, 1.0)]

    monkeypatch.setattr(measure, "measure", spy)
    blocks = []
    for variant in variants:
        for place, seed in enumerate(SEEDS):
            sample = tables["sample"][place]
            blocks.append(
                sample
                | {
                    "variant": np.full(IMAGES, variant, object),
                    "seed": np.full(IMAGES, seed),
                    "attack": np.full(IMAGES, "loss_thr", object),
                    "score": mark(variant, seed) + np.arange(IMAGES) / 100,
                    "decision": np.zeros(IMAGES, bool),
                    "fitted": np.zeros(IMAGES, bool),
                }
            )
    scores = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    parquet.write(folder / "scores.parquet", "scores", scores, **step_example.STAMP)
    inputs = {"fitted": tables["fitted"], "scores": str(folder / "scores.parquet")}
    inputs |= {k: of_variants(tables, k, variants) for k in ("outputs", "cost", "timing")}
    inputs |= {f"retrain_{k}": of_variants(tables, k, ["retrain"]) for k in ("cost", "timing")}
    inputs["retrained"] = of_variants(tables, "outputs", GROUPS["retrain"][1:])
    outputs = {name: str(folder / f"{name}.parquet") for name in ("measurements", "roc")}
    step_example.run("audit.measure", inputs, outputs, **spec(variants))
    return calls, parquet.read(outputs["roc"], "roc")


@pytest.mark.parametrize("group", GROUPS)
def test_a_variant_is_measured_against_the_other_retrained_models(
    tables, tmp_path, monkeypatch, group
):
    variants = GROUPS[group]
    calls, roc = measured(tables, tmp_path, monkeypatch, variants)
    assert list(calls) == [(variant, seed) for variant in variants for seed in SEEDS]
    for (variant, seed), (outputs, scores, cost, timing, reference) in calls.items():
        own = mark(variant, seed)
        assert set(outputs["logits"].ravel()) == {own}
        np.testing.assert_allclose(scores["score"], own + np.arange(IMAGES) / 100)
        assert (cost["gradient_evaluations"][0], timing["wall_seconds"][0]) == (own, own)
        others = {mark(f"retrain@{k}", seed) for k in OTHERS[variant]}
        assert reference.probabilities.shape == (len(others), IMAGES, CLASSES)
        assert set(reference.probabilities.ravel()) == others
        assert reference.gradient_evaluations == reference.seconds == mark("retrain", seed)
    # Curves are drawn of what gives a group its name: there is none of a rung or an edit.
    assert set(roc["variant"]) == {group} & set(variants)
