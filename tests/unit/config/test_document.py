"""Configuration files as text: no key twice, in YAML and in JSON."""

from __future__ import annotations

import json

import pytest
import yaml
from qmu.config.document import RepeatedKey, parse
from qmu.config.file import fault

TWICE = [
    ("seeds: [0]\nforget_class: 4\nseeds: [1]\n", "seeds: stands twice, in lines 1 and 3"),
    ("models:\n  hqnn: {}\n  hqnn: {layers: 3}\n", "hqnn: stands twice, in lines 2 and 3"),
    ("samples: {train: 1, test: 2, train: 3}\n", "train: stands twice, in line 1"),
    ('experiment: a\n"experiment": b\n', "experiment: stands twice, in lines 1 and 2"),
    ("1: a\n0x1: b\n", "1: stands twice, in lines 1 and 2"),
    ("? {train: 1, train: 2}\n: 3\n", "train: stands twice, in line 1"),
    ('{"seeds": [0],\n"seeds": [1]}', "seeds: stands twice, in lines 1 and 2"),
    ('{\t"samples": {"train": 1,\n\n\t"train": 2}}', "train: stands twice, in lines 1 and 3"),
    ('[{"a": 1, "a": 2}]', "a: stands twice, in line 1"),
]


@pytest.mark.parametrize(("text", "message"), TWICE)
def test_a_key_that_stands_twice_is_named_with_its_lines(text, message):
    with pytest.raises(RepeatedKey) as caught:
        parse(text)
    assert str(caught.value) == message


def test_a_json_file_that_yaml_cannot_read_names_the_key_alone():
    key = "k" * 2000  # YAML's plain keys have at most 1,024 characters
    with pytest.raises(RepeatedKey, match=r"^a: stands twice in one mapping$"):
        parse(f'{{"{key}": 1, "a": 1, "a": 2}}')


ONCE = [
    "a: {x: 1}\nb: {x: 1}\n",
    "base: &base {x: 1, y: 2}\nother:\n  <<: *base\n  x: 3\n",
    "a: [{x: 1}, {x: 2}]\n",
    "a: &self\n  b: 1\nc: *self\nd: *self\n",
    "yes: 1\nno: 2\n",
]


@pytest.mark.parametrize("text", ONCE)
def test_what_stands_once_reads_as_yaml_reads_it(text):
    assert parse(text) == yaml.safe_load(text)


def test_json_reads_as_json():
    text = '{"a": {"b": [1, 2.5e3, null]}, "c": {"b": true}}'
    assert parse(text) == json.loads(text)


def test_the_fault_of_a_file_names_key_and_lines(tmp_path):
    file = tmp_path / "twice.yaml"
    file.write_text("experiment: a\nunlearning:\n  ga: {}\n\nunlearning:\n  ssd: {}\n")
    assert fault(file) == "unlearning: stands twice, in lines 2 and 5; keep one of them"


@pytest.mark.parametrize("text", ["[1]", "- a\n", "word\n", "3"])
def test_a_file_without_keys_is_refused(tmp_path, text):
    (tmp_path / "list.yaml").write_text(text)
    assert fault(tmp_path / "list.yaml") == "holds no mapping of keys to values"
