"""Measurements read back, jobs of other sizes, the table of resources, and what users see."""

import json
import os

import pytest
from qmu.errors import QmuError
from qmu.report.drawing import theme
from qmu.sizing import figure as fig_scaling
from qmu.sizing import measured, page, resources
from qmu.sizing import study as studies
from qmu.sizing.__main__ import main
from qmu.sizing.words import spell
from sizing_example import SHADOWS, plan, planned, run, write


@pytest.fixture
def folder(tmp_path):
    """The results of the run."""
    write(tmp_path / "toy", plan(), run())
    return tmp_path / "toy"


@pytest.fixture
def study():
    """The study of the run."""
    return studies.study("toy", plan(), run(), SHADOWS, plan)


def test_measurements_are_read_as_they_were_written(folder):
    found = measured.read(folder, plan())
    assert found[-1] is None
    for seen, wanted in zip(found[:-1], run()[:-1], strict=True):
        assert seen.seconds == wanted.seconds
        assert seen.cpu == wanted.cpu  # the job's own clock, not the 0.5 that Snakemake saw last
        assert seen.fixed == pytest.approx(wanted.fixed)
        assert seen.end == pytest.approx(wanted.end)


def test_a_jobs_own_peak_counts_where_snakemake_missed_it(folder):
    record = folder / "logs/pool.timing.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"peak_rss_mb": 777}))
    assert measured.read(folder, plan())[0].rss_mb == 777


def test_files_of_a_copy_say_nothing_of_when_jobs_ran(folder):
    os.utime(folder / "benchmarks/pool.tsv", (5000, 5000))
    found = measured.read(folder, plan())
    assert measured.span(found) is None
    assert found[0].fixed == pytest.approx(0.75)
    assert studies.check([], found, 1.0) is None


def test_span_pause_and_cores_of_the_run():
    assert measured.span(run()) == 18
    # Starts: 1000, 1002.5 twice, 1014; the first has no end before it, the third an unused one no
    # more. Left: 0.5 s after the pool, and 0.5 s after the longer block.
    assert measured.gap(run()) == pytest.approx(0.5)
    assert measured.most_at_once(run()) == 2


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f.unlink(), "1 of 5 jobs have no measurements, the first is .*pool.tsv"),
        (lambda f: f.write_text(""), "pool.tsv: no benchmark table"),
        (lambda f: f.write_text("s\tmax_rss\tcpu_time\nmany\t1\t1\n"), "pool.tsv: no benchmark"),
        (lambda f: f.write_bytes(b"\xff\xfe\x00"), "pool.tsv: no benchmark table"),
    ],
)
def test_a_missing_or_damaged_measurement_is_named(folder, damage, message):
    damage(folder / "benchmarks/pool.tsv")
    with pytest.raises(QmuError, match=message):
        measured.read(folder, plan())


@pytest.mark.parametrize("text", ["", "[]", '{"finished": "soon"}', "{"])
def test_a_damaged_record_is_named(folder, text):
    (folder / "logs/pool.timing.json").write_text(text)
    with pytest.raises(QmuError, match=r"pool\.timing\.json: no record"):
        measured.read(folder, plan())


def test_a_job_that_ended_before_snakemake_looked_has_no_memory(folder):
    (folder / "benchmarks/pool.tsv").write_text("s\tmax_rss\tcpu_time\n0.2\tNA\tNA\n")
    assert measured.read(folder, plan())[0].rss_mb == 0


@pytest.mark.parametrize(("size", "block"), [(1, 5.5), (2, 10.0), (4, 19.0)])
def test_a_block_takes_its_fixed_seconds_and_those_of_its_models(size, block):
    # Two models took 10 s and 8 s above the fixed second: 4.5 s each, by the median.
    seconds = studies.resized(plan(), run(), plan(size), SHADOWS, size)
    assert seconds == [2.0, *[block] * (4 // size), 4.0, None]


def test_a_last_block_that_is_not_full_counts_the_models_that_it_has():
    seconds = studies.resized(plan(), run(), plan(3), SHADOWS, 3)
    assert seconds[1:3] == [1 + 3 * 4.5, 1 + 4.5]


def test_a_block_unlike_any_of_the_run_is_refused():
    other = [planned("train_shadows", variant="retrain", block="0")]
    with pytest.raises(QmuError, match="no job of the run is like train_shadows"):
        studies.resized(plan(), run(), other, SHADOWS, 2)


def test_the_study_finds_the_chain_and_the_bounds(study):
    assert study.gap == pytest.approx(0.5)
    assert [step.rule for step in study.chain] == ["pool", "train_shadows", "report"]
    assert study.chain_seconds == pytest.approx(2.5 + 11.5 + 4.5)
    assert study.work == pytest.approx(28)
    assert study.balance == pytest.approx(28 / 18.5)
    assert study.at(1).median == pytest.approx(28)
    assert study.at(64).median == pytest.approx(18.5)
    assert study.check.cores == 2
    # The simulated run pauses once more, after its last job.
    assert study.check.same_order == pytest.approx(study.check.measured + 0.5)
    assert {b.size: b.jobs for b in study.blocks} == {1: 6, 2: 4, 4: 3}
    assert min(study.blocks, key=lambda b: b.seconds[64]).size == 1


def test_points_are_ordered_and_respect_their_bound(study):
    for point in study.points:
        assert point.bound <= point.shortest <= point.median <= point.longest
        assert point.bound <= point.chain_first
    medians = [p.median for p in study.points]
    assert medians == sorted(medians, reverse=True)


def test_resources_group_by_rule_the_costliest_first():
    rows = resources.rows(plan(), run())
    assert [r.rule for r in rows] == ["train_shadows", "report", "pool"]
    first = rows[0]
    assert (first.jobs, first.median_seconds, first.longest_seconds) == (2, 10, 11)
    assert (first.cpu_seconds, first.median_mb, first.peak_mb) == (20, 200, 300)
    assert first.headroom == pytest.approx(1000 / 300)
    assert rows[1].headroom is None


@pytest.mark.parametrize(
    ("peak", "longest", "memory", "minutes"),
    [(100, 1, 1000, 15), (350, 18, 1000, 15), (351, 18.1, 1500, 30), (900, 36, 2500, 30)],
)
def test_suggestions_are_twice_the_peak_and_fifty_times_the_longest(peak, longest, memory, minutes):
    row = resources.RuleNeeds("r", 1, longest, longest, longest, peak, peak, 1, None, None)
    assert (row.suggested_mb, row.suggested_minutes) == (memory, minutes)


def test_a_page_is_filled_between_its_marks_and_again(tmp_path, study):
    file = tmp_path / "page.md"
    parts = page.parts(study, resources.rows(plan(), run()))
    marks = "\n".join(f"<!-- {name} -->\n<!-- end -->\n" for name in parts)
    file.write_text(f"prose\n{marks}more prose\n")
    page.fill(file, parts)
    once = file.read_text()
    page.fill(file, parts)
    assert file.read_text() == once
    assert once.startswith("prose\n")
    assert once.endswith("more prose\n")
    for line in ("| **2** |", "| `train_shadows` | 2 | 10.0 | 11.0 |", "| `pool` | 2.5 |"):
        assert line in once


def test_a_page_without_its_marks_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("prose\n")
    with pytest.raises(QmuError, match="needs the marks <!-- cores -->"):
        page.fill(file, {"cores": "x"})
    assert file.read_text() == "prose\n"


def test_the_figure_is_drawn_and_the_same_bytes_each_time(tmp_path, study):
    for name in ("a", "b"):
        theme.save(fig_scaling.draw(study), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_figure_names_the_chain(study):
    axes = fig_scaling.draw(study).axes
    texts = [text.get_text() for ax in axes for text in ax.texts]
    assert "train_shadows (target, block 0): 11.5 s" in texts
    assert "longest chain: 18 s" in texts


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.2 s"), (9.96, "10 s"), (76.4, "76 s"), (821.4, "13 min 41 s"), (7500, "2 h 5 min")],
)
def test_seconds_in_words(seconds, text):
    assert spell(seconds) == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "qmu: nowhere: holds no folder `benchmarks`"),
        (["toy"], "qmu: neither config.yaml nor .* has the experiment 'toy'"),
        (["toy", "--configfile", "none.yaml"], "qmu: none.yaml: no such file"),
        (["toy", "--configfile", "list.yaml"], "qmu: list.yaml: "),
        (["toy", "--configfile", "odd.yaml"], "qmu: odd.yaml: "),
        (["toy", "--configfile", "code.yaml"], "qmu: code.yaml: "),
    ],
)
def test_wrong_arguments_end_with_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy/benchmarks").mkdir(parents=True)
    (tmp_path / "list.yaml").write_text("[1]\n")
    (tmp_path / "odd.yaml").write_text("experiment: toy\nodd: 1\n")
    (tmp_path / "code.yaml").write_text("__use_yte__: true\nexperiment: toy\n")
    with pytest.raises(SystemExit, match=message) as ended:
        main(arguments)
    assert "\n" not in str(ended.value)
