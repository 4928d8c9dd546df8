"""What the steps of IBM jobs share: parts, settings, the paid folder; and the manifest's jobs."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import step_example
from qmu.errors import QmuError
from qmu.ibm.jobs.folder import JobFolder, JobRecord, holding, publish
from qmu.ibm.jobs.tags import job_tag
from qmu.specs.ibm import Estimate, Sent
from qmu.steps.frame.log import Log
from qmu.steps.io import ibm_job
from qmu.steps.io.manifest import _ibm_jobs

TOKEN = "MARKED-token/+=0123456789"
CIRCUIT = {"primitive": "sampler", "shots": 100, "options": {}, "embedding": "mps"}
JOB = {"mode": "batch", "max_execution_time": 60, "max_cost_seconds": None}


@pytest.mark.parametrize(("images", "parts"), [(10, 1), (10, 3), (7, 7), (2, 3), (1000, 9)])
def test_parts_divide_the_images(images, parts):
    """Every image in one part, in order, parts equally large up to one."""
    chosen = np.arange(images) * 3
    found = [ibm_job.part_of(chosen, number, parts) for number in range(parts)]
    np.testing.assert_array_equal(np.concatenate(found), chosen)
    sizes = [len(part) for part in found]
    assert max(sizes) - min(sizes) <= 1


def sent(circuit=CIRCUIT):
    """The spec of one job of a device."""
    spec = step_example.COMMON | {"step": "ibm.submit", "backend": "fake_manila"}
    return Sent(**spec, circuit=circuit, job=JOB)


def test_waiting_and_budget_are_no_part_of_what_is_paid():
    """The job's tag is made from what is paid."""

    def tag(chosen):
        return job_tag("digest", "backend", chosen.circuit)

    first = ibm_job.submission(sent(), {})
    patient = ibm_job.submission(sent(), {"outage_seconds": 5.0, "max_wait_seconds": 7.0})
    assert (patient.waiting.outage_seconds, patient.waiting.max_wait_seconds) == (5.0, 7.0)
    assert tag(patient) == tag(first)
    limited = Estimate(**dict(sent()), device="torino", max_total_seconds=1.0)
    assert ibm_job.submission(limited, {}) == first
    more = ibm_job.submission(sent({**CIRCUIT, "shots": 200}), {})
    assert tag(more) != tag(first)


def test_one_process_at_a_time_holds_a_paid_folder(tmp_path, monkeypatch):
    """A second one waits until the first lets go."""
    monkeypatch.chdir(tmp_path)
    order: list[str] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with holding("qmu-x") as folder:
            order.append("second")
            assert isinstance(folder, JobFolder)

    with holding("qmu-x"):
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait(5)
        thread.join(0.2)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_a_dead_job_is_let_go_only_when_an_output_was_deleted(tmp_path):
    """Two outputs name it; either may be deleted."""
    folder = JobFolder(tmp_path)
    record = JobRecord("j1", "qmu-x", "d", "b", "sampler", "submitted", 1.0, 2.0)
    outputs = [tmp_path / "one.json", tmp_path / "two.json"]
    for output in outputs:
        output.write_text("{}")
    folder.forget_dead()
    folder.write_job(record)
    folder.forget_dead()
    for output in outputs:
        folder.note_dead("j1", str(output))
        folder.forget_dead()
        assert folder.read_job() == record
    outputs[0].unlink()
    folder.forget_dead()
    assert folder.read_job() is None
    # A job that came after it is another one.
    folder.write_job(replace(record, job_id="j2"))
    folder.forget_dead()
    assert folder.read_job().job_id == "j2"


def test_an_output_is_published_whole(tmp_path):
    """The kept file stays, the copy has its content, nothing lies beside it."""
    kept, output = tmp_path / "kept.json", tmp_path / "out" / "job.json"
    output.parent.mkdir()
    kept.write_text("content")
    publish(kept, str(output))
    assert (kept.read_text(), output.read_text()) == ("content", "content")
    assert list(output.parent.iterdir()) == [output]


def test_a_log_hides_the_token(tmp_path, monkeypatch):
    """All that a job prints passes the redactor, tracebacks of its own included."""
    monkeypatch.setenv("QISKIT_IBM_TOKEN", TOKEN)
    path = tmp_path / "job.log"
    with Log(path) as log:
        log.redact = ibm_job.redactor()
        print(f"the token is {TOKEN}, really", file=log)
        print(json.dumps({"apikey": TOKEN}), file=log)
    assert TOKEN not in path.read_text()
    assert path.read_text().count("<token>") == 2
    assert "the token is <token>, really" in path.read_text()


def test_without_an_account_nothing_is_hidden(tmp_path, monkeypatch):
    """And Qiskit's part of the package is not imported."""
    monkeypatch.delenv("QISKIT_IBM_TOKEN", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ibm_job.redactor() is str
    path = tmp_path / "job.log"
    with Log(path) as log:
        assert isinstance(log, io.TextIOBase)
        log.write(f"{TOKEN}\n")
    assert path.read_text() == f"{TOKEN}\n"


def test_the_manifest_holds_each_calibration_once(tmp_path):
    """Three jobs, two calibrations; only known fields of a record are taken."""
    record = {"job_id": "j", "tag": "qmu-1", "backend": "b", "primitive": "sampler",
              "origin": "submitted", "recorded_at": 1.0, "digest": "d"}  # fmt: skip
    jobs, calibrations = [], []
    for number, day in enumerate(["monday", "tuesday", "monday"]):
        jobs.append(tmp_path / f"job-{number}.json")
        calibrations.append(tmp_path / f"calibration-{number}.json")
        jobs[-1].write_text(json.dumps({**record, "job_id": f"j{number}"}))
        calibrations[-1].write_text(json.dumps({"available": True, "day": day}))
    found = _ibm_jobs([str(f) for f in jobs], [str(f) for f in calibrations])
    assert sorted(c["day"] for c in found["calibrations"].values()) == ["monday", "tuesday"]
    kept = found["jobs"][str(jobs[1])]
    assert set(kept) == {"job_id", "tag", "backend", "primitive", "origin", "calibration"}
    assert kept["job_id"] == "j1"
    assert found["calibrations"][kept["calibration"]]["day"] == "tuesday"
    assert _ibm_jobs([], []) == {"jobs": {}, "calibrations": {}}


def test_jobs_and_calibrations_must_be_pairs(tmp_path):
    """One file too many is no manifest."""
    with pytest.raises(ValueError, match="argument"):
        _ibm_jobs([], [str(tmp_path / "c.json")])


def test_a_job_without_its_record_is_named(tmp_path):
    """Someone deleted the record between two jobs."""
    record = tmp_path / "job.json"
    files = {"job": str(record), "prepared": str(tmp_path / "prepared.json")}
    outputs = {"result": str(tmp_path / "r.json"), "calibration": str(tmp_path / "c.json")}
    fields = ("backend", "circuit", "job")
    spec = {name: value for name, value in sent() if name in fields}
    with pytest.raises(QmuError, match=f"^{record}: no such file$"):
        step_example.run("ibm.collect", files, outputs, **spec)
