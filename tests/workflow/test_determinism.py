"""Same seed, same result: bit by bit, for any number of cores and any size of shadow blocks."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pipeline import TINY, edited
from qmu import paths
from qmu.tables import parquet as tables

MODEL = "basic_qnn"
COUNT = TINY["shadows"]["count"]
FLEET = tuple(kind for kind in paths.FLEET_TABLES if kind != "timing")
TIMED = ("seconds", "cpu_seconds", "speedup_seconds")


def read(path):
    """A table with its metadata, whatever the layout of the file."""
    return pq.read_table(path, partitioning=None).combine_chunks()


def shadow_files(project, size, kind):
    template = paths.fleet_tables(paths.SHADOWS)[kind].replace("{variant}", "target")
    blocks = range(-(-COUNT // size))
    return [
        project.folder / template.format(experiment="tiny", model=MODEL, block=block)
        for block in blocks
    ]


def shadows(project, size, kind):
    """All shadow models' rows of one kind of table, in the order of the blocks."""
    return pa.concat_tables([read(file) for file in shadow_files(project, size, kind)])


@pytest.fixture(scope="module")
def one_core(tmp_path_factory):
    """The jobs up to some scores, elsewhere, on one core, with another block size."""
    from pipeline import Project

    project = Project(tmp_path_factory.mktemp("one_core") / "elsewhere")
    targets = [
        paths.SCORES.format(experiment="tiny", model=MODEL, group=group)
        for group in ("ga", "residue", "innocent")
    ]
    ran = project.snakemake("--cores", "1", *targets, config=edited({"shadows.block": 3}))
    assert ran.code == 0, ran.text
    return project


def test_one_core_elsewhere_makes_the_same_tables(finished, one_core):
    compared = set()
    for file in sorted(one_core.tiny.rglob("*.parquet")):
        name = file.relative_to(one_core.folder)
        kind = tables.metadata(file)["qmu.table"]
        if kind == "timing" or "shadows" in name.parts:
            continue
        ours, theirs = read(file), read(finished.project.folder / name)
        assert ours.equals(theirs, check_metadata=True), name
        compared.add(kind)
    assert compared >= {"pool", "samples", "outputs", "attack_data", "scores", "parameters"}


@pytest.mark.parametrize("kind", FLEET)
def test_shadow_models_do_not_depend_on_the_block_size(finished, one_core, kind):
    two = shadows(finished.project, TINY["shadows"]["block"], kind)
    assert shadows(one_core, 3, kind).equals(two, check_metadata=True)


def test_blocks_of_one_make_the_same_shadow_models(finished, fresh):
    # The compiled programs are shared: one process per model would compile them anew each time.
    shutil.copytree(finished.project.results / ".cache", fresh.results / ".cache")
    files = [str(f.relative_to(fresh.folder)) for f in shadow_files(fresh, 1, "fleet_outputs")]
    ran = fresh.snakemake("--cores", "2", *files, config=edited({"shadows.block": 1}))
    assert ran.code == 0, ran.text
    for kind in FLEET:
        two = shadows(finished.project, TINY["shadows"]["block"], kind)
        assert shadows(fresh, 1, kind).equals(two, check_metadata=True), kind


def test_evaluating_again_gives_the_same_summary(finished, tmp_path):
    """The whole project, carried elsewhere: the evaluation alone runs again."""
    from pipeline import Project

    project = Project(tmp_path / "carried")
    shutil.copytree(finished.project.results, project.results)
    (project.tiny / "summary.parquet").unlink()
    ran = project.snakemake("--cores", "1", "evaluation", "--rerun-triggers", "mtime")
    assert ran.code == 0, ran.text
    for name in ("summary.parquet", "summary.csv", "manifest.json"):
        again, first = project.tiny / name, finished.project.tiny / name
        assert again.read_bytes() == first.read_bytes(), name
