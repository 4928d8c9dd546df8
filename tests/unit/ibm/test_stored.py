"""A prepared job survives the way through a file, and nothing else passes for one."""

import json
import pickle
from dataclasses import fields, replace

import numpy as np
import pytest
from hardware_example import backend, job
from qmu.errors import QmuError
from qmu.ibm import decode, local, stored

CHOICES = [
    {},
    {"primitive": "estimator", "options": {"resilience_level": 1}},
    {"embedding": "mps", "layers": 1, "max_infidelity": 1.0, "compact": True},
]


def same(first, second):
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and first == second


@pytest.mark.parametrize("settings", CHOICES)
def test_a_job_is_read_as_it_was_written(tmp_path, settings):
    prepared = job(**settings)
    stored.write_prepared(tmp_path / "job.json", prepared)
    read = stored.read_prepared(tmp_path / "job.json")
    for item in fields(prepared):
        first, second = getattr(prepared, item.name), getattr(read, item.name)
        if item.name == "pub":
            assert first[0] == second[0]
            assert first[0].parameters == second[0].parameters
            first, second = first[1:], second[1:]
            if prepared.primitive == "estimator":
                first = (*first[:-1], float(first[-1]))
        assert same(first, second), item.name


@pytest.mark.parametrize("settings", CHOICES)
def test_a_job_that_was_read_gives_the_same_counts(tmp_path, settings):
    prepared = job(**settings)
    stored.write_prepared(tmp_path / "job.json", prepared)
    read = stored.read_prepared(tmp_path / "job.json")
    results = [
        local.run(one, backend(), np.random.default_rng(3))[0].data for one in (prepared, read)
    ]
    if prepared.primitive == "sampler":
        assert np.array_equal(results[0].meas.array, results[1].meas.array)
    else:
        assert np.array_equal(results[0].evs, results[1].evs)
    result = local.run(read, backend(), np.random.default_rng(3))
    for one, other in zip(
        decode.expectations(result, read), decode.expectations(result, prepared), strict=True
    ):
        assert np.array_equal(one, other)


def test_the_same_job_is_the_same_file(tmp_path):
    stored.write_prepared(tmp_path / "one", job())
    stored.write_prepared(tmp_path / "two", stored.read_prepared(tmp_path / "one"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    json.loads((tmp_path / "one").read_text())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def _resealed(path, change):
    """The file with changed content and the checksum that belongs to it."""
    found = json.loads(path.read_text())
    change(found["content"])
    found["sha256"] = stored._sha256(json.dumps(found["content"]))
    path.write_text(json.dumps(found))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-20], "no JSON"),
        (lambda text: "[]", "not a prepared job"),
        (lambda text: '{"header": {}}', "not a prepared job"),
        (lambda text: text.replace('"version": 1', '"version": 7'), "format version 7, not 1"),
        (lambda text: text.replace('"shots": 300', '"shots": 301'), "does not match its checksum"),
    ],
)
def test_a_damaged_or_foreign_file_is_named(tmp_path, change, message):
    path = tmp_path / "job.json"
    stored.write_prepared(path, job())
    path.write_text(change(path.read_text()))
    with pytest.raises(QmuError, match=rf"job\.json: .*{message}"):
        stored.read_prepared(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(QmuError, match=r"job\.json: no such file"):
        stored.read_prepared(tmp_path / "job.json")
    with pytest.raises(QmuError, match=r"cannot be read \(Is a directory\)"):
        stored.read_prepared(tmp_path)


def test_parts_that_do_not_belong_together_are_refused(tmp_path):
    prepared = job()
    stored.write_prepared(tmp_path / "job.json", replace(prepared, samples=3))
    with pytest.raises(QmuError, match="do not fit 3 samples"):
        stored.read_prepared(tmp_path / "job.json")
    stored.write_prepared(tmp_path / "job.json", prepared)
    _resealed(tmp_path / "job.json", lambda content: content.pop("bits"))
    with pytest.raises(QmuError, match="KeyError: 'bits'"):
        stored.read_prepared(tmp_path / "job.json")


class Bomb:
    """Fails the test when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    import base64
    import io
    import zlib

    path = tmp_path / "job.json"
    stored.write_prepared(path, job())
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    array = base64.b64encode(zlib.compress(buffer.getvalue())).decode()
    for content, message in (
        ({"__type__": "ndarray", "__value__": array}, "allow_pickle=False"),
        ({"__type__": "spmatrix", "__value__": array}, "a value of the kind 'spmatrix'"),
    ):
        stored.write_prepared(path, job())
        _resealed(path, lambda found, content=content: found.update(masks=content))
        with pytest.raises(QmuError, match=message):
            stored.read_prepared(path)

    def refuse(*arguments, **more):
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    stored.write_prepared(path, job())
    assert stored.read_prepared(path).samples == 4
