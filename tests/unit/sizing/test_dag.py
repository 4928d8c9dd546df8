"""The plan that Snakemake tells: a toy workflow, and the pipeline itself."""

from pathlib import Path

import pytest
from qmu.errors import QmuError
from qmu.sizing import dag

ROOT = Path(__file__).parents[3]

TOY = """
rule all:
    input: expand("out/{i}.joined", i=range(config["shadows"]["count"]))
rule start:
    output: "out/start"
    benchmark: "bench/start.tsv"
    priority: 3
    resources: mem_mb=700, runtime=20
    shell: "touch {output}"
rule part:
    input: "out/start"
    output: "out/{i}.part"
    benchmark: "bench/{i}.tsv"
    threads: 2
    shell: "touch {output}"
rule joined:
    input: "out/{i}.part", "out/start"
    output: "out/{i}.joined"
    shell: "touch {output}"
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder with a toy workflow and its configuration."""
    (tmp_path / "Snakefile").write_text(TOY)
    (tmp_path / "toy.yaml").write_text("shadows: {count: 2}\n")
    monkeypatch.chdir(tmp_path)
    return Path("toy.yaml")


def test_jobs_and_what_they_need(toy):
    jobs = dag.plan(toy)
    assert [j.name for j in jobs] == [
        "all",
        "joined (0)",
        "joined (1)",
        "part (0)",
        "part (1)",
        "start",
    ]
    assert [j.needs for j in jobs] == [(1, 2), (3, 5), (4, 5), (5,), (5,), ()]
    assert [j.benchmark for j in jobs[3:]] == ["bench/0.tsv", "bench/1.tsv", "bench/start.tsv"]
    assert (jobs[5].priority, jobs[5].mem_mb, jobs[5].runtime) == (3, 700, 20)
    assert [j.threads for j in jobs[3:]] == [2, 2, 1]


def test_settings_can_be_replaced_and_finished_jobs_are_planned_too(toy):
    Path("out").mkdir()
    Path("out/start").touch()
    assert len(dag.plan(toy, {"shadows": {"count": 5}})) == 12
    assert len(dag.plan(toy)) == 6


def test_nothing_is_run(toy):
    dag.plan(toy)
    assert not Path("out").exists()


def test_a_missing_file_is_named(toy):
    with pytest.raises(QmuError, match=r"none\.yaml: no such file"):
        dag.plan(Path("none.yaml"))


def test_a_workflow_that_cannot_be_planned_is_named(toy):
    Path("Snakefile").write_text("rule all:\n    input: 'never'\n")
    with pytest.raises(QmuError, match=r"toy\.yaml: Snakemake cannot plan it"):
        dag.plan(toy)


def test_the_pipeline_is_one_graph_from_the_pool_to_the_report(monkeypatch):
    monkeypatch.chdir(ROOT)
    jobs = dag.plan(Path("experiments/tiny.yaml"))
    rules = {job.rule for job in jobs}
    assert {"pool", "train", "train_shadows", "score", "evaluation", "report"} <= rules
    assert [job.rule for job in jobs if not job.needs] == ["pool"]
    needed = {i for job in jobs for i in job.needs}
    assert [job.rule for i, job in enumerate(jobs) if i not in needed] == ["all"]
    assert all(job.benchmark and job.mem_mb and job.runtime for job in jobs if job.rule != "all")
    assert {job.threads for job in jobs} == {1}


def test_the_page_shows_what_the_rules_ask_for_and_it_is_enough(monkeypatch):
    monkeypatch.chdir(ROOT)
    asked = {job.rule: job for job in dag.plan(Path("experiments/audit.yaml")) if job.benchmark}
    text = (ROOT / "docs/scaling.md").read_text()
    part = text.partition("<!-- resources -->")[2].partition("<!-- end -->")[0]
    head, _, *lines = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in part.split("\n")
        if line
    ]
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert {row["rule"] for row in rows} == set(asked)
    for row in rows:
        job = asked[row["rule"]]
        shown = [int(row[name]) for name in ("threads", "mem_mb", "runtime (min)")]
        assert shown == [job.threads, job.mem_mb, job.runtime], (
            f"{job.rule}: make profile-resources"
        )
        memory, minutes = (int(word.split()[0]) for word in row["suggested"].split(", "))
        assert job.mem_mb >= memory
        assert job.runtime >= minutes
