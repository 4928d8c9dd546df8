"""A process that submits and collects one small job, for tests that kill it.

``worker.py FOLDER`` does it once. ``worker.py --serve`` imports the client once, then forks a
child for every line of JSON that it reads: {"folder": ..., "log": ..., "settings": {...},
"die_before": file name or null}. It answers with the child's pid, and with its exit status when it
has ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from circuit_example import DIGEST, sampler_pub, submission
from qmu.errors import QmuError
from qmu.ibm.jobs.collect import collect
from qmu.ibm.jobs.service import open_service
from qmu.ibm.jobs.submit import submit

BACKEND = "ibmq_manila"


def run(folder: str, **changed: float) -> int:
    """Submit and collect; a clear error ends it with one line and status 1."""
    chosen = submission(**changed)

    def report(line: str) -> None:
        print(line, flush=True)

    try:
        service = open_service(chosen.waiting, report)
        job_id = submit(sampler_pub(), DIGEST, service, BACKEND, chosen, folder, report)
        collect(job_id, service, chosen, folder, report)
    except QmuError as error:
        print(f"qmu: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _die_before(name: str) -> None:
    """SIGKILL at the moment when a file of this name is about to get its place."""

    def hook(event: str, arguments: tuple) -> None:
        if event == "os.rename" and Path(os.fspath(arguments[1])).name == name:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _child(order: dict) -> None:
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["die_before"]:
        _die_before(order["die_before"])
    status = 3
    try:
        status = run(order["folder"], **order["settings"])
    finally:
        sys.stdout.flush()
        os._exit(status)


def serve() -> None:
    """Fork a child for every order; this process never starts a thread."""
    import qiskit_ibm_runtime

    print(json.dumps({"ready": qiskit_ibm_runtime.__version__}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(order)
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve()
    else:
        sys.exit(run(sys.argv[1]))
