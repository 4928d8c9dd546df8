"""What a person types after `snakemake`: files, targets and overrides, by dry runs."""

from __future__ import annotations

import json

import pytest
from pipeline import REQUEST, TINY, planned
from qmu.config.parse import parse

CLASS_3 = "forget={kind: class, label: 3}"
FILE = "experiments/tiny.yaml"
SAMPLES = {f"Draw the training and test images of seed {seed}" for seed in TINY["seeds"]}
POOL = {"Load the data, project and scale it by its public part"}
DATA = {*POOL, REQUEST, *SAMPLES}


def refusal(ran):
    """The one line that ends a call: after Snakemake's line about the profile nothing else."""
    assert ran.code != 0
    assert "Traceback" not in ran.text
    lines = ran.stderr.rstrip().splitlines()
    assert len(lines) == 2, ran.text
    return lines[1].removeprefix("Error in the configuration: ")


def finish(project):
    """Leave the manifest of a finished tiny experiment."""
    project.tiny.mkdir(parents=True)
    config = parse(TINY).model_dump(mode="json")
    (project.tiny / "manifest.json").write_text(json.dumps({"config": config}))


def test_a_target_may_be_called_as_a_folder_is(fresh):
    (fresh.folder / "data").mkdir()
    assert planned(fresh.call("-n", f"--configfile={FILE}", "data")) == DATA
    line = refusal(fresh.call("-n", "--configfile", FILE, "data"))
    assert line.endswith(f"To name a target, write --configfile={FILE} data")


@pytest.mark.parametrize("words", ["--configfile=gone.yaml data", "--configfile gone.yaml"])
def test_a_missing_file_is_one_line(fresh, words):
    assert refusal(fresh.call("-n", *words.split())) == "gone.yaml: no such file"


def test_a_file_replaces_the_default_as_a_whole(fresh):
    (fresh.folder / "seeds.yaml").write_text("seeds: [0]\n")
    line = refusal(fresh.call("-n", "--configfile=seeds.yaml", "data"))
    assert line.startswith("seeds.yaml: lacks experiment, forget, models, unlearning, attacks; ")


def test_overrides_stand_on_top_of_either(fresh):
    for arguments in ([f"--configfile={FILE}"], []):
        ran = fresh.call("-n", *arguments, "data", "--config", "experiment=mine", CLASS_3)
        assert planned(ran) >= POOL
        assert not (fresh.results / "mine").exists()


def test_an_override_replaces_finished_results_only_if_asked_to(fresh):
    finish(fresh)
    call = ("-n", f"--configfile={FILE}", "data", "--config", CLASS_3)
    assert refusal(fresh.call(*call)).startswith("forget.label (4, now 3): results/tiny holds ")
    for further in ("experiment=three", "overwrite=true", "forget={kind: class, label: 4}"):
        assert planned(fresh.call(*call, further)) == DATA
    (fresh.folder / "edited.yaml").write_text(
        (fresh.folder / FILE).read_text().replace("label: 4", "label: 3")
    )
    assert planned(fresh.call("-n", "--configfile=edited.yaml", "data")) == DATA
