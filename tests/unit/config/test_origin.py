"""Where keys come from: whole files, and overrides that would replace finished results."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from fixtures import small_config
from qmu.config.origin import REQUIRED, check_origin, merged, refuse_replacing, require_whole
from qmu.config.parse import parse
from qmu.errors import ConfigError

RAW = {**small_config(), "forget": {"kind": "class", "label": 4}}
NAME = RAW["experiment"]


def finish(results, raw):
    """Leave the manifest that a finished run of a configuration leaves."""
    config = parse(raw).model_dump(mode="json")
    folder = results / config["common"]["experiment"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"config": config, "seeds": [0]}))


@pytest.mark.parametrize("key", REQUIRED)
def test_the_parser_requires_what_is_named_as_required(key):
    with pytest.raises(ConfigError, match=f"^{key}: "):
        parse({name: value for name, value in RAW.items() if name != key})


def test_the_parser_requires_nothing_else():
    parse({key: RAW[key] for key in (*REQUIRED, "dataset", "samples", "features") if key in RAW})


def test_a_file_with_a_few_keys_is_refused_with_all_that_it_lacks():
    with pytest.raises(ConfigError) as caught:
        require_whole({"seeds": [0], "attacks": {}}, ["seeds.yaml"])
    assert str(caught.value).startswith(
        "seeds.yaml: lacks experiment, forget, models, unlearning; "
    )
    require_whole(RAW, ["whole.yaml"])


def test_several_files_and_overrides_are_whole_together():
    config = copy.deepcopy(RAW)
    check_origin(config, ["first.yaml", "second.yaml"], {}, starting=False)
    config.pop("seeds")
    with pytest.raises(ConfigError, match=r"first\.yaml, second\.yaml: lacks seeds;"):
        check_origin(config, ["first.yaml", "second.yaml"], {})


def test_without_finished_results_anything_may_be_overridden(tmp_path):
    refuse_replacing(RAW, {"forget": {"kind": "class", "label": 7}}, tmp_path)
    (tmp_path / NAME).mkdir()
    refuse_replacing(RAW, {"forget": {"kind": "class", "label": 7}}, tmp_path)


def test_an_override_that_would_replace_finished_results_is_refused(tmp_path):
    finish(tmp_path, RAW)
    with pytest.raises(ConfigError) as caught:
        refuse_replacing(RAW, {"forget": {"kind": "class", "label": 7}}, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"forget.label (4, now 7): {tmp_path / NAME} holds finished results")
    assert "--config experiment=NAME" in message
    assert "overwrite=true" in message


def test_overrides_of_a_component_are_named_by_their_keys(tmp_path):
    finish(tmp_path, RAW)
    override = {"unlearning": {"ga": {"step_length": 0.5}, "strong": {"method": "ga"}}}
    with pytest.raises(ConfigError) as caught:
        refuse_replacing(RAW, override, tmp_path)
    assert "unlearning.ga.step_length (" in str(caught.value)
    assert "unlearning.strong (not there, now " in str(caught.value)


ALLOWED = {
    "another name": {"forget": {"kind": "class", "label": 7}, "experiment": "seven"},
    "the value of the finished results": {"forget": {"kind": "class", "label": 4}},
    "a limit of memory": {"memory_gib": 6.5},
    "nothing": {},
}


@pytest.mark.parametrize("overrides", ALLOWED.values(), ids=ALLOWED)
def test_overrides_that_replace_nothing_are_allowed(tmp_path, overrides):
    finish(tmp_path, RAW)
    refuse_replacing(RAW, overrides, tmp_path)


def test_patience_and_price_of_a_device_may_be_overridden(tmp_path):
    device = {"kind": "ibm", "backend": "ibm_torino", "job": {"max_total_seconds": 1e6}}
    raw = {**RAW, "devices": {"qpu": device}}
    finish(tmp_path, raw)
    for change in ({"waiting": {"outage_seconds": 9.0}}, {"job": {"max_total_seconds": 2e6}}):
        refuse_replacing(raw, {"devices": {"qpu": change}}, tmp_path)
    with pytest.raises(ConfigError, match=r"^devices\.qpu\.shots \(4096, now 10\)"):
        refuse_replacing(raw, {"devices": {"qpu": {"shots": 10}}}, tmp_path)


def test_the_same_overrides_a_second_time_are_no_change(tmp_path):
    finish(tmp_path, {**RAW, "forget": {"kind": "class", "label": 7}})
    refuse_replacing(RAW, {"forget": {"kind": "class", "label": 7}}, tmp_path)
    with pytest.raises(ConfigError, match=r"^forget.label \(7, now 3\)"):
        refuse_replacing(RAW, {"forget": {"kind": "class", "label": 3}}, tmp_path)


def test_an_edited_file_is_never_refused(tmp_path):
    """Beside an override that changes nothing, too."""
    finish(tmp_path, RAW)
    refuse_replacing(
        {**RAW, "forget": {"kind": "class", "label": 7}}, {"memory_gib": 6.5}, tmp_path
    )
    refuse_replacing({**RAW, "forget": {"kind": "class", "label": 7}}, {"root_seed": 0}, tmp_path)


def test_the_name_of_another_finished_experiment_is_refused(tmp_path):
    finish(tmp_path, {**RAW, "experiment": "other", "forget": {"kind": "class", "label": 7}})
    with pytest.raises(ConfigError, match=r"^forget.label \(7, now 4\): .*other holds finished"):
        refuse_replacing(RAW, {"experiment": "other"}, tmp_path)
    refuse_replacing(
        RAW, {"experiment": "other", "forget": {"kind": "class", "label": 7}}, tmp_path
    )


def test_what_is_invalid_is_for_the_parser(tmp_path):
    finish(tmp_path, RAW)
    refuse_replacing(RAW, {"forget": {"kind": "class", "label": "seven"}}, tmp_path)
    lacking = {key: value for key, value in RAW.items() if key != "seeds"}
    with pytest.raises(ConfigError, match=r"^seeds \(\[0\], now \[5\]\)"):
        refuse_replacing(lacking, {"seeds": [5]}, tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"config": 3}'])
def test_a_manifest_that_cannot_be_read_refuses_nothing(tmp_path, text):
    finish(tmp_path, RAW)
    (tmp_path / NAME / "manifest.json").write_text(text)
    refuse_replacing(RAW, {"forget": {"kind": "class", "label": 7}}, tmp_path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with config.yaml and its finished results."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(RAW))
    finish(tmp_path / "results", RAW)
    return tmp_path


def test_the_command_line_as_snakemake_merges_it(project):
    config = {**copy.deepcopy(RAW), "forget": {"kind": "class", "label": 7}}
    with pytest.raises(ConfigError, match=r"^forget.label"):
        check_origin(config, [], {"forget": {"kind": "class", "label": 7}})
    with pytest.raises(ConfigError, match=r"^forget.label"):
        check_origin(config, [project / "config.yaml"], {"forget": {"kind": "class", "label": 7}})
    # A job of a run that was allowed reads everything again.
    check_origin(config, [], {"forget": {"kind": "class", "label": 7}}, starting=False)


@pytest.mark.parametrize("word", [True, "true", "True"])
def test_overwriting_is_a_word_on_the_command_line(project, word):
    config = {**copy.deepcopy(RAW), "forget": {"kind": "class", "label": 7}, "overwrite": word}
    check_origin(config, [], {"forget": {"kind": "class", "label": 7}, "overwrite": word})
    assert "overwrite" not in config


def test_overwriting_is_true_or_false_and_stands_in_no_file(project):
    with pytest.raises(ConfigError, match=r"^overwrite: must be true or false, found 'yess'"):
        check_origin({**RAW, "overwrite": "yess"}, [], {"overwrite": "yess"})
    with pytest.raises(ConfigError, match=r"^overwrite: belongs to the command line"):
        check_origin({**RAW, "overwrite": True}, [], {})


def test_later_files_stand_on_top_of_earlier_ones(tmp_path):
    for name, text in (("a", "x: {y: 1, z: 2}\n"), ("b", "x: {y: 3}\nw: 4\n"), ("c", "")):
        (tmp_path / name).write_text(text)
    files = [tmp_path / name for name in ("a", "b", "c", "gone")]
    assert merged(files) == {"x": {"y": 3, "z": 2}, "w": 4}


def test_lists_and_mappings_of_the_command_line_get_the_types_of_a_file():
    """Snakemake keeps their text: it reads them by YAML's base loader."""
    given = {
        "seeds": ["0", "1"],
        "forget": {"kind": "class", "label": "7"},
        "memory_gib": 2.5,
        "experiment": "x1",
        "unlearning": {"ga": {"step_length": "0.5"}, "ssd": "null", "name": "1a"},
    }
    config = {**RAW, "unlearning": {"ga": {"batch_size": 8}}, **{"forget": {"label": 4}}}
    check_origin(config, [], given, starting=False)
    assert config["seeds"] == [0, 1]
    assert config["forget"] == {"label": 7, "kind": "class"}
    assert config["unlearning"] == {
        "ga": {"batch_size": 8, "step_length": 0.5},
        "ssd": None,
        "name": "1a",
    }
    assert (config["memory_gib"], config["experiment"]) == (2.5, "x1")
