"""Further devices in the report: apart from the simulation, side by side, complete."""

from __future__ import annotations

import pytest
import yaml
from qmu.config.parse import parse
from qmu.report.drawing import theme
from qmu.report.evidence.devices import SIMULATION, index
from qmu.report.evidence.results import gather
from qmu.report.figures import devices as fig_devices
from qmu.report.page.configuration import as_yaml
from qmu.report.page.devices import device_tables
from qmu.report.page.page import render
from qmu.report.sentences.findings import findings

CONFIG = {"devices": {"noisy": {}, "torino": {}}}
AUCS = {"lightning.qubit": 0.8, "noisy": 0.7, "torino": 0.6}


def rows(extra=()):
    """A summary of one model, two variants and three devices, aggregates only."""
    found = list(extra)
    for device, area in AUCS.items():
        for variant in ("target", "retrain"):
            cell = {"device": device, "variant": variant}
            found += [
                cell | {"attack": "su_graybox", "metric": "mia_success", "value": area + 0.1},
                cell
                | {
                    "attack": "su_graybox",
                    "metric": "mia_false_positive",
                    "split": "forget_unseen",
                    "value": area - 0.1,
                },
                cell | {"attack": "su_graybox", "metric": "auc", "value": 0.55},
                cell | {"attack": "lira_online", "metric": "auc", "value": area},
                cell
                | {
                    "attack": None,
                    "metric": "accuracy",
                    "split": "retain_test",
                    "value": area,
                },
            ]
        if device != "lightning.qubit":
            cell = {"device": device, "variant": "target", "attack": None, "split": "test"}
            found.append(cell | {"metric": "signal_slope", "value": area / 2})
    return found


def columns(found):
    """Rows as the columns of a ``summary`` table."""
    empty = {
        "model": "hqnn",
        "seed": None,
        "split": "forget_train",
        "ci_low": None,
        "ci_high": None,
        "n": 100,
    }
    full = [empty | row for row in found]
    return {name: [row[name] for row in full] for name in (*empty, *found[0])}


@pytest.fixture
def evidence():
    return gather(columns(rows()), config=CONFIG)


def test_the_simulation_stands_alone(evidence):
    assert evidence.summary.models == ("hqnn",)
    area = evidence.summary.get("hqnn", "target", "auc", "forget_train", "lira_online")
    assert area.value == AUCS["lightning.qubit"]


def test_every_device_keeps_its_own_figures(evidence):
    devices = evidence.devices
    assert list(devices.places) == [SIMULATION, "noisy", "torino"]
    for one, area in zip(devices.places.values(), AUCS.values(), strict=True):
        assert one.areas("hqnn", "target")["lira_online"].value == area
        assert one.non_members("hqnn", "target", "su_graybox").value == area - 0.1
    assert devices.strongest("hqnn") == "lira_online"


def test_without_devices_there_is_nothing_to_show():
    config = {"devices": {}}
    alone = [row for row in rows() if row["device"] == "lightning.qubit"]
    evidence = gather(columns(alone), config=config)
    assert not evidence.devices
    assert device_tables(evidence) == []
    assert theme.is_empty(fig_devices.draw(evidence))
    assert "Noise, shots and quantum computers" not in render(evidence, {})


def test_an_attack_that_a_device_lacks_is_not_the_one_that_is_compared():
    config = {"devices": {"noisy": {}, "torino": {}}}
    kept = [r for r in rows() if not (r["attack"] == "lira_online" and r["device"] == "noisy")]
    assert index(columns(kept), config["devices"]).strongest("hqnn") == "su_graybox"


def test_tables_hold_every_device_and_variant(evidence):
    attacked, left = device_tables(evidence)
    assert [row[:2] for row in attacked.rows] == [
        (place, variant)
        for place in (SIMULATION, "noisy", "torino")
        for variant in ("target", "retrain")
    ]
    assert attacked.rows[2][2:] == ("80%", "60%", "0.55", "0.70", "70%")
    assert [row[:2] for row in left.rows] == [("noisy", "0.35"), ("torino", "0.30")]
    page = render(evidence, {})
    assert "Noise, shots and quantum computers" in page
    assert attacked.caption in page
    assert left.caption in page


def test_the_figure_has_a_column_per_device(evidence):
    figure = fig_devices.draw(evidence)
    titles = [ax.get_title(loc="left") for part in figure.subfigs for ax in part.axes]
    assert [title for title in titles if title] == [SIMULATION, "noisy", "torino"]


def test_the_page_holds_the_configuration_of_devices():
    raw = {
        "experiment": "x",
        "seeds": [0],
        "forget": {"label": 4},
        "models": {"hqnn": {}},
        "unlearning": {"ga": {}},
        "attacks": {"loss_thr": {}},
        "devices": {
            "noisy": {"noise": {}, "shots": 64},
            "torino": {"kind": "ibm", "backend": "fake_torino", "compact": True},
            "better": {"kind": "corrected", "of": "torino"},
        },
        "sweep": {"scales": [0.0, 2.0]},
    }
    experiment = parse(raw)
    dumped = experiment.model_dump(mode="json")
    assert parse(yaml.safe_load(as_yaml(dumped))) == experiment


def test_the_sentence_names_every_device_before_and_after():
    found = rows()
    for row in [row for row in found if row["variant"] == "retrain"]:
        for method, value in (("ga", 0.02), ("ssd", 0.04)):
            if row["metric"] == "mia_success":
                found.append(row | {"variant": method, "value": value})
    evidence = gather(columns(found), config=CONFIG)
    (said,) = [f.text for f in findings(evidence) if f.topic == "devices"]
    assert "before and after: noisy 80% and 4%; torino 70% and 4%." in said
    assert "lira_online" in said
    assert "noisy 0.70 and torino 0.60" in said
