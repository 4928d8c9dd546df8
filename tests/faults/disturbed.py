"""The small experiment in a folder of its own: run, killed, damaged, compared to the last bit."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pipeline import Project, Ran, environment

HERE = Path(__file__).parent
EXPERIMENT = "small"
# Rows of the summary that a clock made: they differ from run to run.
TIMED = ("seconds", "cpu_seconds", "speedup_seconds")
CACHE = ".cache"
AFTER = ("results", ".snakemake")  # what a run adds to a copy of the workflow


class Small(Project):
    """A copy of the workflow with the small experiment of this folder."""

    def __init__(self, folder: Path, like: Small | None = None, finished: bool = False) -> None:
        if like is not None:
            # The very files of the other run: the checkout may have been edited in the meantime.
            shutil.copytree(like.folder, folder, ignore=_without_results(like.folder))
            parts = AFTER if finished else (f"results/{CACHE}",)
            for part in parts:
                shutil.copytree(like.folder / part, folder / part)
        elif not folder.exists():
            super().__init__(folder)
            shutil.copy2(HERE / "small.yaml", folder / "small.yaml")
        self.folder, self.results = folder, folder / "results"
        self.small = self.results / EXPERIMENT

    def local(self, *arguments: str) -> Ran:
        """`snakemake --configfile=small.yaml <arguments>`, to its end."""
        return self.call("--configfile=small.yaml", *arguments)

    def finish(self, *targets: str) -> Ran:
        """`snakemake --cores 2 <targets>`, which must succeed."""
        ran = self.local("--cores", "2", *targets)
        assert ran.code == 0, ran.text
        return ran

    def done(self) -> bool:
        """Whether a run has come to its end here."""
        return (self.small / "report.html").is_file()

    def forget(self, *parts: str) -> None:
        """Back to a folder in which these parts of the results were never made: by default none
        of them, but for the compiled programs."""
        for part in parts:
            shutil.rmtree(self.small / part)
        for file in (self.small / name for name in ("summary.parquet", "report.html") if parts):
            file.unlink(missing_ok=True)
        if not parts:
            shutil.rmtree(self.small, ignore_errors=True)
            shutil.rmtree(self.folder / ".snakemake", ignore_errors=True)

    def unlock(self) -> None:
        """What `snakemake --unlock` does, faster."""
        shutil.rmtree(self.folder / ".snakemake" / "locks", ignore_errors=True)

    def locked(self) -> bool:
        """Whether a Snakemake, living or dead, holds the folder."""
        return any((self.folder / ".snakemake" / "locks").glob("*.lock"))


def _without_results(root: Path):
    """For copytree: leaves out what a run adds, at the top alone (a package may have its name)."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        return set(AFTER) & set(names) if Path(folder) == root else set()

    return ignored


class Run:
    """A Snakemake in a process group of its own, so that it can be killed with all its jobs."""

    def __init__(self, project: Small, *arguments: str) -> None:
        self.log = project.folder / f"run-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--configfile=small.yaml", *arguments],
                cwd=project.folder,
                env=environment(),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def said(self) -> str:
        """What it has printed until now."""
        return self.log.read_text(errors="replace")

    def count(self, words: str) -> int:
        """How often it has printed these words."""
        return self.said().count(words)

    def reaches(self, words: str, times: int = 1, seconds: float = 120) -> bool:
        """Waits until it has printed the words so often; False where it ends before."""
        end = time.monotonic() + seconds
        while self.count(words) < times:
            if self.process.poll() is not None:
                return self.count(words) >= times
            assert time.monotonic() < end, f"no {words!r} in {seconds} s\n{self.said()}"
            time.sleep(0.02)
        return True

    def kill(self) -> bool:
        """SIGKILL to the whole group; False where it had ended by itself."""
        alive = self.process.poll() is None
        if alive:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return alive

    def end(self, seconds: float = 240) -> Ran:
        """Waits for the end."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end after {seconds} s\n{self.said()}") from None
        return Ran(code, "", self.said())


def complaints(ran: Ran) -> set[str]:
    """The lines in which failed jobs say what is wrong; no traceback may stand beside them."""
    assert ran.code != 0, ran.text
    assert "Traceback" not in ran.text, ran.text
    return {line for line in ran.stderr.splitlines() if line.startswith("qmu: ")}


def require_same(project: Small, reference: Small, *parts: str) -> None:
    """Fails where results differ from an undisturbed run's, or where scraps lie beside them."""
    assert differences(project, reference, *parts) == []
    assert leftovers(project) == []


def differences(project: Small, reference: Small, *parts: str) -> list[str]:
    """Names of result files that differ, lack or are too many, but for measured times.

    All results are compared, or those in some folders of them.
    """
    ours, theirs = contents(project, parts), contents(reference, parts)
    assert len(theirs) > (40 if not parts else 1), sorted(theirs)
    return sorted(name for name in ours.keys() | theirs if ours.get(name) != theirs.get(name))


def contents(project: Small, parts: tuple[str, ...] = ()) -> dict[str, object]:
    """File name -> what it says, for every result but times and what is drawn from them."""
    found: dict[str, object] = {}
    for file in sorted(project.small.rglob("*")):
        name = str(file.relative_to(project.small))
        if parts and not name.startswith(tuple(f"{part}/" for part in parts)):
            continue
        if file.suffix == ".parquet" and file.stem != "timing":
            found[name] = _table(file)
        elif file.name == "summary.csv":
            with open(file, newline="") as stream:
                found[name] = [r for r in csv.DictReader(stream) if r["metric"] not in TIMED]
        elif file.suffix in (".svg", ".png") and file.stem != "cost":
            found[name] = file.read_bytes()
        elif file.name == "summary.txt":
            found[name] = file.read_text()
        elif file.name == "manifest.json":
            manifest = json.loads(file.read_text())
            # The digests of tables that hold measured seconds.
            found[name] = {**manifest, "tables": sorted(manifest["tables"])}
    return found


def _table(file: Path) -> tuple[str, object]:
    table = pq.read_table(file, partitioning=None)
    if "metric" in table.column_names:
        timed = pc.is_in(table["metric"], value_set=pa.array(TIMED))
        table = table.filter(pc.invert(timed))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return str(table.schema.metadata), sink.getvalue().to_pybytes()


def leftovers(project: Small) -> list[str]:
    """Temporary, empty or foreign files among the results."""
    known = re.compile(r".*\.(parquet|csv|txt|json|html|svg|png|log|tsv)")
    return [
        str(file.relative_to(project.small))
        for file in project.small.rglob("*")
        if file.is_file()
        and file.name != ".snakemake_timestamp"
        and (file.name.startswith(".") or not known.fullmatch(file.name) or not file.stat().st_size)
    ]
