"""What goes wrong is told in one line, leaves nothing half-written, and can be repaired."""

from __future__ import annotations

import copy
import re
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from pipeline import TINY, Project, edited

BAD = {
    "an unknown key": ({"seedz": [0]}, "seedz: unknown key 'seedz'. Did you mean 'seeds'?"),
    "an unknown setting": (
        {"unlearning.ga.step_lenght": 1},
        "unlearning.ga.step_lenght: unknown key 'step_lenght'. Did you mean 'step_length'?",
    ),
    "a wrong type": ({"seeds": "0"}, "seeds: must be a list, found '0'."),
    "a class that is not there": ({"forget.label": 10}, "forget.label: 10 is no class"),
    "too many features": (
        {"features.components": 200, "models.basic_qnn.qubits": 3},
        "models.basic_qnn.",
    ),
    "too many samples": ({"samples.train": 500}, "samples.train: train + test + validation is"),
    "an unknown method": ({"unlearning.sssd": {}}, "unlearning.sssd.method: no unlearning"),
    "a file that is not there": (
        {"dataset": {"name": "mnist_full", "path": "nowhere"}},
        "dataset.path: nowhere: no such file or folder",
    ),
}


@pytest.mark.parametrize(("changes", "line"), BAD.values(), ids=BAD)
def test_a_bad_configuration_ends_in_one_line_before_any_job(fresh, changes, line):
    ran = fresh.snakemake("--cores", "1", config=edited(changes))
    assert ran.code != 0
    told = [text for text in ran.stderr.splitlines() if "Error in the configuration" in text]
    assert len(told) == 1
    assert told[0].startswith(f"Error in the configuration: {line}")
    assert "Traceback" not in ran.text
    assert "Job " not in ran.text
    assert not fresh.results.exists()


def test_an_empty_default_configuration_names_what_is_missing(fresh):
    (fresh.folder / "config.yaml").write_text("experiment: nothing\n")
    ran = fresh.call("--cores", "1")
    assert ran.code != 0
    assert "Error in the configuration: seeds: this key is required" in ran.stderr
    assert "Traceback" not in ran.text


def failure(ran):
    """The one line in which a failed job says what is wrong."""
    assert ran.code != 0
    lines = {line for line in ran.stderr.splitlines() if line.startswith("qmu: ")}
    assert len(lines) == 1, ran.text
    assert "Traceback" not in ran.text, ran.text
    return lines.pop()


def test_a_diverging_training_says_so_and_runs_once_it_is_repaired(finished, fresh):
    # The compiled programs are shared, so that only the training that diverges is compiled.
    shutil.copytree(finished.project.results / ".cache", fresh.results / ".cache")
    target = "results/tiny/models/hqnn/seed-0/target/outputs.parquet"
    config = copy.deepcopy(TINY)
    config["models"]["hqnn"]["training"]["learning_rate"] = 1e308
    ran = fresh.snakemake("--cores", "2", target, config=config)
    told = failure(ran)
    assert re.search(r"training: the loss is not a number at step \d+ of epoch 1", told)
    assert "learning_rate" in told
    folder = (fresh.folder / target).parent
    assert not folder.exists() or not list(folder.iterdir())
    log = fresh.tiny / "logs/train/hqnn/seed-0/target.log"
    assert told.removeprefix("qmu: ") in log.read_text()
    ran = fresh.snakemake("--cores", "2", target)
    assert ran.code == 0, ran.text
    assert (fresh.folder / target).is_file()


@pytest.fixture
def carried(finished, tmp_path) -> Project:
    """The finished project in a copy that a test may damage."""
    project = Project(tmp_path / "carried")
    for folder in ("results", ".snakemake"):
        source, skip = finished.project.folder / folder, shutil.ignore_patterns(".cache")
        shutil.copytree(source, project.folder / folder, ignore=skip)
    return project


def truncated(path):
    path.write_bytes(path.read_bytes()[:1000])
    return "not a readable Parquet file"


def foreign(path):
    pq.write_table(pa.table({"x": [1]}), path)
    return "holds a foreign table, not 'fleet_outputs'"


def of_another_experiment(path):
    table = pq.read_table(path, partitioning=None)
    stamp = {**table.schema.metadata, b"qmu.experiment": b"other"}
    pq.write_table(table.replace_schema_metadata(stamp), path)
    return "belongs to experiment 'other', not 'tiny'"


def test_a_damaged_table_is_named_and_can_be_repaired(carried):
    block = "results/tiny/shadows/hqnn/target/block-1/outputs.parquet"
    data = "results/tiny/attacks/hqnn/attack_data.parquet"
    good, before = (carried.folder / block).read_bytes(), (carried.folder / data).read_bytes()
    for damage in (truncated, foreign, of_another_experiment):
        (carried.folder / block).write_bytes(good)
        words = damage(carried.folder / block)
        told = failure(carried.snakemake("--cores", "1", data))
        assert told.startswith(f"qmu: {block}: {words}")
        assert not (carried.folder / data).exists()
        folder = (carried.folder / data).parent
        assert not [file for file in folder.iterdir() if file.name.startswith(".")]
    (carried.folder / block).write_bytes(good)
    ran = carried.snakemake("--cores", "1", data)
    assert ran.code == 0, ran.text
    assert (carried.folder / data).read_bytes() == before


def test_tables_of_an_experiment_are_refused_under_another_name(carried):
    shutil.move(carried.tiny, carried.results / "renamed")
    config = yaml.safe_load(yaml.safe_dump(TINY)) | {"experiment": "renamed"}
    target = "results/renamed/attacks/hqnn/attack_data.parquet"
    (carried.folder / target).unlink()
    ran = carried.snakemake("--cores", "1", target, "--rerun-triggers=mtime", config=config)
    assert re.search(r"outputs.parquet: belongs to experiment 'tiny', not 'renamed'", failure(ran))
