"""What is known about backends at planning, against IBM's client and against real estimates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hardware_example import CIRCUIT, backend, job
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.errors import ConfigError
from qmu.ibm import known
from qmu.ibm.jobs.folder import PAID
from qmu.ibm.settings import Settings

WHERE = "devices.qpu"
WIDE = u3_cnot_ring.circuit(8, 1)


def work(circuit=WIDE, repetitions=1, images=10, parts=1):
    return known.Work({"hqnn": circuit}, repetitions, images, parts)


def complaint(name, circuit=WIDE, limit=1e9, settings=None, **asked):
    """The message of the check, None where it passes."""
    try:
        known.check(WHERE, name, settings or Settings(), work(circuit, **asked), limit)
    except ConfigError as error:
        return str(error)
    return None


def test_every_record_says_what_the_client_says():
    from qiskit_ibm_runtime import fake_provider

    names = [n for n in dir(fake_provider) if n.startswith("Fake") and "Provider" not in n]
    assert len(names) > 50
    for name in names:
        record = known.recorded(name)
        assert record is not None, name
        assert known.recorded(record.fake_name) == record
    for name in ("FakeTorino", "FakeManilaV2", "FakePeekskill", "FakeArmonkV2"):
        fake, record = getattr(fake_provider, name)(), known.recorded(name)
        assert record.qubits == fake.num_qubits
        assert record.repetition_delay == pytest.approx(getattr(fake, "default_rep_delay", None))


@pytest.mark.parametrize("name", ["fake_manila", "FakeManila", "FakeManilaV2", "fakemanila_v2"])
def test_a_fake_backend_is_known_by_every_name_that_opens_it(name):
    from qmu.ibm import backends

    assert backends.backend(name).num_qubits == known.recorded(name).qubits == 5


def test_a_mistyped_fake_backend_gets_the_nearest_name():
    for name, near in (("fake_torinoo", "fake_torino"), ("FakeManilla", "fake_manila")):
        assert complaint(name) == (
            f"devices.qpu.backend: no fake backend is named {name!r}. Did you mean {near!r}?"
        )
    assert "Valid: fake_algiers, " in complaint("fake0123456789")


def test_a_backend_that_is_too_small_is_named_with_the_model():
    line = "devices.qpu.backend: {} has 5 qubits, the circuit of models.hqnn needs 8"
    for name in ("fake_manila", "FakeLimaV2", "ibmq_manila"):
        assert complaint(name) == line.format(name)
    assert complaint("fake_manila", CIRCUIT) is None
    assert complaint("fake_torino") is None


def test_a_real_backend_without_a_record_is_left_to_ibm():
    assert known.recorded("ibm_nowhere") is None
    assert complaint("ibm_nowhere", u3_cnot_ring.circuit(12, 1)) is None


def test_work_above_the_limit_is_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings(shots=1000)
    # 12 jobs of 100 images x 1,000 shots x 250 us, and two seconds for each.
    message = complaint("ibm_torino", limit=323, settings=settings, repetitions=12, images=100)
    assert message.startswith(
        "devices.qpu.job.max_total_seconds: the jobs on ibm_torino take 324 s of QPU time or more "
        "(12 jobs, 100 images of each model, seed and variant, 1,000 shots), 323 is allowed"
    )
    asked = {"settings": settings, "repetitions": 12, "images": 100}
    assert complaint("ibm_torino", limit=324, **asked) is None
    assert complaint("ibm_nowhere", limit=323, **asked) is not None
    assert complaint("fake_torino", limit=1, **asked) is None  # nothing is paid


@pytest.mark.parametrize(
    ("name", "options", "parts", "seconds"),
    [
        ("ibm_torino", {}, 1, 100 * 1000 * 250e-6 + 2),
        ("ibm_torino", {}, 5, 100 * 1000 * 250e-6 + 10),
        ("ibm_torino", {"execution": {"rep_delay": 1e-5}}, 1, 3),
        ("ibm_torino", {"resilience_level": 2}, 1, 3 * 25 + 2),
        ("ibm_peekskill", {}, 1, 100 * 1000 * 200e-6 + 2),
        ("ibm_prague", {}, 1, 27),  # its record has no delay
    ],
)
def test_seconds_follow_the_record_and_the_options(
    tmp_path, monkeypatch, name, options, parts, seconds
):
    monkeypatch.chdir(tmp_path)
    estimator = "resilience_level" in options
    primitive = "estimator" if estimator else "sampler"
    settings = Settings(shots=1000, options=options, primitive=primitive)
    least = known.least_seconds(name, settings, work(images=100, parts=parts))
    assert least == pytest.approx(seconds)


@pytest.mark.parametrize("primitive", ["sampler", "estimator"])
def test_no_estimate_of_a_prepared_job_is_smaller(tmp_path, monkeypatch, primitive):
    prepared = job(primitive=primitive)
    monkeypatch.chdir(tmp_path)
    settings = Settings(shots=prepared.shots, primitive=primitive)
    least = known.least_seconds(backend().name, settings, work(CIRCUIT, images=prepared.samples))
    assert 0.5 * prepared.cost.qpu_seconds < least <= prepared.cost.qpu_seconds


def test_what_was_paid_is_taken_off(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = {"settings": Settings(shots=1000), "repetitions": 3, "images": 100}
    assert complaint("ibm_torino", limit=80, **asked) is not None
    for number in range(3):
        folder = Path(PAID) / f"tag-{number}"
        folder.mkdir(parents=True)
        (folder / "job.json").write_text("{}")
        if number:
            (folder / "result.json").write_text("{}")
    assert complaint("ibm_torino", limit=27, **asked) is None
    assert complaint("ibm_torino", limit=26, **asked) is not None


@pytest.fixture
def no_records(monkeypatch):
    """A client that is not installed."""
    monkeypatch.setattr(known, "find_spec", lambda name: None)
    for cached in (known._records, known._read):
        cached.cache_clear()
    yield
    for cached in (known._records, known._read):
        cached.cache_clear()


def test_without_the_client_nothing_is_known_and_nothing_refused(no_records):
    assert known.recorded("fake_torino") is None
    assert complaint("fake_torinoo") is None
    assert complaint("fake_manila") is None


def test_records_are_read_without_qiskit():
    code = (
        "import sys\nfrom qmu.ibm import known\n"
        "assert known.recorded('fake_torino').qubits == 133\n"
        "print([m for m in ('qiskit', 'qiskit_ibm_runtime', 'numpy', 'jax') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
