"""A table of predictions is audited as the models are that it comes from."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from pipeline import MEMBERS, TINY, Project
from predictions_table import export
from qmu import paths
from qmu.tables import parquet

MODEL, NAME = "basic_qnn", "brought"
METHODS = tuple(TINY["unlearning"])
# What a table of predictions does not answer.
UNASKED = ("label_only", "ms_lira")
ASKED = ("streisand", "cmia", "c2st", "klom", "forget_quality", "u_lira_worlds", "duci")
SHARED = ("target", "retrain", *METHODS, "residue")
# Computed once more from the logits, where the run has its own.
ROUNDED = {"kl_to_retrain", "js_to_retrain", "kl_to_retrain_floor", "js_to_retrain_floor"}


def configuration(file):
    tiny = copy.deepcopy(TINY)
    return {
        "experiment": NAME,
        "seeds": tiny["seeds"],
        "predictions": {
            "path": str(file),
            "model": MODEL,
            "loss": tiny["models"][MODEL]["training"]["loss"],
            "controls": ["logit_mask"],
        },
        "attacks": {name: {} for name in tiny["attacks"] if name not in UNASKED},
        "quality": {name: {} for name in ASKED},
        "evaluation": tiny["evaluation"],
    }


@pytest.fixture(scope="module")
def brought(finished, tmp_path_factory):
    """The results of the audit of the shared run's own predictions."""
    project = Project(tmp_path_factory.mktemp("brought") / "project")
    levels = [v for members in MEMBERS.values() for v in members if v.split("@")[0] in METHODS]
    known = [v for group in SHARED for v in MEMBERS[group] if v in METHODS or v not in levels]
    export(
        finished.project.tiny,
        project.folder / "predictions.parquet",
        model=MODEL,
        seeds=TINY["seeds"],
        variants=known,
        shadows=["target", "retrain", *METHODS],
    )
    ran = project.snakemake("--cores", "2", config=configuration("predictions.parquet"))
    assert ran.code == 0, ran.text
    return project.results / NAME


def both(finished, brought, template, kind, group):
    """The same table of the run and of the audit of its predictions."""
    names = {"model": MODEL, "group": group}
    here = finished.table(template, kind, **names)
    path = template.format(experiment=NAME, **names).partition(f"{NAME}/")[2]
    return here, parquet.read(brought / path, kind, experiment=NAME)


@pytest.mark.parametrize("group", SHARED)
def test_every_attack_scores_every_row_alike(finished, brought, group):
    here, there = both(finished, brought, paths.SCORES, "scores", group)
    chosen = ~np.isin(here["attack"].astype(str), UNASKED)
    chosen &= np.isin(here["variant"].astype(str), np.unique(there["variant"].astype(str)))
    assert set(there["attack"]) == set(TINY["attacks"]) - {*UNASKED}
    for name, column in there.items():
        np.testing.assert_array_equal(here[name][chosen], column, err_msg=name)


def figures(table):
    """(seed, variant, attack, metric, split) -> value and interval."""
    names = ("seed", "variant", "attack", "metric", "split")
    keys = zip(*(table[name] for name in names), strict=True)
    numbers = np.column_stack([table[n].astype(float) for n in ("value", "ci_low", "ci_high")])
    return dict(zip(keys, numbers, strict=True))


@pytest.mark.parametrize("group", SHARED)
@pytest.mark.parametrize("template", [paths.MEASUREMENTS, paths.QUALITY])
def test_every_figure_is_the_same(finished, brought, template, group):
    here, there = (figures(one) for one in both(finished, brought, template, "measurements", group))
    assert there
    for key, values in there.items():
        rounding = {"rtol": 1e-9, "atol": 1e-12} if key[3] in ROUNDED else {"rtol": 0, "atol": 0}
        np.testing.assert_allclose(here[key], values, **rounding, err_msg=str(key))


def test_of_membership_nothing_is_missing(finished, brought):
    here, there = both(finished, brought, paths.MEASUREMENTS, "measurements", "ga")
    mine = {key for key in figures(here) if key[1] == "ga" and key[2] and key[2] not in UNASKED}
    assert mine == {key for key in figures(there) if key[2]}


def test_the_report_names_what_was_not_asked(brought):
    page = (brought / "report.html").read_text()
    assert "The models were made elsewhere" in page
    for name in (*UNASKED, "relearn", "probe", "quantum_distance"):
        assert f"<code>{name}</code>" in page
