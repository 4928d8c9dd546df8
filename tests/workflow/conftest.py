"""One run of experiments/tiny.yaml, shared by all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pipeline import TINY, Project, Ran


@dataclass
class Finished:
    """The finished project, and what Snakemake printed while it ran."""

    project: Project
    ran: Ran

    def variants(self) -> list[tuple[str, int, str]]:
        """Every (model, seed, variant)."""
        names = ("target", "retrain", *TINY["unlearning"])
        return [(m, s, v) for m in TINY["models"] for s in TINY["seeds"] for v in names]


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Finished:
    """`snakemake --cores 2` on the tiny experiment, once. Tests leave its results as they are."""
    project = Project(tmp_path_factory.mktemp("finished") / "project")
    ran = project.snakemake("--cores", "2")
    assert ran.code == 0, ran.text
    return Finished(project, ran)


@pytest.fixture
def fresh(tmp_path) -> Project:
    """A copy of the workflow without results."""
    return Project(tmp_path / "project")
