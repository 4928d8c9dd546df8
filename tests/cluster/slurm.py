"""A SLURM cluster of virtual nodes on this machine: one slurmd per node, loopback only, no cgroups.

Its configuration stands in /etc/slurm because Snakemake's SLURM executor removes SLURM_CONF from
the environment. A configuration that this module did not write is never touched. Every daemon dies
with the process that started it, and whatever jobs leave behind carries MARK in its environment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ETC = Path("/etc/slurm")
CONF = ETC / "slurm.conf"
LOCK = Path(tempfile.gettempdir()) / "qmu-tests-slurm.lock"
HEAD = "# Written by tests/cluster/slurm.py; removed at the end of the tests.\n"
MARK = "QMU_TEST_CLUSTER"
PROGRAMS = ("munged", "slurmctld", "slurmd", "squeue", "scontrol", "setpriv")
FIRST_PORT = 17000


class Unavailable(Exception):
    """Why no cluster can be started here."""


@dataclass(frozen=True)
class Job:
    """A job as squeue shows it; ``rule`` is the comment that the executor gives it."""

    id: str
    state: str
    rule: str
    node: str


def install() -> None:
    """Debian's slurm-wlm and munge, where root may install them; else Unavailable says why."""
    if os.geteuid() != 0:
        raise Unavailable("starting a SLURM cluster takes root")
    if CONF.exists() and not CONF.read_text().startswith(HEAD):
        raise Unavailable(f"{CONF} belongs to another cluster")
    if all(shutil.which(program) for program in PROGRAMS):
        return
    if shutil.which("apt-get") is None:
        raise Unavailable("SLURM is not installed, and there is no apt-get to install it with")
    # The packages would start their own daemons where a service manager runs.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    packages = ["slurm-wlm", "munge", "util-linux"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", "-qq", *command], capture_output=True, env=quiet)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise Unavailable(f"slurm-wlm and munge cannot be installed: {''.join(last)}")


def plugin(folder: Path) -> Path:
    """Snakemake's executor for SLURM, installed into ``folder`` alone, or Unavailable.

    Not into the environment: Snakemake loads every plugin that it finds, and this one loads pandas.
    """
    pinned = Path(__file__).parents[2] / "requirements" / "cluster.txt"
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", folder, "-r", pinned],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = "".join(done.stderr.strip().splitlines()[-1:])
        raise Unavailable(f"{pinned.name} cannot be installed: {last}")
    return folder


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 180) -> None:
    """Returns as soon as ``condition`` holds; TimeoutError after ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.2)


def ask(*command: str) -> str:
    """What a SLURM command prints; CalledProcessError where it fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Cluster:
    """Controller, munge and nodes; each can be stopped and started by its name."""

    def __init__(self, nodes: int = 3) -> None:
        self.nodes = [f"node{number}" for number in range(1, nodes + 1)]
        # Short, because the path of a socket may hold 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self._running: dict[str, subprocess.Popen] = {}
        self._lock = None

    def start(self) -> None:
        """Configures the cluster and starts what does not run; ready when all nodes are idle."""
        if self._lock is None:
            self._lock = self._alone()
            self.plugin = plugin(self.folder / "plugin")
            self._configure()
        for name in ("munged", "slurmctld", *self.nodes):
            self.start_daemon(name)
        wait_for(self._idle, f"idle nodes (logs in {self.folder})")

    def stop(self) -> None:
        """Ends all jobs, then the daemons in reverse order, and removes every file."""
        if self._lock is None:
            return
        if self.runs("slurmctld"):
            subprocess.run(["scancel", "--quiet", "-u", "root"], capture_output=True)
            end = time.monotonic() + 10
            while self.jobs() and time.monotonic() < end:
                time.sleep(0.2)
        for name in reversed(list(self._running)):
            self.stop_daemon(name)
        for process in self.left_behind():
            os.kill(process, signal.SIGKILL)
        CONF.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()
        self._lock = None

    def start_daemon(self, name: str) -> None:
        """Starts munged, slurmctld or a node by name; nothing happens where it runs."""
        if self.runs(name):
            return
        with open(self.folder / f"{name}.out", "ab") as out:
            self._running[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self._command(name)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self.environment(),
                start_new_session=True,
            )
        if name == "munged":
            wait_for((self.folder / "munge.socket").exists, "munge's socket")

    def stop_daemon(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends one daemon and waits for it; after 10 s by SIGKILL."""
        process = self._running.pop(name)
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def runs(self, name: str) -> bool:
        """Whether a daemon lives."""
        return name in self._running and self._running[name].poll() is None

    def environment(self) -> dict[str, str]:
        """This environment with the mark by which left-overs are found; jobs inherit it."""
        return {**os.environ, MARK: str(self.folder)}

    def left_behind(self) -> list[int]:
        """Processes that this cluster started and that still live, by the mark they carry."""
        mark = f"{MARK}={self.folder}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                marked = mark in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if marked and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        return found

    def jobs(self, *states: str) -> list[Job]:
        """Jobs in these states; without states, those that have not ended."""
        chosen = ["--states", ",".join(states)] if states else []
        rows = ask("squeue", "--noheader", "--format", "%i|%T|%k|%N", *chosen).splitlines()
        return [Job(*row.split("|")) for row in rows]

    def running(self, rule: str) -> list[Job]:
        """The jobs of a rule whose step has started: the script runs, or is about to."""
        steps = set(ask("squeue", "--noheader", "--steps", "--format", "%i").split())
        return [
            job
            for job in self.jobs("RUNNING")
            if job.rule.split("_wildcards")[0] == f"rule_{rule}" and f"{job.id}.0" in steps
        ]

    def _idle(self) -> bool:
        try:
            states = ask("sinfo", "--noheader", "--Node", "--format", "%T").split()
        except subprocess.CalledProcessError:
            return False
        return states == ["idle"] * len(self.nodes)

    def _alone(self):
        lock = open(LOCK, "w")  # noqa: SIM115  (held until stop)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Unavailable("another run of these tests uses /etc/slurm") from None
        for port in range(FIRST_PORT, FIRST_PORT + len(self.nodes) + 1):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    lock.close()
                    raise Unavailable(f"port {port} is in use, by another SLURM perhaps")
        return lock

    def _configure(self) -> None:
        (self.folder / "state").mkdir()
        (self.folder / "spool").mkdir()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        CONF.write_text(HEAD + configuration(self.folder, self.nodes))

    def _command(self, name: str) -> list[str]:
        if name == "slurmctld":
            return ["slurmctld", "-D"]
        if name != "munged":
            return ["slurmd", "-D", "-N", name]
        files = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munged.pid"}
        files |= {"log-file": "munged.log", "seed-file": "munged.seed"}
        options = [f"--{option}={self.folder / file}" for option, file in files.items()]
        return ["munged", "--foreground", "--force", *options]


def configuration(folder: Path, nodes: list[str]) -> str:
    """The text of slurm.conf: one CPU and 16 GB per node, as far as SLURM knows."""
    host = os.uname().nodename
    last = FIRST_PORT + len(nodes)
    return f"""
ClusterName=qmu
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={FIRST_PORT}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
KillWait=2
MailProg=/bin/true
NodeName=node[1-{len(nodes)}] NodeHostname={host} NodeAddr=127.0.0.1 \
Port=[{FIRST_PORT + 1}-{last}] CPUs=1 RealMemory=16000
PartitionName=virtual Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
