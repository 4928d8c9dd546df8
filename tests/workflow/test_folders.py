"""The workflow runs wherever a person puts it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv

from pipeline import Project, environment


def test_a_project_and_its_environment_may_lie_below_a_folder_with_a_space(tmp_path):
    """As after `make run` in such a folder: Snakemake and its jobs run from .venv."""
    project = Project(tmp_path / "my folder" / "it's mine")
    base = project.folder / ".venv"
    venv.create(base, symlinks=True)
    python = base / "bin" / "python"
    packages = sysconfig.get_path("purelib", vars={"base": str(base)})
    with open(f"{packages}/shared.pth", "w") as stream:
        stream.write("\n".join(path for path in sys.path if path.endswith("site-packages")))
    done = subprocess.run(
        [python, "-m", "snakemake", "--cores", "1", "--configfile=experiments/tiny.yaml", "data"],
        cwd=project.folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (project.tiny / "data" / "pool.parquet").is_file()
