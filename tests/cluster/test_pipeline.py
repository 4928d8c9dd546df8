"""The pipeline on SLURM makes what a local run makes, and the profile says what the rules say."""

from __future__ import annotations

import re

import yaml
from pipeline import ROOT
from submitted import Small, same

PROFILES = {
    name: yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())
    for name in ("default", "slurm")
}


def declared() -> dict[str, dict[str, str]]:
    """Rule -> memory and time in the profile's words, from the rules of the workflow."""
    text = "\n".join(file.read_text() for file in (ROOT / "workflow" / "rules").glob("*.smk"))
    found = {}
    for body in re.split(r"^rule ", text, flags=re.M)[1:]:
        numbers = dict(re.findall(r"^ +(mem_mb|runtime)=(\d+),$", body, re.M))
        if numbers:
            found[body.split(":")[0]] = {k: f"{v} * attempt" for k, v in numbers.items()}
    return found


def test_the_profile_asks_for_what_the_rules_ask_for():
    assert len(declared()) >= 15
    assert PROFILES["slurm"]["set-resources"] == declared()


def test_the_profile_holds_all_that_the_default_profile_holds():
    assert PROFILES["default"].items() <= PROFILES["slurm"].items()


def test_the_pipeline_with_arrays_makes_the_tables_of_a_local_run(cluster, local, tmp_path):
    project = Small(tmp_path / "project", like=local)
    ran = project.submit(cluster, "--slurm-array-jobs", "train,score,measure").end()
    assert ran.code == 0, ran.text
    assert ran.text.count("Submitted array job") == 3
    assert project.tables().keys() == local.tables().keys()
    assert len(project.tables()) > 30
    for name, file in project.tables().items():
        assert same(file, local.tables()[name]), name
    assert "Nothing to be done" in project.local("-n").text
