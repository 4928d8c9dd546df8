"""What the report says of the audit's own power: ladder, paths, residual shares, endings."""

from __future__ import annotations

import math
from dataclasses import replace

import ladder_example
import numpy as np
import pytest
import report_example
from matplotlib.colors import to_hex
from qmu.audit.verdicts.residue import BEYOND, Share
from qmu.report import build as figures
from qmu.report.drawing import theme
from qmu.report.evidence.ladder import AREA, FOUND
from qmu.report.evidence.results import gather
from qmu.report.evidence.summary import Cell
from qmu.report.figures import ladder as fig_ladder
from qmu.report.page.page import render
from qmu.report.page.power import share, shares, smallest
from qmu.report.page.tables import endings
from qmu.report.sentences.power import NO_LADDER, power
from qmu.report.sentences.strength import strength
from qmu.report.sentences.words import number
from report_reading import Page, rows_of, texts


@pytest.fixture(scope="module")
def known():
    return ladder_example.known(models=("hqnn",))


@pytest.fixture(scope="module")
def text(known):
    return render(known, {})


def test_the_ladder_draws_every_attack_and_fills_what_is_detected(known):
    figure = figures.draw("ladder", known)
    axes = figure.axes
    assert len(axes) == 2
    for ax, metric in zip(axes, (AREA, FOUND), strict=True):
        drawn = [one for one in known.ladder.detections if one.metric == metric]
        marks = [line for line in ax.lines if line.get_marker() == "o"]
        assert len(marks) == len(drawn) == len(report_example.ALL_ATTACKS) * 6
        filled = [line for line in marks if to_hex(line.get_markerfacecolor()) != "#ffffff"]
        assert len(filled) == sum(one.detected for one in drawn)
        values = sorted(line.get_ydata()[0] for line in marks)
        assert values == pytest.approx(sorted(one.difference.value for one in drawn))
        # The tolerated residue.
        assert any(np.allclose(line.get_xdata(), known.risk.residue) for line in ax.lines)
    assert [ax.get_ylabel().split(",")[0] for ax in axes] == [
        "AUC",
        "members found at 1% false positives",
    ]


def test_the_attacks_that_see_most_and_the_published_one_are_named(known):
    figure = figures.draw("ladder", known)
    for ax, metric in zip(figure.axes, (AREA, FOUND), strict=True):
        names = fig_ladder.named(known, "hqnn", metric)
        assert names[0] == "lira_online"
        assert known.published_attack in names
        assert len(names) <= fig_ladder.NAMED + 1
        seen = [known.ladder.smallest("hqnn", name, metric) or math.inf for name in names[:-1]]
        assert seen == sorted(seen)
        written = {label.get_text() for label in ax.texts}
        assert written == {f"{n} {fig_ladder.seen(known, 'hqnn', n, metric)}" for n in names}
    # An attack that tells nothing has no colour of its own, but is drawn.
    assert "gap" not in " ".join(texts(figure))


def test_labels_are_apart_and_inside():
    heights = [0.95, 0.96, 0.97, 0.1, 0.2]
    moved = fig_ladder.spread(heights, 0.075)
    assert np.argsort(moved, kind="stable").tolist() == np.argsort(heights).tolist()
    assert np.diff(sorted(moved)).min() >= 0.075 - 1e-12
    assert max(moved) <= 1
    assert moved[3:] == pytest.approx([0.1, 0.2])
    assert fig_ladder.spread([], 0.1) == []


@pytest.mark.parametrize("stem", ["ladder", "path"])
def test_nothing_is_cut_off(known, stem):
    figure = figures.draw(stem, known)
    figure.draw_without_rendering()
    renderer, inside = figure.canvas.get_renderer(), figure.bbox.padded(1)
    shown = [label for legend in figure.legends for label in legend.get_texts()]
    for ax in figure.axes:
        shown += [ax._left_title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
    for label in shown:
        box = label.get_window_extent(renderer)
        assert inside.x0 <= box.x0 <= box.x1 <= inside.x1, label.get_text()
        assert inside.y0 <= box.y0 <= box.y1 <= inside.y1, label.get_text()


def test_a_path_runs_through_its_levels_and_marks_where_the_method_ends(known):
    figure = figures.draw("path", known)
    palette, paths = theme.colours(known), known.paths.of("hqnn")
    assert set(paths) == set(ladder_example.DEFAULTS)
    for ax, name in zip(figure.axes, ("leakage", "distance", "accuracy"), strict=True):
        for method, points in paths.items():
            own = [line for line in ax.lines if line.get_color() == palette[method]]
            (whole,) = [line for line in own if len(line.get_xdata()) == len(points)]
            assert list(whole.get_xdata()) == sorted(whole.get_xdata())
            assert list(whole.get_ydata()) == [getattr(one, name).value for one in points]
            (end,) = [line for line in own if len(line.get_xdata()) == 1]
            (default,) = [one for one in points if one.default]
            assert end.get_xdata()[0] == default.loss
    assert "where the method ends by itself" in texts(figure)


def test_no_interval_of_an_accuracy_is_cut_however_wide(known):
    """One point's interval reaches from 0.1 to 1, far beyond all values."""
    points = {key: list(of) for key, of in known.paths.points.items()}
    key = ("hqnn", "ga")
    points[key][0] = replace(points[key][0], accuracy=Cell(0.9, 0.1, 1.0))
    drawn = replace(known, paths=replace(known.paths, points=points))
    ax = figures.draw("path", drawn).axes[2]
    low, high = ax.get_ylim()
    assert low < 0.1
    assert high > 1.0


def test_losses_are_in_units_of_a_uniform_guess_and_leakage_is_a_difference(known):
    get, paths = known.summary.get, known.paths
    (default,) = [one for one in paths.of("hqnn")["ga"] if one.default]
    own = get("hqnn", "ga", "cross_entropy", "forget_train").value
    assert default.loss == pytest.approx(own / math.log(known.classes))
    around = paths.around["hqnn"]
    assert around.attack == "lira_online"
    models = ("retrain", *(f"retrain@{k}" for k in range(1, ladder_example.ENSEMBLE + 1)))
    areas = [get("hqnn", v, "auc", "forget_train", "lira_online").value for v in models]
    area = get("hqnn", "ga", "auc", "forget_train", "lira_online").value
    assert default.leakage.value == pytest.approx(area - np.mean(areas))
    kept = [get("hqnn", v, "accuracy", "retain_test").value for v in models]
    assert around.accuracy == pytest.approx((min(kept), max(kept)))
    floors = [get("hqnn", "retrain", "js_to_retrain_floor", "forget_test")]
    floors += [get("hqnn", v, "js_to_retrain", "forget_test") for v in models[1:]]
    values = [one.value for one in floors]
    assert around.distance == pytest.approx((min(values), max(values)))


def test_one_table_gives_the_smallest_residue_of_each_attack(known, text):
    rows = rows_of(text, smallest(known, "hqnn").caption)[1:]
    assert {row[0] for row in rows} == set(report_example.ALL_ATTACKS)
    assert rows[0][0] == "lira_online"
    cells = {row[0]: row[1:] for row in rows}
    assert cells["gap"] == ["none", "none"]
    percent = 100 * known.ladder.smallest("hqnn", "lira_online", FOUND)
    count = known.ladder.records["hqnn", percent / 100]
    assert cells["lira_online"][1] == f"{percent:g}% ({count} records)"


def test_another_gives_the_residual_share_of_each_variant(known, text):
    rows = rows_of(text, shares(known, "hqnn").caption)
    assert rows[0] == [
        "variant",
        "by AUC, lira_online",
        "by members found at 1% false positives, lira_online",
    ]
    cells = {row[0]: row[1:] for row in rows[1:]}
    assert set(cells) == {known.label(variant) for variant in report_example.VARIANTS}
    assert cells["retrain"][0].startswith("0% [0")
    assert cells["target"][0].endswith(">100%]")
    assert cells["ga"][0] == share(known.ladder.share("hqnn", "ga", AREA))


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (Share(0.1, 0.04, 0.25), "10% [4–25%]"),
        (Share(0.0, 0.0, 0.0123), "0% [0–1.2%]"),
        (Share(0.9, 0.7, BEYOND), "90% [70–>100%]"),
        (Share(BEYOND, BEYOND, BEYOND), ">100%"),
        (Share(math.nan, math.nan, math.nan), "–"),
        (None, "–"),
    ],
)
def test_shares_are_written_with_their_limits(found, shown):
    assert share(found) == shown


def test_measures_that_need_no_ladder_stand_beside_it():
    columns = ladder_example.columns(("hqnn",), ("lira_online", "iam"))
    first = {name: column[:1].copy() for name, column in columns.items()}
    first["metric"][0], first["variant"][0], first["value"][0] = "duci", "ga", 0.07
    first["seed"][0], first["attack"][0], first["split"][0] = None, None, "forget_train"
    first["ci_low"][0], first["ci_high"][0] = 0.02, 0.12
    both = {name: np.concatenate([columns[name], first[name]]) for name in columns}
    known = gather(both, cards=report_example.CARDS)
    table = shares(known, "hqnn")
    assert table.columns[-2:] == ("DUCI", "AUC, iam")
    cells = {row[0]: row[1:] for row in table.rows}
    assert cells["ga"][-2] == "0.07 [0.02–0.12]"
    assert cells["target"][-2] == "–"
    assert cells["target"][-1] == number(known.summary.areas("hqnn", "target")["iam"])


def test_sentences_repeat_what_the_verdicts_say(known):
    said = power(known, "hqnn")
    assert said[0] == (
        "All figures together, a residue of 10% (10 records) of the forget set is accused, and "
        "every larger one; 25% is tolerated."
    )
    assert said[2] == "Controls that unlearned nothing: 1 of 1 accused."
    assert said[3].startswith("False accusations: 1 of 3 models")
    verdicts = report_example.verdicts(("hqnn",))
    for variant, sentence in (
        (
            "residue@10",
            "100% (100 records) of the forget set is accused, and no smaller one; 25%",
        ),
        ("residue@100", "not even the one that holds the whole forget set is accused"),
        ("logit_mask", "0 of 1 accused; not accused: logit_mask."),
    ):
        accused = [
            flag and name != variant
            for name, flag in zip(verdicts["variant"], verdicts["accused"], strict=True)
        ]
        columns = ladder_example.columns(("hqnn",), ("lira_online",))
        other = gather(columns, verdicts=verdicts | {"accused": accused})
        assert sentence in " ".join(power(other, "hqnn"))
    missed = power(other, "hqnn")[0]
    assert "could have been missed" not in missed


def test_a_residue_beyond_what_is_tolerated_is_said_to_be_missed():
    verdicts = report_example.verdicts(("hqnn",))
    accused = [name == "residue@100" for name in verdicts["variant"]]
    columns = ladder_example.columns(("hqnn",), ("lira_online",))
    other = gather(columns, verdicts=verdicts | {"accused": accused})
    assert "a residue that is not tolerated could have been missed" in power(other, "hqnn")[0]


def test_the_section_shows_what_is_tolerated_and_is_in_the_contents(known, text):
    page = Page(text)
    assert "#power" in {attributes.get("href") for _, attributes in page.tags}
    rows = {row[0]: row[1] for row in rows_of(text, "What the reader tolerates")[1:]}
    assert rows["residue of the forget set"] == f"{100 * known.risk.residue:g}%"
    assert rows["AUC of an attack"] == f"{known.risk.auc:g}"
    for sentence in power(known, "hqnn"):
        assert sentence in page.text
    assert "section on what this audit could have seen" in " ".join(strength(known))
    # Nothing is said of what was not measured.
    assert "DUCI" not in page.text


def test_the_forget_loss_stands_beside_the_accuracies(known, text):
    rows = rows_of(text, "hqnn: accuracy")
    assert rows[0][-1] == "forget loss (nats)"
    cells = {row[0]: row[-1] for row in rows[1:]}
    assert cells["ga"] == number(known.summary.get("hqnn", "ga", "cross_entropy", "forget_train"))
    assert cells["ssd"] == "–"


def test_the_page_says_how_each_method_ended(known, text):
    rows = rows_of(text, endings(known, "hqnn").caption)[1:]
    assert len(rows) == 4 * len(report_example.SEEDS)
    stopped = [row for row in rows if "before the first level" in row[-1]]
    assert [row[-3:-1] for row in stopped] == [["0", "no"]] * len(report_example.SEEDS)
    without = gather(ladder_example.columns(("hqnn",), ("lira_online",)))
    assert endings(without, "hqnn") is None


def test_without_a_ladder_the_report_says_that_the_power_is_not_known():
    full = report_example.full(models=("hqnn",), attacks=("loss_thr",))
    verdicts = report_example.verdicts(("hqnn",))
    method = [kind != "ladder" for kind in verdicts["kind"]]
    fewer = {n: [v for v, keep in zip(c, method, strict=True) if keep] for n, c in verdicts.items()}
    columns = report_example.summary(("hqnn",), attacks=("loss_thr",))
    assert power(gather(columns, verdicts=fewer), "hqnn")[0] == NO_LADDER
    assert full.ladder.models == ()
    assert smallest(full, "hqnn") is None
    assert shares(full, "hqnn") is None
    for stem in ("ladder", "path"):
        assert theme.is_empty(figures.draw(stem, full))
