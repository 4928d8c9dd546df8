"""One run of experiments/tiny.yaml, shared by all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from pipeline import MEMBERS, TINY, Project, Ran
from qmu import paths
from qmu.tables import parquet as tables


@dataclass
class Finished:
    """The finished project, and what Snakemake printed while it ran."""

    project: Project
    ran: Ran

    def variants(self) -> list[tuple[str, int, str]]:
        """Every (model, seed, variant), with all members of the groups."""
        names = [variant for members in MEMBERS.values() for variant in members]
        return [(m, s, v) for m in TINY["models"] for s in TINY["seeds"] for v in names]

    def table(self, template: str, kind: str, **names: Any) -> dict[str, np.ndarray]:
        """A table of the run by its path template."""
        path = template.format(experiment=TINY["experiment"], **names)
        return tables.read(self.project.folder / path, kind, experiment=TINY["experiment"])

    def of_variant(self, kind: str, model: str, seed: int, variant: str) -> dict[str, np.ndarray]:
        """One table of a model variant."""
        template = paths.model_tables()[kind]
        return self.table(template, kind, model=model, seed=seed, variant=variant)


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
