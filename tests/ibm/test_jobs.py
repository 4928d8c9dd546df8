"""A job that nothing happens to: the right circuit, one request, exact bookkeeping."""

from __future__ import annotations

import json

import numpy as np
import pytest
from circuit_example import ANGLES, DIGEST, estimator_pub, sampler_pub, submission
from loopback_platform import BACKEND
from qmu.errors import ConfigError, QmuError
from qmu.ibm.jobs import raw_result
from qmu.ibm.jobs.tags import job_tag


def test_sampler_job_returns_what_the_circuit_gives(run, platform):
    """Counts of every angle within five standard deviations of cos^2(angle / 2)."""
    path = run.both()
    header, result = raw_result.read_result(path)
    bits = result[0].data.c
    expected = np.cos(ANGLES / 2) ** 2
    found = np.array([bits[i].get_counts().get("11", 0) for i in range(len(ANGLES))]) / 512
    assert np.abs(found - expected).max() < 5 * np.sqrt(0.25 / 512)
    assert header["job_id"] == next(iter(platform.jobs))
    assert header["usage_seconds"] == 1.5
    assert platform.submissions == 1


def test_estimator_job_returns_what_the_circuit_gives(run, platform):
    """<Z> of both qubits for every angle; options reach the platform unchanged."""
    options = {"resilience_level": 1, "twirling": {"enable_gates": True}}
    settings = {"primitive": "estimator", "options": options, "mode": "job", "shots": 4096}
    job_id = run.submit(estimator_pub(), **settings)
    _, result = raw_result.read_result(run.collect(job_id, **settings))
    values = np.asarray(result[0].data.evs)
    assert values.shape == (2, len(ANGLES)) or values.shape == (len(ANGLES), 2)
    values = values if values.shape[0] == 2 else values.T
    assert np.abs(values + np.cos(ANGLES)).max() < 5 / np.sqrt(4096)
    sent = platform.jobs[job_id].payload
    assert sent["params"]["resilience_level"] == 1
    assert sent["params"]["options"]["twirling"]["enable_gates"] is True


@pytest.mark.parametrize(("mode", "opened"), [("job", []), ("batch", ["batch"])])
def test_modes_and_limits_reach_the_platform(run, platform, mode, opened):
    """Tag, time limit and mode are in the request, and the job is never private."""
    job_id = run.submit(mode=mode, max_execution_time=77)
    sent = platform.jobs[job_id].payload
    assert list(platform.sessions.values()) == opened
    assert sent["cost"] == 77
    assert sent["tags"] == [job_tag(DIGEST, BACKEND, submission(mode=mode).circuit)]
    assert "private" not in sent
    assert ("session_id" in sent) == bool(opened)


def test_session_mode_is_closed_after_its_one_job(run, platform):
    """A session is billed while it is open."""
    run.submit(mode="session")
    assert list(platform.sessions.values()) == ["dedicated"]
    assert "close" in platform.requests


def test_nothing_is_sent_twice_when_called_again(run, platform):
    """Neither with the files there nor with every file of the folder lost."""
    path = run.both()
    before = path.read_bytes()
    run.both()
    assert path.read_bytes() == before
    for file in run.folder.iterdir():
        file.unlink()
    run.both()
    assert run.said("not paid again")
    assert platform.submissions == 1


def test_other_inputs_are_another_job(run, platform):
    """Other shots are not the job that was paid; how long to wait is not an input."""
    first = run.submit()
    assert run.submit(max_wait_seconds=5.0) == first
    assert run.submit(shots=256) != first
    assert platform.submissions == 2


def test_cost_is_shown_before_and_refused_beyond_the_limit(run, platform):
    """4 angles of 512 shots: 2,048 executions; above the limit nothing is sent."""
    with pytest.raises(QmuError, match=r"above max_cost_seconds \(1\): nothing was submitted"):
        run.submit(max_cost_seconds=1.0)
    assert platform.submissions == 0
    assert "open" not in platform.requests
    run.submit(max_cost_seconds=10.0)
    cost = next(i for i, line in enumerate(run.lines) if "2,048 circuit executions" in line)
    sent = next(i for i, line in enumerate(run.lines) if line.startswith("submitted"))
    assert cost < sent
    # The limit does not stand between a paid job and its result.
    (run.folder / "job.json").unlink()
    assert run.submit(max_cost_seconds=1.0) == next(iter(platform.jobs))


def test_calibration_holds_what_the_circuit_used(run):
    """T1, T2, readout and gate errors of qubits 0 and 1, and the date."""
    run.both()
    found = json.loads((run.folder / "calibration.json").read_text())
    assert found["date"].startswith("2024-05-27")
    assert [qubit["qubit"] for qubit in found["qubits"]] == [0, 1]
    # FakeManila's T1 of qubit 0 is stated in microseconds, ours are seconds.
    assert 1e-6 < found["qubits"][0]["t1"] < 1e-3
    assert 0 < found["qubits"][1]["readout_error"] < 0.2
    cx = [gate for gate in found["gates"] if gate["gate"] == "cx"]
    assert sorted(gate["qubits"] for gate in cx) == [[0, 1], [1, 0]]
    assert all(0 < gate["error"] < 0.1 for gate in cx)


def test_wrong_options_are_named_before_anything_is_sent(run, platform):
    """One line that names the key. What the schema can tell is refused with the configuration."""
    with pytest.raises(ConfigError, match="enable_gatez") as caught:
        run.submit(options={"twirling": {"enable_gatez": True}})
    assert "\n" not in str(caught.value)
    assert platform.submissions == 0


def test_wrong_pub_and_unknown_backend(run, platform):
    """A circuit without its values; a backend that the instance does not have."""
    with pytest.raises(QmuError, match="not a PUB for the sampler"):
        run.submit((sampler_pub()[0],))
    from qmu.ibm.jobs.service import open_service
    from qmu.ibm.jobs.submit import submit

    chosen = submission()
    service = open_service(chosen.waiting, print)
    with pytest.raises(QmuError, match="'ibm_nowhere': this instance has no such backend"):
        submit(sampler_pub(), DIGEST, service, "ibm_nowhere", chosen, run.folder, print)
    assert platform.submissions == 0


def test_damaged_files_are_named(run, platform):
    """A damaged record says which file to delete; a damaged result is fetched again."""
    path = run.both()
    path.write_text(path.read_text()[:100])
    with pytest.raises(QmuError, match=r"result\.json: not a raw result"):
        raw_result.read_result(path)
    run.both()
    assert raw_result.read_result(path)[0]["job_id"] == next(iter(platform.jobs))
    (run.folder / "job.json").write_text("{")
    with pytest.raises(QmuError, match=r"job\.json: .*delete the file and run again"):
        run.submit()
    assert platform.submissions == 1
