"""Two requests, one after the other, on one small model; and a third that is added later."""

import numpy as np
import pytest
from pipeline import END, TINY, Project, planned
from qmu.tables import parquet

REQUESTS = [{"kind": "class", "label": 4}, {"name": "a_tenth", "kind": "fraction", "percent": 10}]
LATER = {"name": "more", "kind": "fraction", "percent": 5}
METHODS = ("ga", "identity")
GROUPS = ("target", "retrain", *METHODS)
NAMES = ("request_1", "request_2", "request_3")


def config(*further):
    found = {key: value for key, value in TINY.items() if key not in ("forget", "quality", "audit")}
    return found | {
        "experiment": "small",
        "seeds": [0],
        "requests": [*REQUESTS, *further],
        "models": {"basic_qnn": TINY["models"]["basic_qnn"]},
        "unlearning": {"ga": {"stopping": {"max_steps": 10}}, "identity": {}},
        "shadows": {"count": 4, "block": 4},
        "attacks": {"loss_thr": {}},
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("served") / "project")
    ran = project.snakemake("--cores", "2", config=config())
    assert ran.code == 0, ran.text
    return project


def table(project, path, kind):
    return parquet.read(project.results / "small" / path, kind, experiment="small")


def of_variant(project, request, variant, kind):
    place = f"models/basic_qnn/seed-0/{variant}/{kind}.parquet"
    return table(project, f"{request}/{place}" if request else place, kind)


def jobs_after(name):
    """Messages of all jobs of a request."""
    alone = [
        "Mark what is to be forgotten",
        "Draw the training and test images of seed 0",
        "Look at basic_qnn, target, seed 0",
        "Train basic_qnn, retrain, seed 0",
        "Train shadow models of basic_qnn, retrain, block 0",
        "Train further retrained models of basic_qnn, seed 0",
        "Fit the attacks on basic_qnn",
        *(f"Unlearn with {method}: basic_qnn" for method in METHODS),
        *(f"{does} basic_qnn, {group}" for does in ("Attack", "Measure") for group in GROUPS),
        *END,
    ]
    return {f"{message}, after {name}" for message in alone}


def test_nothing_is_left_to_do_and_a_later_request_runs_its_own_jobs_alone(served):
    assert served.plan(config=config()) == set()
    assert planned(served.snakemake("-n", config=config(LATER))) == jobs_after("request_3")


def test_an_earlier_request_runs_again_with_all_after_it_and_the_target_stands(served):
    edited = config()
    edited["requests"] = [{"kind": "class", "label": 3}, REQUESTS[1]]
    assert served.plan(config=edited) == jobs_after("request_1") | jobs_after("request_2")


def test_each_request_is_served_on_the_model_as_it_stands(served):
    target = of_variant(served, "", "target", "outputs")
    before = np.zeros(len(target["label"]), bool)
    for request in NAMES[:2]:
        kept = of_variant(served, request, "identity", "parameters")
        original = of_variant(served, request, "target", "parameters")
        assert all(map(np.array_equal, kept["values"], original["values"]))
        seen = of_variant(served, request, "target", "outputs")
        assert np.array_equal(seen["logits"], target["logits"])
        # The training rows stand; ever more of them are to be forgotten.
        trained = np.isin(seen["split"], ("forget_train", "retain_train"))
        assert np.array_equal(trained, target["split"] == "retain_train")
        forgotten = seen["split"] == "forget_train"
        assert forgotten.sum() > before.sum()
        assert np.all(forgotten[before])
        before = forgotten
    ga = [of_variant(served, request, "ga", "history")["loss"] for request in NAMES[:2]]
    assert not np.array_equal(*ga)


def test_the_report_after_a_request_knows_of_no_later_one(served):
    first, second = ((served.results / "small" / n / "report.html").read_text() for n in NAMES[:2])
    assert "One request after another" in second
    assert "2: a_tenth" in second
    assert "One request after another" not in first
    assert "a_tenth" not in first
