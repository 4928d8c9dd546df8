"""The modules of jobs import without Qiskit: a workflow is planned without it."""

from __future__ import annotations

import subprocess
import sys


def test_qiskit_is_imported_only_when_it_is_used():
    """In a fresh process."""
    code = (
        "import sys, qmu.ibm.jobs.submit, qmu.ibm.jobs.service, qmu.ibm.jobs.raw_result\n"
        "print([name for name in ('qiskit', 'qiskit_ibm_runtime', 'jax') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
