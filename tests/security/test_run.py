"""The real Snakemake on hostile files, folders and environments."""

import os
import time

import pytest
import yaml
from pipeline import TINY

TOKENS = ("QISKIT_IBM_TOKEN", "IBM_QUANTUM_TOKEN", "QISKIT_IBM_INSTANCE", "AWS_SECRET_ACCESS_KEY")


def small_data():
    """The tiny experiment for the target `data`, which takes seconds."""
    return {**TINY, "seeds": [0]}


def files_below(folder):
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def test_tokens_in_the_environment_reach_no_file(fresh, monkeypatch):
    """Results, logs, benchmarks and all that Snakemake keeps of a run are searched."""
    marks = {name: f"marked{number}secret{os.getpid()}" for number, name in enumerate(TOKENS)}
    for name, mark in marks.items():
        monkeypatch.setenv(name, mark)
    before = set(files_below(fresh.folder))
    ran = fresh.snakemake("--cores", "2", "data", config=small_data())
    assert ran.code == 0, ran.text
    written = sorted(set(files_below(fresh.folder)) - before)
    kinds = {path.rpartition(".")[2] for path in written}
    assert {"parquet", "log", "tsv", "json"} <= kinds
    assert any(".snakemake" in path for path in written)
    for mark in marks.values():
        assert mark not in ran.text
        for path in written:
            with open(path, "rb") as stream:
                assert mark.encode() not in stream.read(), path


HOSTILE = {
    "apply": '!!python/object/apply:os.system ["touch {marker}"]',
    "new": '!!python/object/new:os.system ["touch {marker}"]',
    "name": "!!python/name:os.system",
    "module": "!!python/module:os",
    "template": "?__import__('os').system('touch {marker}')",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_configuration_runs_no_code(fresh, tmp_path, kind):
    """YAML tags, and the templates that Snakemake itself would run."""
    marker = tmp_path / "marker"
    value = HOSTILE[kind].format(marker=marker)
    if kind == "template":
        value = f'"{value}"\n__use_yte__: true'
    (fresh.folder / "hostile.yaml").write_text(f"experiment: {value}\nseeds: [0]\n")
    ran = fresh.call("-n", "--configfile", "hostile.yaml")
    assert ran.code != 0
    assert not marker.exists()
    assert "Error in the configuration: hostile.yaml: " in ran.stderr
    assert "Traceback" not in ran.text
    assert ran.stderr.rstrip().count("\n") == 1  # Snakemake's line about the profile, and ours


def test_the_default_configuration_runs_no_code_either(fresh, tmp_path):
    marker = tmp_path / "marker"
    text = (fresh.folder / "config.yaml").read_text()
    text = f"__use_yte__: true\nx: \"?open('{marker}', 'w')\"\n{text}"
    (fresh.folder / "config.yaml").write_text(text)
    ran = fresh.call("-n")
    assert ran.code != 0
    assert "Error in the configuration: config.yaml: __use_yte__" in ran.stderr
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"experiment: 2024-99-99\n", "holds a value that YAML cannot read"),
        (b"[" * 3000, "is nested too deeply"),
        (b"experiment: \xff\xfe\n", "cannot be read as UTF-8"),
        (b"experiment: " + b"9" * 5000, "holds a value that YAML cannot read"),
        (b"experiment: [\n", "is not plain YAML"),
        (b"experiment: x\n" * 100_000, "has more than"),
    ],
    ids=["date", "deep", "bytes", "digits", "open", "large"],
)
def test_a_file_that_cannot_be_read_gives_one_line(fresh, content, words):
    (fresh.folder / "broken.yaml").write_bytes(content)
    ran = fresh.call("-n", "--configfile=broken.yaml")
    assert ran.code != 0
    assert f"Error in the configuration: broken.yaml: {words}" in ran.stderr
    assert "Traceback" not in ran.text


def test_every_profile_looks_at_the_configuration_first(fresh):
    for profile in sorted((fresh.folder / "profiles").glob("*/config.yaml")):
        read = yaml.safe_load(profile.read_text())
        assert read["__use_yte__"] is True, profile
        assert "refuse_unsafe(sys.argv)" in read["__definitions__"][0], profile


def test_a_results_folder_that_is_a_link_is_followed(fresh, tmp_path):
    """Large results often lie on another disk: a link that the user made is the user's wish. Files
    in it are replaced and never written through."""
    elsewhere = tmp_path / "scratch"
    (elsewhere / "data").mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (elsewhere / "data" / "pool.parquet").symlink_to(precious)
    fresh.results.mkdir()
    fresh.tiny.symlink_to(elsewhere, target_is_directory=True)
    ran = fresh.snakemake("--cores", "1", "--forceall", "data", config=small_data())
    assert ran.code == 0, ran.text
    assert precious.read_text() == "precious"
    assert not (elsewhere / "data" / "pool.parquet").is_symlink()
    assert fresh.tiny.is_symlink()


def test_a_results_folder_that_leads_nowhere_gives_one_line(fresh, tmp_path):
    fresh.results.mkdir()
    fresh.tiny.symlink_to(tmp_path / "unmounted" / "disk", target_is_directory=True)
    begun = time.monotonic()
    ran = fresh.snakemake("--cores", "1", "data", config=small_data())
    assert ran.code != 0
    assert time.monotonic() - begun < 60
    assert str(fresh.tiny.relative_to(fresh.folder)) in ran.text
    assert not (tmp_path / "unmounted").exists()
