"""Jobs over their memory and over their time, in a toy workflow under the project's profile.

Both run beside each other and mostly wait, so they are started together.
"""

from __future__ import annotations

import shutil

import pytest
from pipeline import ROOT
from submitted import Submission

TOY = r"""
rule grows:
    output: "grown.txt"
    shell:
        "python -c 'import time; kept = b\"x\" * 700_000_000; time.sleep(5)'"
        " && echo {resources.mem_mb} > {output}"

rule sleeps:
    output: "slept.txt"
    retries: 0
    shell: "sleep 300 && touch {output}"
"""


def toy(cluster, folder, *arguments):
    """Starts the toy workflow through the profile, without what the profile says of rules."""
    folder.mkdir()
    (folder / "Snakefile").write_text(TOY)
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    return Submission(cluster, folder, *arguments)


@pytest.fixture(scope="module")
def limited(cluster, request, tmp_path_factory):
    """Both workflows, started, and their folders."""
    folder = tmp_path_factory.mktemp("limits")
    resources = {"grows": "mem_mb=600 * attempt", "sleeps": "runtime=1"}
    started = {
        rule: toy(cluster, folder / rule, f"--set-resources={rule}:{asked}", "--", rule)
        for rule, asked in resources.items()
    }
    # The other tests' local run uses the time in which these jobs wait for their limits.
    request.getfixturevalue("local")
    return {rule: (submission, folder / rule) for rule, submission in started.items()}


@pytest.mark.fault("a job over its memory", "SLURM ends it; its next attempt has twice as much")
def test_a_job_over_its_memory_gets_more_with_the_next_attempt(limited):
    submission, folder = limited["grows"]
    ran = submission.end()
    assert ran.code == 0, ran.text
    assert "exceeded memory limit" in ran.text
    assert "Trying to restart job" in ran.text
    assert (folder / "grown.txt").read_text().strip() == "1200"


@pytest.mark.fault("a job over its time", "Snakemake names the rule, the reason and the log")
def test_a_job_over_its_time_is_named_with_its_log(limited):
    submission, folder = limited["sleeps"]
    text = submission.saying("DUE TO TIME LIMIT")
    assert "SLURM status is: 'TIMEOUT'" in text
    assert not (folder / "slept.txt").exists()
