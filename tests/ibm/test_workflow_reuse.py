"""Partial reruns: what was paid is used again, whatever else is changed or deleted."""

from __future__ import annotations

import copy
import shutil

import pytest
from paid_project import CONFIG, DISTINCT, edited, file, files
from pipeline import counts
from qmu import paths

IBM_RULES = {"prepare", "estimate", "submit", "collect", "decode"}


def planned(project, *targets: str) -> dict[str, int]:
    """Rule -> number of jobs that a dry run plans."""
    return counts(project.run("-n", "--", *targets))


def test_waiting_is_no_part_of_a_job(paid):
    """Changing every key of it plans nothing."""
    config = copy.deepcopy(CONFIG)
    waiting = config["devices"]["manila"]["waiting"]
    waiting.update({key: value + 1 for key, value in waiting.items()})
    paid.write(config)
    assert "Nothing to be done" in paid.run("-n").text


def test_a_correction_sends_nothing(paid, platform):
    """A corrected device is computed from results that are there."""
    config = copy.deepcopy(CONFIG)
    config["devices"]["corrected"] = {"kind": "corrected", "of": "manila"}
    paid.write(config)
    target = file(paths.OUTPUTS_ON, device="corrected")
    assert planned(paid, target) == {"correct": 1}
    paid.finish("--", target)
    assert platform.requests == []


def test_a_changed_method_submits_only_its_own_job(paid, platform):
    """Other variants keep their jobs; the changed one's weights are others."""
    config = copy.deepcopy(CONFIG)
    config["unlearning"]["ga"]["stopping"]["max_steps"] = 6
    paid.write(config)
    before = paid.outputs()
    paid.finish("--", *files(paths.OUTPUTS_ON))
    assert platform.submissions == 1
    after = paid.outputs()
    assert {v for v in before if before[v] != after[v]} == {"ga"}


def test_a_changed_control_submits_nothing(paid, platform):
    """``logit_mask`` run again has the target's circuits still."""
    shutil.rmtree(paid.folder / file(paths.VARIANT, "logit_mask"))
    before = (paid.folder / file(paths.OUTPUTS_ON)).read_bytes()
    paid.finish("--", *files(paths.OUTPUTS_ON))
    assert platform.submissions == 0
    assert (paid.folder / file(paths.OUTPUTS_ON)).read_bytes() == before


@pytest.mark.fault(
    "results of an experiment deleted, all of them",
    "run again; what was paid is found in results/ibm_jobs, nothing is sent",
)
def test_deleted_results_cost_nothing(paid, platform):
    """Trained anew, bit for bit, so that the circuits have the same tags."""
    before = paid.outputs()
    shutil.rmtree(paid.folder / file(paths.ROOT))
    ran = paid.finish("--", *files(paths.OUTPUTS_ON))
    assert platform.submissions == 0
    assert "post" not in platform.requests
    assert paid.outputs() == before
    assert "Collect basic_qnn, ga" in ran.text


def test_the_estimate_counts_what_was_paid_before(paid, platform):
    """A budget concerns what is still to be paid."""
    paid.write(edited(job={"max_total_seconds": 0.5}))
    (paid.folder / file(paths.ESTIMATE)).unlink()
    paid.finish("--", file(paths.ESTIMATE))
    text = (paid.folder / file(paths.ESTIMATE)).read_text()
    assert f'"jobs_paid_before": {DISTINCT}' in text
    assert '"qpu_seconds": 0' in text
    assert IBM_RULES & set(planned(paid, *files(paths.OUTPUTS_ON))) == set()
    assert platform.submissions == 0
