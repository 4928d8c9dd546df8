"""The experiment that a table of predictions makes, and what it refuses to be asked."""

from __future__ import annotations

import pytest
import yaml
from predictions_rows import rows_of, written
from qmu.config.parse import parse
from qmu.errors import ConfigError
from qmu.report.evidence.cards import cards, request, unasked
from qmu.report.page.configuration import as_yaml

FULL = {"methods": ("ga", "nothing"), "further": 2, "residues": (50,), "compared": True}


@pytest.fixture
def given(tmp_path):
    """A configuration with a table of the rows that are asked for."""

    def make(changes=None, **rows):
        path = written(tmp_path / "p.csv", rows_of(**(FULL | {"shadows": 9} | rows)))
        raw = {
            "experiment": "theirs",
            "seeds": [0, 1],
            "predictions": {"path": str(path), "controls": ["nothing"]},
            "attacks": {"su_graybox": {}, "lira_online": {}, "u_lira": {}},
            "quality": {"streisand": {}},
        }
        return raw | (changes or {})

    return make


def test_the_table_says_what_is_audited(given):
    experiment = parse(given())
    assert list(experiment.models) == ["model"]
    assert experiment.variants("model") == ["target", "retrain", "ga", "nothing"]
    assert experiment.groups("model") == ["target", "retrain", "ga", "nothing", "residue"]
    assert experiment.members("model", "retrain") == ["retrain", "retrain@1", "retrain@2"]
    assert experiment.members("model", "residue") == ["residue@50"]
    shadows = experiment.common.shadows
    assert (shadows.count, shadows.unlearned) == (9, 9)
    assert experiment.circuits == {}


def test_the_report_knows_it_again(given):
    experiment = parse(given())
    dump = experiment.model_dump(mode="json")
    assert parse(yaml.safe_load(as_yaml(dump))) == experiment
    known = cards(dump)
    assert [name for name, card in known.methods.items() if card.control] == ["nothing"]
    assert request(dump).words == "4 rows of the table"
    assert not request(dump).whole


def test_what_is_not_asked_is_named_with_its_reason(given):
    def names(**rows):
        raw = given({"attacks": {"su_graybox": {}}, "quality": {}}, **rows)
        dump = parse(raw).model_dump(mode="json")
        return {name: why for why, of in unasked(dump).items() for name in of}

    everything, little = names(), names(shadows=0)
    assert {"label_only", "ms_lira", "probe", "relearn", "quantum_distance"} <= everything.keys()
    assert not {"lira_online", "u_lira", "klom", "streisand"} & everything.keys()
    assert "shadow models" in little["lira_online"]
    assert "unlearned" in little["u_lira"]
    assert "su_graybox" not in little


@pytest.mark.parametrize(
    "key",
    [
        *("dataset", "forget", "models", "unlearning", "samples", "features", "shadows"),
        *("retrain", "audit", "simulation", "fleet", "devices", "sweep", "signal", "memory_gib"),
    ],
)
def test_nothing_stands_beside_that_the_table_answers(given, key):
    section = 4 if key == "memory_gib" else {}
    with pytest.raises(ConfigError, match=f"^{key}: a table of predictions takes its place"):
        parse(given({key: section}))


@pytest.mark.parametrize(
    ("changes", "rows", "words"),
    [
        ({"seeds": [0, 1, 2]}, {}, r"seeds: \[0, 1, 2\] are asked for, .* indices \[0, 1\]"),
        ({"seeds": [0, 0]}, {}, "seeds: 0 stands there twice"),
        ({"attacks": {"label_only": {}}}, {}, "attacks.label_only: needs answers on transformed"),
        ({"attacks": {"ms_lira": {}}}, {}, "attacks.ms_lira: reads what the circuit measured"),
        ({}, {"shadows": 0}, "attacks.lira_online: learns from shadow models, of which .* none"),
        ({}, {"shadows": 7}, "attacks.u_lira: needs 8 shadow models that .* the table has 7"),
        ({"quality": {"relearn": {}}}, {}, "quality.relearn: looks at the model itself"),
        ({"quality": {"klom": {}}, "attacks": {"gap": {}}}, {"shadows": 2}, "quality.klom: needs"),
        ({"quality": {"cmia": {}}}, {}, "quality.cmia: asks after whole classes only"),
        ({"predictions": {}}, {}, "predictions.path: this key is required"),
        ({"predictions": []}, {}, "predictions: must be a mapping"),
        ({"predictions": {"path": "none.csv"}}, {}, "predictions.path: none.csv: no such file"),
        ({"attacks": {}}, {}, "attacks: needs at least one"),
    ],
)
def test_what_cannot_be_asked_is_one_line(given, changes, rows, words):
    with pytest.raises(ConfigError, match=words):
        parse(given(changes, **rows))


def test_a_control_must_be_in_the_table(given):
    raw = given()
    raw["predictions"]["controls"] = ["nothin"]
    with pytest.raises(ConfigError, match=r"controls: no model 'unlearned:nothin'.*'nothing'"):
        parse(raw)
