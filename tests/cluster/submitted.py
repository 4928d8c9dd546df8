"""Runs Snakemake through profiles/slurm, in the foreground or beside a test that breaks things."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import slurm
from pipeline import PARTS, Project, Ran, environment

HERE = Path(__file__).parent
EXPERIMENT = "cluster"
TIMED = ("seconds", "cpu_seconds", "speedup_seconds")
# Short waits, because the jobs are short and the file system is local.
PROFILE = (
    *("--workflow-profile", "profiles/slurm"),
    *("--slurm-init-seconds-before-status-checks", "4", "--latency-wait", "10"),
)


class Submission:
    """A Snakemake of its own process, whose jobs go to the cluster."""

    def __init__(self, cluster: slurm.Cluster, folder: Path, *arguments: str) -> None:
        self.cluster = cluster
        self.log = folder / "submission.log"
        with open(self.log, "wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *PROFILE, *arguments],
                cwd=folder,
                env=_environment(folder, cluster),
                stdout=out,
                stderr=out,
            )

    def running(self, rule: str, jobs: int = 1) -> slurm.Job:
        """Waits until this many jobs of a rule have started their step, and returns one."""

        def started() -> bool:
            return len(self.cluster.running(rule)) >= jobs or self._process.poll() is not None

        slurm.wait_for(started, f"{jobs} running jobs of {rule}")
        assert self._process.poll() is None, self.said()
        return self.cluster.running(rule)[0]

    def said(self) -> str:
        """What Snakemake has printed until now."""
        return self.log.read_text()

    def saying(self, text: str, seconds: float = 300) -> str:
        """Waits until Snakemake has printed ``text``, ends it, and returns all that it printed.

        Snakemake itself ends later: after a failure it sleeps until its next look at the jobs.
        """
        try:
            slurm.wait_for(lambda: text in self.said(), text, seconds)
        finally:
            self._process.kill()
            self._process.wait()
        return self.said()

    def end(self, seconds: float = 600) -> Ran:
        """Waits for the end; kills Snakemake and fails after ``seconds``."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"no end after {seconds} s\n{self.said()}") from None
        return Ran(code, self.said(), "")


def _environment(folder: Path, cluster: slurm.Cluster) -> dict[str, str]:
    """The tests' environment, with the profile's sacct: this cluster has no accounting database."""
    plain = environment()
    path = os.pathsep.join([str(folder / "profiles" / "slurm" / "bin"), plain["PATH"]])
    modules = os.pathsep.join(filter(None, [str(cluster.plugin), plain.get("PYTHONPATH")]))
    return {**plain, "PATH": path, "PYTHONPATH": modules, slurm.MARK: str(cluster.folder)}


class Small(Project):
    """A copy of the workflow with the small experiment of this folder."""

    def __init__(self, folder: Path, like: Small | None = None) -> None:
        super().__init__(folder)
        if like is not None:
            # The very files of the other run: the checkout may have been edited in the meantime.
            for part in PARTS:
                copied, source = folder / part, like.folder / part
                if source.is_dir():
                    shutil.rmtree(copied)
                    shutil.copytree(source, copied)
                else:
                    shutil.copy2(source, copied)
        shutil.copy2(HERE / "small.yaml", folder / "small.yaml")
        self.small = self.results / EXPERIMENT

    def adopt(self, other: Small, name: str) -> None:
        """Takes over one table of another run, with its time."""
        (self.small / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(other.small / name, self.small / name)

    def local(self, *arguments: str) -> Ran:
        """`snakemake` on this machine, with the default profile."""
        return self.call("--configfile=small.yaml", *arguments)

    def submit(self, cluster: slurm.Cluster, *arguments: str) -> Submission:
        """Starts `snakemake --workflow-profile profiles/slurm` and returns at once."""
        return Submission(cluster, self.folder, "--configfile=small.yaml", *arguments)

    def tables(self) -> dict[str, Path]:
        """Name -> file of every table but the measured times."""
        found = {str(file.relative_to(self.small)): file for file in self.small.rglob("*.parquet")}
        return {name: file for name, file in found.items() if Path(name).stem != "timing"}


def same(first: Path, second: Path) -> bool:
    """Whether two tables are equal to the last bit, metadata included, but for measured times."""
    one, two = (_untimed(pq.read_table(file, partitioning=None)) for file in (first, second))
    # Undefined figures are NaN, which equals nothing; their text does.
    equal = one.equals(two) or repr(one.to_pylist()) == repr(two.to_pylist())
    return equal and one.schema.equals(two.schema, check_metadata=True)


def _untimed(table: pa.Table) -> pa.Table:
    """The table without the rows of figures that a clock made."""
    if "metric" not in table.column_names:
        return table.combine_chunks()
    timed = pc.is_in(table["metric"], value_set=pa.array(TIMED))
    return table.filter(pc.invert(timed)).combine_chunks()
