"""A configuration names files and folders only below results/<experiment>."""

import os
import string
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from fixtures import small_config
from hypothesis import given, settings
from hypothesis import strategies as st
from qmu import paths
from qmu.config.parse import parse
from qmu.errors import ConfigError
from qmu.ibm.jobs.folder import PAID
from qmu.steps.frame import environment

FORBIDDEN = [
    "",
    ".",
    "..",
    "...",
    "../x",
    "x/../../y",
    "/x",
    "//x",
    "x/y",
    "x\\y",
    "C:x",
    "~",
    "~root",
    "-rf",
    "--cores",
    ".cache",
    ".hidden",
    " x",
    "x ",
    "x\n",
    "x\ny",
    "x\0y",
    "x\ty",
    "$HOME",
    "$(id)",
    "`id`",
    "x;y",
    "x|y",
    "x&y",
    "x*",
    "x?",
    "{seed}",
    "{",
    "%2e%2e",
    "\u2024\u2024",  # one dot leader, which some normalise to a full stop
    "\uff0e\uff0e/x",
    "x\u2215y",
    "x\u200b",
    "\u202ex",
    "\u0435x",  # a Cyrillic letter
    "e\u0301",
    "\ud800",
    "=1+1",
    "+x",
    "@x",
    "'x",
    '"x"',
    "<b>",
    "x" * 65,
    "x" * 10_000,
]


def refused(raw, key):
    with pytest.raises(ConfigError) as caught:
        parse(raw)
    text = str(caught.value)
    assert text.isprintable()
    assert text.startswith(key)


@pytest.mark.parametrize("name", FORBIDDEN, ids=ascii)
def test_experiment_names(name):
    refused(small_config() | {"experiment": name}, "experiment")


@pytest.mark.parametrize("name", FORBIDDEN, ids=ascii)
@pytest.mark.parametrize(
    ("section", "key", "component"),
    [("models", "model", "hqnn"), ("unlearning", "method", "ga"), ("attacks", "attack", "gap")],
)
def test_names_in_sections(name, section, key, component):
    raw = small_config()
    raw[section] = {**raw[section], name: {key: component}}
    refused(raw, section)


@pytest.mark.parametrize("name", FORBIDDEN, ids=ascii)
def test_names_of_devices(name):
    """They become folders, cells of the summary and, with a job, files on a shared disk."""
    device = {"kind": "simulated", "device": "default.qubit", "shots": 100}
    assert parse(small_config() | {"devices": {"noisy": device}})
    refused(small_config() | {"devices": {name: device}}, "devices")


@pytest.mark.parametrize("name", ["target", "retrain", "residue", "innocent"])
@pytest.mark.parametrize("end", ["", "_2", "_"])
def test_variants_of_qmu_are_reserved(name, end):
    method = name + end
    refused(small_config() | {"unlearning": {method: {"method": "ga"}}}, f"unlearning.{method}")


@pytest.mark.parametrize("name", ["ga@2", "@", "ga@", "retrain@1"])
def test_what_tells_members_of_a_group_apart_is_in_no_method_name(name):
    """Otherwise one method's files could be those of a state on another's path."""
    refused(small_config() | {"unlearning": {name: {"method": "ga"}}}, f"unlearning.{name}")


def templates():
    found = [PAID, *(value for value in vars(paths).values() if isinstance(value, str))]
    found += [*paths.model_tables().values(), *paths.fleet_tables(paths.SHADOWS).values()]
    return [text for text in found if "{experiment}" in text]


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(
    experiment=st.text(string.printable + "é\u2024\u202e", max_size=70),
    name=st.text(string.printable, max_size=45),
)
def test_whatever_is_accepted_stays_below_results(experiment, name):
    accepted(experiment, name)


@pytest.mark.parametrize("experiment", ["a..", "a.-_.", "0", "CON", "nul.txt", "a" * 64])
def test_odd_names_that_are_accepted_stay_below_results(experiment):
    accepted(experiment, "con")


def accepted(experiment, name):
    raw = small_config() | {"experiment": experiment}
    raw["unlearning"] = {name: {"method": "ga"}}
    raw["audit"] = {"ladder": [0.001, 100], "path": [0.001, 20], "innocents": 1}
    try:
        found = parse(raw)
    except ConfigError:
        return
    folder = Path("results") / found.common.experiment
    words = {"experiment": found.common.experiment, "seed": 0, "block": 0, "device": "noisy"}
    words["part"] = "targets"
    groups = found.groups("basic_qnn")
    members = [variant for group in groups for variant in found.members("basic_qnn", group)]
    for template in templates():
        for name in {*groups, *members}:
            path = template.format(model="basic_qnn", variant=name, group=name, **words)
            assert os.path.normpath(path) == path
            assert PurePosixPath(path).is_relative_to(folder)
            assert not PureWindowsPath(path).is_absolute()
            assert len(os.path.basename(path)) < 200


def test_an_experiment_cannot_hit_what_was_paid():
    refused(small_config() | {"experiment": PAID.removeprefix("results/")}, "experiment")


def test_an_experiment_cannot_hit_the_compilation_cache():
    assert environment.COMPILATION_CACHE.startswith("results/.")
    refused(small_config() | {"experiment": ".cache"}, "experiment")


def test_text_in_the_summary_is_never_a_formula():
    """Names start with a letter or a digit; every other text cell is one that qmu wrote."""
    for name in ("=1", "+1", "-1", "@a", "\ta", "\ra", "a,=1", 'a"=1'):
        refused(small_config() | {"experiment": name}, "experiment")
        raw = small_config() | {"attacks": {name: {"attack": "gap"}}}
        refused(raw, "attacks")
