"""Every figure holds the series that its name promises; the same evidence gives the same bytes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import report_example
from matplotlib.colors import to_hex
from qmu.report import build as figures
from qmu.report import catalogue
from qmu.report.drawing import dots, theme
from qmu.report.evidence.results import Results, gather
from qmu.report.evidence.summary import Cell, summarise
from qmu.report.figures import auc as fig_auc
from qmu.report.figures import cost as fig_cost
from report_reading import heads, markers, row_labels, texts


@pytest.fixture(scope="module")
def evidence() -> Results:
    return report_example.evidence()


@pytest.fixture(scope="module")
def drawn(evidence):
    return {stem: figures.draw(stem, evidence) for stem in catalogue.stems()}


def test_membership_shows_members_beside_non_members(evidence, drawn):
    axes = drawn["membership"].axes
    assert len(axes) == 2 * len(report_example.ATTACKS)
    first = axes[0]
    assert first.get_title(loc="left") == "su_graybox (published)"
    assert "hqnn" in heads(drawn["membership"])
    assert row_labels(first) == [evidence.label(v) for v in report_example.VARIANTS]
    get = evidence.summary.get
    for colour, metric, split in (
        (theme.MEMBER, "mia_success", "forget_train"),
        (theme.NON_MEMBER, "mia_false_positive", "forget_unseen"),
    ):
        expected = [
            get("hqnn", v, metric, split, "su_graybox").value for v in report_example.VARIANTS
        ]
        assert markers(first, colour) == pytest.approx(expected)
    legend = texts(drawn["membership"])
    assert "members: trained on, to be forgotten" in legend
    assert "comparable, never trained on" in legend
    shown = {text.get_text() for text in first.texts}
    assert dots.percent(get("hqnn", "target", *_MEMBERS).value) in shown


_MEMBERS = ("mia_success", "forget_train", "su_graybox")


def test_membership_falls_back_to_test_images():
    columns = report_example.summary(models=("hqnn",))
    keep = columns["split"] != "forget_unseen"
    evidence = gather({name: column[keep] for name, column in columns.items()})
    figure = figures.draw("membership", evidence)
    assert len(markers(figure.axes[0], theme.NON_MEMBER)) == len(report_example.VARIANTS)


def test_accuracy_has_four_splits_in_the_variants_colours(evidence, drawn):
    axes = drawn["accuracy"].axes
    assert len(axes) == 8
    get = evidence.summary.get
    for variant, colour in theme.colours(evidence).items():
        value = get("hqnn", variant, "accuracy", "retain_test").value
        assert markers(axes[3], colour) == pytest.approx([value])
    assert {"hqnn", "basic_qnn", "to be forgotten"} <= set(texts(drawn["accuracy"]))


def test_auc_has_every_attack_and_variant_of_both_populations(evidence, drawn):
    axes = drawn["auc"].axes
    assert len(axes) == 4
    assert [ax.get_title(loc="left") for ax in axes[:2]] == ["forget set", "retained data"]
    assert row_labels(axes[0]) == list(report_example.ATTACKS)
    for ax, split in zip(axes, ("forget_train", "retain_train"), strict=False):
        shown = [text.get_text() for text in ax.texts]
        for attack in report_example.ATTACKS:
            for variant in report_example.VARIANTS:
                cell = evidence.summary.get("hqnn", variant, "auc", split, attack)
                assert f"{cell.value:.2f}" in shown
                assert f"{cell.low:.2f}–{cell.high:.2f}" in shown


@pytest.mark.parametrize(
    ("low", "high", "marked"),
    [(0.51, 0.6, True), (0.3, 0.49, True), (0.45, 0.6, False), (None, None, False)],
)
def test_auc_cells_are_coloured_where_chance_is_excluded(low, high, marked):
    estimate = dataclasses.replace(_ESTIMATE, low=low, high=high)
    assert fig_auc.leaks(estimate) is marked
    columns = report_example.summary(("hqnn",), ("target",), ("gap",))
    rows = columns["metric"] == "auc"
    columns["value"][rows], columns["ci_low"][rows], columns["ci_high"][rows] = 0.55, low, high
    cell = figures.draw("auc", gather(columns)).axes[0].patches[0]
    assert (to_hex(cell.get_facecolor()) != "#ffffff") is marked


_ESTIMATE = Cell(0.55)


@pytest.mark.parametrize("stem", ["roc", "quality"])
def test_figures_without_data_are_marked_as_empty(evidence, drawn, stem):
    assert theme.is_empty(drawn[stem])
    assert not theme.is_empty(drawn["auc"])


def test_distance_shades_the_floor_and_leaves_retrain_out(evidence, drawn):
    axes = drawn["distance"].axes
    assert len(axes) == 2 * 2 * 4
    assert "retrain" not in row_labels(axes[0])
    floor = evidence.summary.get("hqnn", "retrain", "kl_to_retrain_floor", "forget_train")
    shaded = axes[0].patches[0]
    assert shaded.get_x() + shaded.get_width() == pytest.approx(floor.high)
    assert axes[0].get_xscale() == "log"
    assert "hqnn\nKL to retrain" in texts(drawn["distance"])


def test_cost_is_relative_to_retraining_and_says_none_for_free(evidence, drawn):
    ax = drawn["cost"].axes[0]
    get = evidence.summary.get
    ratio = (
        get("hqnn", "ga", "gradient_evaluations").value
        / get("hqnn", "retrain", "gradient_evaluations").value
    )
    assert markers(ax, theme.colours(evidence)["ga"])[0] == pytest.approx(ratio)
    assert fig_cost.factor(ratio) in {text.get_text() for text in ax.texts}
    assert "none" in {text.get_text() for text in ax.texts}
    assert row_labels(ax) == ["logit_mask (control)", "ga", "ssd", "rga (reconstructed)"]


def test_cost_of_a_seed_is_compared_with_its_own_retraining():
    rows = [
        ("retrain", 0, 100.0),
        ("retrain", 1, 200.0),
        ("retrain", None, 150.0),
        ("ga", 0, 50.0),
        ("ga", 1, 50.0),
        ("ga", None, 50.0),
    ]
    table = {
        "model": ["hqnn"] * 6,
        "seed": [row[1] for row in rows],
        "variant": [row[0] for row in rows],
        "device": ["d"] * 6,
        "attack": [None] * 6,
        "metric": ["seconds"] * 6,
        "split": [None] * 6,
        "value": [row[2] for row in rows],
        "ci_low": [None] * 6,
        "ci_high": [np.nan] * 6,
        "n": [None] * 6,
    }
    one = summarise(table).relative_to_retrain("hqnn", "ga", "seconds")
    assert one.value == pytest.approx(1 / 3)
    assert dict(one.seeds) == {0: 0.5, 1: 0.25}


def test_training_draws_every_run_and_the_uniform_guess(drawn):
    losses, accuracies, forget = drawn["training"].axes[:3]
    assert len(losses.lines) == len(accuracies.lines) == 2 * len(report_example.SEEDS)
    dashed = [line for line in forget.lines if np.allclose(line.get_ydata(), np.log(10))]
    assert len(dashed) == 1
    # ga, ssd and rga; logit_mask has no steps.
    assert len(forget.lines) == 1 + 3 * len(report_example.SEEDS)
    assert "log 10: uniform guess" in texts(drawn["training"])


def test_confidence_compares_shapes_of_equal_area(drawn):
    axes = drawn["confidence"].axes
    target = [patch for patch in axes[0].patches if not patch.get_fill()]
    assert {to_hex(patch.get_edgecolor()) for patch in target} == {theme.MEMBER, theme.NON_MEMBER}
    for patch in target:
        assert patch.get_data().values.sum() == pytest.approx(1.0)
    assert any("never be named" in text for text in texts(drawn["confidence"]))


def test_dag_shows_every_kind_of_job(drawn):
    shown = set(texts(drawn["dag"]))
    assert {"data", "shadows", "target", "retrain", "more retrained"} <= shown
    assert {"unlearn", "attacks", "score", "report"} <= shown


def test_logit_scaled_confidence_is_the_log_odds_of_the_forget_class():
    logits = np.random.default_rng(0).normal(0, 3, (50, 10))
    logits[:, 0], logits[1, 1] = -np.inf, 800.0
    label = np.arange(50) % 10
    table = {
        "label": label,
        "split": np.array(["forget_test"] * 50),
        "forget": label < 5,
        "logits": logits,
    }
    empty = {name: [] for name in report_example.summary(("hqnn",), ("ga",), (), (0,))}
    (one,) = gather(empty, outputs={("hqnn", 0, "ga"): table}).confidences
    own = label < 5
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = (p / p.sum(axis=1, keepdims=True))[np.arange(50), label]
    with np.errstate(divide="ignore"):
        expected = np.log(p / (1 - p))
    expected[1] = 800.0 - np.log(np.exp(logits[1, 2:]).sum())
    np.testing.assert_allclose(one.phi, expected[own])
    assert (one.phi[label[own] == 0] == -np.inf).all()


@pytest.mark.parametrize("stem", ["cost", "auc"])
def test_saved_bytes_are_deterministic(evidence, drawn, tmp_path, stem):
    first = theme.save(drawn[stem], tmp_path / "first")
    second = theme.save(figures.draw(stem, evidence), tmp_path / "second")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert "dc:date" not in first[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("stem", catalogue.stems())
def test_missing_numbers_give_a_figure_that_says_so(stem):
    empty = gather({name: [] for name in report_example.summary(("hqnn",), ("ga",), (), (0,))})
    figure = figures.draw(stem, empty)
    assert any(ax.texts for ax in figure.axes)


@pytest.mark.parametrize(
    "options",
    [
        {"models": ("hqnn",), "attacks": ("loss_thr",), "seeds": (7,)},
        {"models": ("a", "b", "c"), "variants": ("target", "ga_strong"), "attacks": ()},
        {"models": ("hqnn",), "variants": ("ga", "ssd")},
    ],
)
def test_other_models_variants_and_seeds_draw_as_well(options):
    evidence = report_example.evidence(**options)
    for stem in ("membership", "auc", "accuracy", "distance", "cost", "training", "confidence"):
        assert figures.draw(stem, evidence).axes


def test_a_colour_belongs_to_its_variant_in_every_figure(evidence):
    palette = theme.colours(evidence)
    assert (palette["target"], palette["retrain"]) == (theme.TARGET, theme.RETRAIN)
    assert palette["logit_mask"] == theme.CONTROLS[0]
    assert [palette[v] for v in ("ga", "ssd", "rga")] == list(theme.METHODS[:3])
    # Also where a figure shows some of the variants only, and one that no card knows.
    variants = [*report_example.VARIANTS, *"xyz"]
    more = report_example.evidence(models=("hqnn",), variants=variants, attacks=())
    many = theme.colours(more)
    assert {v: many[v] for v in palette} == palette
    assert len(set(many.values())) == len(many) == len(variants)


def test_several_devices_are_kept_apart():
    columns = report_example.summary(models=("hqnn",), seeds=(0,))
    noisy = {**columns, "device": np.array(["default.mixed"] * len(columns["model"]), object)}
    both = {name: np.concatenate([columns[name], noisy[name]]) for name in columns}
    assert summarise(both).models == ("hqnn on lightning.qubit", "hqnn on default.mixed")


def test_seeds_alone_give_their_mean(evidence):
    columns = report_example.summary(models=("hqnn",))
    seeds = np.array([seed is not None for seed in columns["seed"]])
    summary = summarise({name: column[seeds] for name, column in columns.items()})
    own = summary.get("hqnn", "target", "accuracy", "forget_test")
    whole = evidence.summary.get("hqnn", "target", "accuracy", "forget_test")
    assert own.low is None
    assert own.value == pytest.approx(whole.value)
    assert dataclasses.replace(own, value=0.2).interval == (0.2, 0.2)


def test_an_aggregate_that_cannot_be_resolved_is_not_replaced_by_its_seeds():
    columns = report_example.summary(models=("hqnn",))
    rows = (columns["metric"] == "tpr_at_fpr_1pct") & (columns["seed"] == None)  # noqa: E711
    assert rows.any()
    columns["value"][rows] = np.nan
    key = ("hqnn", "target", "tpr_at_fpr_1pct", "forget_train", "loss_thr")
    summary = summarise(columns)
    assert summary.get(*key) is None
    assert summary.unresolved[key] == 300
