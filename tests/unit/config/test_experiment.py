"""Configurations that run, and how a valid one becomes what the jobs are given."""

import os
from pathlib import Path

import pytest
import yaml
from fixtures import small_config
from qmu import registry, variants
from qmu.config.experiment import Common
from qmu.config.parse import SECTIONS, _section, parse
from qmu.errors import ConfigError
from qmu.plan import data

ROOT = Path(__file__).parents[3]


def test_the_default_configuration_runs():
    experiment = parse(yaml.safe_load((ROOT / "config.yaml").read_text()))
    for model in experiment.models:
        found = experiment.variants(model)
        assert found == ["target", "retrain", "logit_mask", "ga", "ssd", "rga"]
    assert (experiment.forget.component, experiment.forget.settings) == ("class", {"label": 4})
    assert list(experiment.models) == ["basic_qnn", "hqnn"]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda f: f.stem
)
def test_ready_made_experiments_run(file, monkeypatch):
    monkeypatch.chdir(ROOT)
    raw = yaml.safe_load(file.read_text())
    if not os.path.exists(raw.get("dataset", {}).get("path", ".")):
        # Data of the user's, which are not here.
        raw["dataset"]["path"] = str(ROOT)
    assert parse(raw).common.experiment


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": [7]},
        {"root_seed": 2**63 - 1},
        {"forget": {"label": 0}},
        {"models": {"basic_qnn": {"layers": 0}}},
        {"models": {"hqnn": {"qubits": 2, "layers": 0}}},
        {"models": {"hqnn": None}},
        {"models": {"wide": {"model": "hqnn", "qubits": 10}, "hqnn": {}}},
        {"unlearning": {"logit_mask": None}},
        {"unlearning": {f"ga_{n}": {"method": "ga", "step_length": 0.1 * n} for n in range(1, 4)}},
        {"unlearning": {"ssd": {"alphas": [3]}}},
        {"unlearning": {"rga": {"weight": 0}}},
        {"samples": {"train": 100, "test": 1, "validation": 1}},
        {"samples": {"train": 2000, "test": 1000, "validation": 1000}},
        {"features": {"public": 256}},
        {"features": {"public": 1, "components": 1}},
        {"features": {"pool": None}},
        {"features": {"pool": 2000}},
        {"retrain": {"ensemble": 2}},
        {"audit": {"ladder": [0.5, 100], "path": [0.1, 20], "innocents": 4}},
        {"unlearning": {"residues": {"method": "ga"}, "targeted": {"method": "ga"}}},
        {"unlearning": {"ga": {"stopping": {"forget_loss": 1.0, "path": False}}}},
        {"shadows": {"count": 2, "block": 512}},
        {"fleet": {"width": 1}},
        {"simulation": {"device": "default.qubit", "precision": "single"}},
        {"evaluation": {"bootstrap": 100, "confidence": 0.99}},
        {"dataset": {"name": "mnist_full", "openml": True}, "features": {"fit_on": "all_training"}},
        {"memory_gib": 1},
        {"experiment": "A-1_b.c"},
    ],
    ids=str,
)
def test_configurations_at_the_edge_run(change):
    experiment = parse(small_config() | change)
    assert data.pool(experiment).root_seed == experiment.common.root_seed


# Data set -> changes that fit its size, and numbers per row of the pool.
SMALL_SETS = {
    "iris": ({"public": 30}, {"train": 40, "test": 20, "validation": 10}, 4),
    "wine": ({"public": 30}, {"train": 50, "test": 30, "validation": 20}, 13),
    "breast_cancer": ({"public": 60}, {"train": 200, "test": 80, "validation": 40}, 30),
    "digits": ({"public": 300}, {"train": 500, "test": 200, "validation": 100}, 64),
    "covertype": ({"pool": 5000, "components": 4}, {"train": 500}, 4),
    "clients": ({"public": 100}, {"train": 300, "test": 100, "validation": 50}, 4),
}


@pytest.mark.parametrize("name", SMALL_SETS)
def test_a_table_is_taken_as_it_is_and_scaled(name):
    features, samples, width = SMALL_SETS[name]
    raw = small_config() | {
        "dataset": {"name": name},
        "forget": {"label": 1},
        "features": features,
        "samples": samples,
        "models": {"basic_qnn": {"qubits": 6, "layers": 1, "training": {"batch_size": 10}}},
    }
    experiment = parse(raw)
    spec = data.pool(experiment)
    assert experiment.width("basic_qnn") == width
    assert (spec.components, spec.scale) == (features.get("components"), "minmax")
    assert parse(raw | {"features": features | {"scale": "none"}}).common.features.scale == "none"


def test_images_are_projected_by_default():
    experiment = parse(small_config() | {"models": {"basic_qnn": {}, "hqnn": {}}})
    spec = data.pool(experiment)
    assert (spec.components, spec.scale, spec.content) == (256, "none", "")
    assert (experiment.width("basic_qnn"), experiment.width("hqnn")) == (256, 784)


def table_config(**dataset):
    path = ROOT / "tests" / "examples" / "patients.csv"
    return small_config() | {
        "dataset": {"name": "table", "path": str(path), "label": "outcome"} | dataset,
        "forget": {"label": 1},
        "features": {"public": 10},
        "samples": {"train": 20, "test": 10, "validation": 5},
        "models": {"basic_qnn": {"qubits": 2, "layers": 1, "training": {"batch_size": 5}}},
    }


def states_config(**features):
    return {"dataset": {"name": "xxz"}, "features": {"public": 10} | features}


def test_a_table_of_the_users_own(tmp_path):
    experiment = parse(table_config(id="patient", group="clinic"))
    assert experiment.width("basic_qnn") == 3
    assert experiment.data.labels == ("ill", "well")
    assert data.pool(experiment).dataset.settings["group"] == ["clinic"]
    copy = tmp_path / "copy.csv"
    copy.write_text(Path(table_config()["dataset"]["path"]).read_text().replace("P001,", "P000,"))
    digests = {data.pool(parse(table_config(path=path))).content for path in (str(copy), str(copy))}
    assert len(digests) == 1
    assert data.pool(experiment).content not in digests


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (table_config(label="outcom"), "dataset.label: no column 'outcom' in "),
        (table_config(path="/no/such"), "dataset.path: /no/such: no such file or folder"),
        (table_config(path=str(ROOT)), f"dataset.path: {ROOT}: a folder, and no file"),
        (table_config(id="clinic"), "column 'clinic', row 3 (line 5): the id 'north' is row 0's"),
        ({"dataset": {"name": "iris"}}, "features.public: 1000 leaves nothing of 150"),
        (states_config(components=4), "features.components: xxz holds states"),
        (states_config(scale="minmax"), "features.scale: xxz holds states"),
    ],
    ids=range(7),
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_told_before_any_job(change, words):
    with pytest.raises(ConfigError) as caught:
        parse(small_config() | change)
    assert words in str(caught.value)


def test_nothing_but_training_may_read_members_of_a_private_model():
    """Principal components fitted on members would be outside what is promised."""
    raw = small_config() | {
        "dataset": {"name": "mnist_full", "openml": True},
        "models": {"basic_qnn": {"training": {"private": {}}}},
    }
    private = parse(raw).models["basic_qnn"].settings["training"]["private"]
    assert private == {"clip": 1.0, "noise": 1.1, "delta": 1e-5}
    with pytest.raises(
        ConfigError, match=r"^models\.basic_qnn\.training\.private: promises nothing"
    ):
        parse(raw | {"features": {"fit_on": "all_training"}})


def test_defaults_of_components_reach_the_settings():
    experiment = parse(small_config())
    training = experiment.models["basic_qnn"].settings["training"]
    assert training["loss"] == "bce_sum"
    assert training["optimizer"] == "nesterov"
    assert experiment.unlearning["ga"].settings["stopping"]["max_steps"] == 400


def test_a_section_given_in_part_changes_only_what_it_gives():
    """Only the keys given differ from the model's own recipe."""
    raw = small_config() | {"models": {"basic_qnn": {"training": {"epochs": 2}}}}
    training = parse(raw).models["basic_qnn"].settings["training"]
    default = registry.load("models", "basic_qnn").Config().training.model_dump()
    assert training == default | {"epochs": 2}


def test_a_name_may_stand_for_another_component():
    raw = small_config() | {"unlearning": {"strong": {"method": "ga", "step_length": 0.05}}}
    entry = parse(raw).unlearning["strong"]
    assert (entry.component, entry.settings["step_length"]) == ("ga", 0.05)
    assert "method" not in entry.settings


# Component -> the keys that it has no default for.
NEEDED = {"qnode": {"file": str(ROOT / "experiments" / "own_model.py")}}


@pytest.mark.parametrize("section", SECTIONS)
def test_settings_survive_the_way_through_the_spec(section):
    kind = SECTIONS[section][0]
    # By themselves: no data set fits all models.
    given = {name: NEEDED.get(name, {}) for name in registry.names(kind)}
    for entry in _section(section, given).values():
        module = registry.load(kind, entry.component)
        config = module.Config(**entry.settings)
        assert config == module.Config(**NEEDED.get(entry.component, {}))
        assert config.model_dump(mode="json") == entry.settings


def test_parsing_changes_nothing_of_what_it_is_given():
    raw = small_config()
    parse(raw)
    assert raw == small_config()


def test_an_experiment_cannot_be_edited():
    experiment = parse(small_config())
    with pytest.raises(ValueError, match="frozen"):
        experiment.common.root_seed = 1


def test_every_default_is_valid_by_itself():
    assert Common(experiment="x", seeds=[0]).samples.train == 1000


def test_an_empty_file_and_no_mapping():
    with pytest.raises(ConfigError, match="experiment: this key is required"):
        parse({})
    for nothing in (None, [], "config", 3):
        with pytest.raises(ConfigError, match="must be a mapping"):
            parse(nothing)


def test_groups_are_made_of_variants_and_every_variant_is_in_one():
    raw = small_config() | {
        "models": {"basic_qnn": {}, "hqnn": {}},
        "unlearning": {"ga": {}, "logit_mask": {}, "ga_two": {"method": "ga"}},
        "audit": {"ladder": [2.5, 100], "path": [0.5, 2], "innocents": 2},
        "retrain": {"ensemble": 2},
    }
    experiment = parse(raw)
    methods = ["target", "retrain", *raw["unlearning"]]
    assert experiment.variants("hqnn") == methods
    groups = experiment.groups("hqnn")
    assert groups == [*methods, "residue", "innocent"]
    members = {name: experiment.members("hqnn", name) for name in groups}
    assert members["target"] == ["target"]
    assert members["retrain"] == ["retrain", "retrain@1", "retrain@2"]
    assert members["ga_two"] == ["ga_two", "ga_two@0.5", "ga_two@2"]
    assert members["logit_mask"] == ["logit_mask"]
    assert members["residue"] == ["residue@2.5", "residue@100"]
    assert len(members["innocent"]) == 2 * len(variants.EDITS)
    for name, found in members.items():
        assert {variants.group(one) for one in found} == {name}
    everything = [one for found in members.values() for one in found]
    assert len(set(everything)) == len(everything)


def test_what_is_not_asked_for_is_no_group():
    experiment = parse(small_config())
    assert experiment.groups("basic_qnn") == ["target", "retrain", "ga"]
    assert experiment.members("basic_qnn", "ga") == ["ga"]
    assert experiment.members("basic_qnn", "innocent") == []


@pytest.mark.parametrize(
    ("model", "settings", "edits"),
    [
        ("basic_qnn", {}, ["bias", "temperature", "head", "turn"]),
        ("mlp", {}, ["bias", "temperature", "head"]),
        ("angle_hybrid", {}, ["bias", "temperature", "turn"]),
        ("qcnn", {}, ["bias", "temperature", "head", "turn"]),
        ("reupload_vqc", {"qubits": 10}, ["turn"]),
    ],
)
def test_a_model_is_edited_where_it_has_what_an_edit_changes(model, settings, edits):
    """Angles to turn, biases of classes, a head of one dense layer."""
    raw = small_config() | {"audit": {"innocents": 1}, "models": {model: settings}}
    if model == "reupload_vqc":
        raw["features"] = {"components": 10}
    experiment = parse(raw)
    assert experiment.members(model, "innocent") == [f"innocent_{edit}@1" for edit in edits]


def test_models_with_the_same_edits_share_them():
    raw = small_config() | {
        "audit": {"innocents": 2},
        "models": {"mlp": {}, "hqnn": {}, "control": {"model": "mlp"}, "qcnn": {}},
    }
    edited = parse(raw).edited
    assert list(edited.values()) == [["mlp", "control"], ["hqnn", "qcnn"]]
    assert [len(names) for names in edited] == [6, 8]
    assert parse(raw | {"audit": {}}).edited == {}
