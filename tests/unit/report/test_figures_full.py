"""The figures of a full audit: many attacks, ROC curves and every measure of quality."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import report_example
from matplotlib.colors import to_hex
from qmu.report import build as figures
from qmu.report.drawing import theme
from qmu.report.evidence import measures
from qmu.report.evidence.results import Results, gather
from qmu.report.figures import roc as fig_roc
from report_reading import markers


@pytest.fixture(scope="module")
def full() -> Results:
    """14 attacks, ROC curves, every measure of quality and verdicts."""
    return report_example.full(models=("hqnn",))


@pytest.fixture(scope="module")
def full_drawn(full):
    return functools.cache(lambda stem: figures.draw(stem, full))


def test_fourteen_attacks_stand_in_small_panels_with_shared_axes(full_drawn):
    figure = full_drawn("membership")
    panels = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title(loc="left").split()[0] for ax in panels] == list(
        report_example.ALL_ATTACKS
    )
    assert len({ax.get_xlim() for ax in panels}) == len({ax.get_ylim() for ax in panels}) == 1
    width, height = figure.get_size_inches()
    assert width <= 11
    assert height <= 9


@pytest.mark.parametrize("stem", ["membership", "auc", "roc", "quality", "records"])
def test_nothing_is_cut_off_in_a_full_audit(full_drawn, stem):
    figure = full_drawn(stem)
    figure.draw_without_rendering()
    shown = [part._suptitle for part in figure.subfigs]
    shown += [text for legend in figure.legends for text in legend.get_texts()]
    for ax in figure.axes:
        shown += [ax.title, ax._left_title, *ax.texts]
        if ax in _leftmost(figure) and ax.get_yscale() == "linear":
            shown += ax.get_yticklabels()
    renderer = figure.canvas.get_renderer()
    for text in shown:
        box = text.get_window_extent(renderer)
        inside = figure.bbox.padded(1)
        assert inside.x0 <= box.x0 <= box.x1 <= inside.x1, text.get_text()
        assert inside.y0 <= box.y0 <= box.y1 <= inside.y1, text.get_text()


def _leftmost(figure) -> list:
    return [ax for ax in figure.axes if ax.axison and ax.get_subplotspec().is_first_col()]


def test_roc_draws_a_line_and_a_band_per_variant_on_log_axes(full, full_drawn):
    figure = full_drawn("roc")
    panels = [ax for ax in figure.axes if ax.axison]
    chosen = fig_roc.chosen(full, "hqnn")
    assert [ax.get_title(loc="left") for ax in panels] == chosen
    assert {"lira_online", "rmia", "u_lira"} <= set(chosen)
    for ax in panels:
        assert ax.get_xscale() == ax.get_yscale() == "log"
        assert len(ax.collections) == len(report_example.VARIANTS)
    palette = theme.colours(full)
    attack = chosen[0]
    curve = next(c for c in full.curves if (c.variant, c.attack) == ("ssd", attack))
    lines = [line for line in panels[0].lines if to_hex(line.get_color()) == palette["ssd"]]
    np.testing.assert_allclose(lines[0].get_xdata(), curve.fpr)
    np.testing.assert_allclose(lines[0].get_ydata(), curve.tpr)
    assert f"below {100 * curve.fpr[0]:.2g}%" in panels[0].texts[0].get_text()


def test_roc_chooses_the_strongest_attack_either_way():
    columns = report_example.summary(("hqnn",), ("target",), report_example.ALL_ATTACKS)
    rows = (columns["metric"] == "auc") & (columns["attack"] == "gap")
    columns["value"][rows] = 0.05
    curves = report_example.curves(("hqnn",), ("target",), report_example.ALL_ATTACKS)
    chosen = fig_roc.chosen(gather(columns, curves=curves), "hqnn")
    assert chosen[0] == "gap"
    assert len(chosen) == 4


def test_roc_shows_one_calibrated_attack_of_every_source():
    """The two forms of LiRA have one source: the second leaves its place to another attack."""
    attacks = ("loss_thr", "lira_online", "lira_offline", "rmia", "gap")
    columns = report_example.summary(("hqnn",), ("target",), attacks)
    for attack, value in zip(attacks, (0.9, 0.6, 0.8, 0.55, 0.85), strict=True):
        columns["value"][(columns["metric"] == "auc") & (columns["attack"] == attack)] = value
    curves = report_example.curves(("hqnn",), ("target",), attacks)
    chosen = fig_roc.chosen(gather(columns, curves=curves, cards=report_example.CARDS), "hqnn")
    assert chosen == ["loss_thr", "gap", "lira_online", "rmia"]


def test_roc_keeps_members_never_found_inside_the_panel():
    evidence = report_example.evidence(
        models=("hqnn",), tables={"curves": report_example.curves(("hqnn",))}
    )
    figure = figures.draw("roc", evidence)
    ax = next(ax for ax in figure.axes if ax.get_title(loc="left") == "loss_thr")
    assert min(line.get_ydata().min() for line in ax.lines[1:]) == ax.get_ylim()[0] > 0


def test_quality_sets_every_variant_beside_retraining(full, full_drawn):
    figure = full_drawn("quality")
    panels = {ax.get_title(loc="left"): ax for ax in figure.axes if ax.axison}
    assert len(panels) == 12
    get = full.summary.get
    for metric, split in measures.drawn(full, "hqnn"):
        ax, name = panels[metric.title], metric.name
        base = get("hqnn", "retrain", name, split) or get("hqnn", "retrain", f"{name}_floor", split)
        green = theme.RETRAIN
        assert markers(ax, green) == pytest.approx([base.value])
        lines = [line for line in ax.lines if list(line.get_xdata()) == [base.value, base.value]]
        assert to_hex(lines[0].get_color()) == green
        assert markers(ax, theme.colours(full)["ssd"]) == pytest.approx(
            [get("hqnn", "ssd", name, split).value]
        )
        assert all(ax.get_xlim()[0] <= x <= ax.get_xlim()[1] for x in markers(ax))


def test_quality_leaves_out_what_is_not_finite_or_not_measured():
    columns = report_example.summary(("hqnn",), quality=("relearn_ratio", "home_made"))
    rows = (columns["metric"] == "relearn_ratio") & (columns["variant"] == "ga")
    columns["value"][rows] = np.inf
    evidence = gather(columns, cards=report_example.CARDS)
    figure = figures.draw("quality", evidence)
    panels = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title(loc="left") for ax in panels] == ["relearning time / retrain's"]
    assert markers(panels[0], theme.colours(evidence)["ga"]) == []
    assert len(markers(panels[0])) == len(report_example.VARIANTS) - 1
