"""A full disk and a read-only results folder: one clear line each, and a resumed run finishes.

Both need a file system of their own, which only root can mount.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from disturbed import CACHE, EXPERIMENT, complaints, leftovers, require_same

SIZE = 64 * 2**20


def mount(*arguments: object) -> str:
    """Run mount; the reason where it is refused, else nothing."""
    if shutil.which("mount") is None:
        return "there is no mount"
    words = ["mount", *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


@contextmanager
def small_disk(folder: Path):
    """A tmpfs over a folder, which keeps the folder's content; always unmounted."""
    saved = folder.with_name("saved")
    folder.rename(saved)
    folder.mkdir()
    refused = mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder)
    if refused:
        pytest.skip(f"no small disk can be mounted here: {refused}")
    try:
        shutil.copytree(saved, folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, spare: int) -> Path:
    """A file that leaves ``spare`` bytes of the disk."""
    ballast = folder / CACHE / "ballast"
    ballast.unlink(missing_ok=True)
    free = os.statvfs(folder)
    with open(ballast, "wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, free.f_bavail * free.f_frsize - spare)
    return ballast


@pytest.mark.fault(
    "a full disk",
    "one line per failed job names the file and the reason; nothing is half-written; with space, "
    "the same command finishes",
)
def test_a_full_disk_is_named_and_the_run_resumes(undisturbed, fresh, tries):
    parts = ("target", "attacks")
    with small_disk(fresh.results):
        for spare in (0, 2**16, 3 * 2**16):
            tries.tried += 1
            ballast = fill(fresh.results, spare)
            ran = fresh.local("--cores", "2", *parts)
            told = complaints(ran)
            assert told, ran.text
            for line in told:
                assert line.startswith(f"qmu: results/{EXPERIMENT}/"), line
                assert line.endswith(": cannot be written: No space left on device"), line
            assert not [name for name in leftovers(fresh) if not name.startswith("logs/")]
            tries.held += 1
        ballast.unlink()
        fresh.finish(*parts, "shadows")
        require_same(fresh, undisturbed, "data", "shadows", "attacks")


@pytest.mark.fault(
    "a read-only results folder",
    "the run ends with a line that names the folder or file; writable again, it finishes",
)
def test_a_read_only_results_folder_is_named(undisturbed, carried, tries):
    # Something to replace, then a folder to make, and what is made of it.
    missing = {"summary.parquet": ("all", ""), "": ("data", "data")}
    with small_disk(carried.results):
        for name, (target, compared) in missing.items():
            tries.tried += 1
            lost = carried.small / name
            shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
            assert not mount("-o", "remount,ro", carried.results)
            ran = carried.local("--cores", "2", target)
            assert not mount("-o", "remount,rw", carried.results)
            assert ran.code != 0
            # Snakemake's own words where files stand that it would replace.
            said = "Write-protected output files" in ran.text
            assert said or "Read-only file system" in ran.text, ran.text
            assert f"results/{EXPERIMENT}" in ran.text
            assert "Traceback" not in ran.text, ran.text
            carried.finish(target)
            require_same(carried, undisturbed, *filter(None, [compared]))
            tries.held += 1
