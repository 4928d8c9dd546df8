"""The configuration of IBM devices: every mistake is one line with its key."""

from __future__ import annotations

import math

import pytest
from fixtures import small_config
from qmu.config.parse import parse
from qmu.devices.kinds.ibm import Config
from qmu.errors import ConfigError

# The default images and shots cost more than the default budget.
DEVICE = {"kind": "ibm", "backend": "ibm_torino", "job": {"max_total_seconds": 1e6}}


def configured(**changes):
    """The smallest experiment with one IBM device."""
    config = small_config()
    config["devices"] = {"qpu": {**DEVICE, **changes}}
    return parse(config)


# (changed keys, start of the message, words in it)
WRONG = [
    ({"backend": None}, "devices.qpu.backend", ""),
    ({"backend": "ibm torino"}, "devices.qpu.backend", ""),
    ({"backend": "../x"}, "devices.qpu.backend", ""),
    ({"bakend": "x"}, "devices.qpu.bakend", "Did you mean 'backend'?"),
    ({"shotz": 1}, "devices.qpu.shotz", "Did you mean 'shots'?"),
    ({"shots": 0}, "devices.qpu.shots", "must be greater than or equal to 1"),
    ({"shots": 1.5}, "devices.qpu.shots", "integer"),
    ({"primitive": "samplr"}, "devices.qpu.primitive", "'sampler'"),
    ({"embedding": "exact"}, "devices.qpu.embedding", "'mps'"),
    ({"embedding": "tree", "layers": 2}, "devices.qpu", "layers belongs to embedding 'mps'"),
    ({"max_infidelity": 1.5}, "devices.qpu.max_infidelity", "less than or equal to 1"),
    ({"images": {"trian": 3}}, "devices.qpu.images.trian", "Did you mean 'train'?"),
    ({"images": {"test": 1}}, "devices.qpu.images", "train and test need at least 2"),
    ({"job": {"mode": "bach"}}, "devices.qpu.job.mode", "'batch'"),
    ({"job": {"max_total_seconds": 0}}, "devices.qpu.job.max_total_seconds", "greater than 0"),
    ({"job": {"max_execution_time": 0}}, "devices.qpu.job.max_execution_time", ""),
    ({"job": {"token": "secret"}}, "devices.qpu.job.token", "unknown key 'token'"),
    ({"token": "secret"}, "devices.qpu.token", "unknown key 'token'"),
    ({"waiting": {"patience": 3}}, "devices.qpu.waiting.patience", "unknown key"),
    ({"waiting": {"outage_seconds": -1}}, "devices.qpu.waiting.outage_seconds", "greater than 0"),
    ({"options": {"resilience_level": 1}}, "devices.qpu", "resilience_level"),
    ({"options": {"resilience_level": 1}}, "devices.qpu", "not an option of the sampler"),
    ({"options": {"environment": {"private": True}}}, "devices.qpu", "a private job is refused"),
    ({"options": {"twirlin": {}}}, "devices.qpu", "twirling"),
    ({"backend": "fake_torino", "options": {"twirling": {"enable_gates": True}}},
     "devices.qpu", "is simulated without twirling"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "key", "words"), WRONG)
def test_a_mistake_is_one_line_with_its_key(changes, key, words):
    """The key stands first, a hint follows."""
    with pytest.raises(ConfigError) as caught:
        configured(**changes)
    message = str(caught.value)
    assert message.startswith(key), message
    assert words in message, message
    assert "\n" not in message


def test_a_corrected_device_needs_a_device_with_validation_images():
    """Its source is named, and has enough of them."""
    config = small_config()
    config["devices"] = {"qpu": {**DEVICE}, "better": {"kind": "corrected", "of": "qpuu"}}
    with pytest.raises(ConfigError, match=r"^devices\.better\.of: .*'qpuu'.*Did you mean 'qpu'"):
        parse(config)
    config["devices"]["better"]["of"] = "qpu"
    parse(config)
    config["devices"]["qpu"]["images"] = {"validation": 3}
    with pytest.raises(ConfigError, match=r"^devices\.qpu\.images\.validation: devices\.better"):
        parse(config)


@pytest.mark.parametrize(
    ("name", "fake"), [("fake_torino", True), ("FakeManila", True), ("ibm_fake", False)]
)
def test_fake_backends_are_known_by_their_name(name, fake):
    """Nothing is sent for those."""
    assert Config(backend=name).fake is fake


def test_a_partial_section_keeps_the_other_defaults():
    """A section that names one key changes one key."""
    device = Config(backend="ibm_torino", images={"train": 7}, waiting={"outage_seconds": 5.0})
    assert device.images.train == 7
    assert device.images.test == Config(backend="x1").images.test
    assert device.waiting.max_wait_seconds == Config(backend="x1").waiting.max_wait_seconds


@pytest.mark.parametrize("shots", [1, 4096, 100_000, 1_000_000])
def test_jobs_hold_no_more_than_ibm_admits(shots):
    """Ten million executions in a job."""
    device = Config(backend="ibm_torino", shots=shots)
    most = math.ceil(device.images.most() / device.parts())
    assert most * shots <= 10_000_000
    assert device.parts() == 1 or (device.parts() - 1) * 10_000_000 < device.images.most() * shots
