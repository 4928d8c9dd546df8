"""A copy of the workflow whose IBM device leads to the loopback server, and what a run of it says.

The experiment has one model with four variants; ``logit_mask`` changes only the last layer, so its
circuits are the target's: four variants, three distinct jobs.
"""

from __future__ import annotations

import copy
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from pipeline import Project, Ran, environment
from qmu import paths
from qmu.ibm.jobs.folder import PAID

EXPERIMENT = "manila"
CONFIG = yaml.safe_load((Path(__file__).parent / f"{EXPERIMENT}.yaml").read_text())
VARIANTS = ("target", "retrain", "logit_mask", "ga")
DISTINCT = 3
NAMES = {"experiment": EXPERIMENT, "model": "basic_qnn", "seed": 0, "device": "manila", "part": 0}


def edited(**device: Any) -> dict[str, Any]:
    """The configuration with keys of the device set."""
    config = copy.deepcopy(CONFIG)
    config["devices"]["manila"].update(device)
    return config


def file(template: str, variant: str = "target", **names: Any) -> str:
    """A file of the experiment, relative to the project's folder."""
    return template.format(**{**NAMES, "variant": variant, **names})


def files(template: str, variants: tuple[str, ...] = VARIANTS) -> list[str]:
    """One file of every variant."""
    return [file(template, variant) for variant in variants]


class PaidProject(Project):
    """A copy of the workflow; its Snakemake has the server's environment, token included."""

    def __init__(self, folder: Path, server, like: PaidProject | None = None) -> None:
        if like is not None:
            # The very files of the other run: the checkout may have been edited in the meantime.
            shutil.copytree(like.folder, folder)
        elif not folder.exists():
            super().__init__(folder)
        self.folder, self.results, self.server = folder, folder / "results", server
        self.home = folder.with_name(f"{folder.name}-home")
        self.home.mkdir(exist_ok=True)
        self.write(CONFIG)

    def write(self, config: dict[str, Any]) -> None:
        """Make this the experiment's configuration."""
        path = self.folder / f"{EXPERIMENT}.yaml"
        text = yaml.safe_dump(config, sort_keys=False)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)

    def start(self, *arguments: str) -> Running:
        """`snakemake --configfile=manila.yaml <arguments>` in a process group of its own."""
        variables = {**environment(), **self.server.environment(), "HOME": str(self.home)}
        return Running(self.folder, variables, arguments)

    def run(self, *arguments: str) -> Ran:
        """The same, to its end."""
        return self.start(*arguments).end()

    def finish(self, *arguments: str) -> Ran:
        """`snakemake --cores 2 <arguments>`, which must succeed."""
        ran = self.run("--cores", "2", *arguments)
        assert ran.code == 0, ran.text
        return ran

    def outputs(self) -> dict[str, bytes]:
        """Variant -> the device's table of outputs, to the last bit."""
        return {v: self.outputs_of(v) for v in VARIANTS}

    def outputs_of(self, variant: str) -> bytes:
        """One variant's."""
        return content(self.folder / file(paths.OUTPUTS_ON, variant))

    def forget_device(self, *, prepared: bool = False) -> None:
        """Back to before the first submission, or before the first circuit was prepared."""
        shutil.rmtree(self.folder / PAID, ignore_errors=True)
        for variant in VARIANTS:
            job = self.folder / file(paths.JOB, variant)
            (job.parent / "outputs.parquet").unlink(missing_ok=True)
            for found in job.glob("*"):
                if prepared or found.name != "prepared.json":
                    found.unlink()
        if prepared:
            (self.folder / file(paths.ESTIMATE)).unlink(missing_ok=True)

    def locked(self) -> bool:
        """Whether a Snakemake, living or dead, holds the folder."""
        return any((self.folder / ".snakemake" / "locks").glob("*.lock"))


class Running:
    """A Snakemake in a process group of its own, so that it can be killed with all its jobs."""

    def __init__(self, folder: Path, variables: dict[str, str], arguments: tuple[str, ...]) -> None:
        self.log = folder / f"run-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "snakemake", f"--configfile={EXPERIMENT}.yaml"]
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=folder,
                env=variables,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def said(self) -> str:
        """What it has printed until now."""
        return self.log.read_text(errors="replace")

    def reaches(self, condition, seconds: float = 240) -> bool:
        """Waits until ``condition()`` holds; False where the run ends before."""
        end = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < end, self.said()
            time.sleep(0.02)
        return True

    def kill(self) -> bool:
        """SIGKILL to the whole group; False where it had ended by itself."""
        alive = self.process.poll() is None
        if alive:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return alive

    def end(self, seconds: float = 900) -> Ran:
        """Waits for the end."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end after {seconds} s\n{self.said()}") from None
        return Ran(code, self.said(), "")


def complaints(ran: Ran) -> list[str]:
    """The different lines in which failed jobs say what is wrong; there is no traceback."""
    assert ran.code != 0, ran.text
    assert "Traceback" not in ran.text, ran.text
    return sorted({line for line in ran.text.splitlines() if line.startswith("qmu: ")})


def content(path: Path) -> bytes:
    """A table to the last bit, with what it says about itself."""
    table = pq.read_table(path, partitioning=None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()
