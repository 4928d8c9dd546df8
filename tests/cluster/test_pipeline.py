"""The pipeline on SLURM makes what a local run makes; the profile holds what every profile does."""

from __future__ import annotations

import yaml
from pipeline import ROOT
from submitted import Small, same

PROFILES = {
    name: yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())
    for name in ("default", "slurm")
}


def test_the_profile_leaves_memory_and_time_to_the_rules():
    """They ask for them, and for more with every attempt (tests/unit/plan/test_resources.py)."""
    assert "set-resources" not in PROFILES["slurm"]


def test_the_profile_holds_all_that_the_default_profile_holds():
    assert PROFILES["default"].items() <= PROFILES["slurm"].items()


def test_the_pipeline_with_arrays_makes_the_tables_of_a_local_run(cluster, local, tmp_path):
    project = Small(tmp_path / "project", like=local)
    ran = project.submit(cluster, "--slurm-array-jobs", "train,score,measure").end()
    assert ran.code == 0, ran.text
    # Jobs of one rule that become ready together go as an array; which do depends on the clock, but
    # both trainings wait for nothing but the data.
    assert ran.text.count("Submitted array job") >= 1
    assert project.tables().keys() == local.tables().keys()
    assert len(project.tables()) > 30
    for name, file in project.tables().items():
        assert same(file, local.tables()[name]), name
    assert "Nothing to be done" in project.local("-n").text
