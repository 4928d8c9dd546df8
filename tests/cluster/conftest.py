"""One cluster of virtual nodes, and one local run to compare with, for all tests of this folder."""

from __future__ import annotations

import os

import pytest
import slurm
from outcomes import pytest_configure, pytest_runtest_makereport, tries  # noqa: F401
from submitted import Small


@pytest.fixture(scope="session")
def cluster():
    """A running cluster; skipped, with the reason, where none can be started."""
    started = None
    try:
        slurm.install()
        started = slurm.Cluster()
        started.start()
    except slurm.Unavailable as reason:
        if started is not None:
            started.stop()
        pytest.skip(f"no SLURM cluster: {reason}")
    except BaseException:
        if started is not None:
            started.stop()
        raise
    yield started
    started.stop()
    assert started.left_behind() == []


@pytest.fixture
def healthy(cluster):
    """The cluster, with every daemon running again after the test."""
    yield cluster
    for job in cluster.jobs():
        slurm.ask("scancel", "--quiet", job.id.split("_")[0])
    cluster.start_daemon("slurmctld")
    for node in cluster.nodes:
        cluster.start_daemon(node)
    slurm.wait_for(lambda: not cluster.jobs(), "an empty queue")
    cluster.start()


@pytest.fixture(scope="session")
def local(tmp_path_factory) -> Small:
    """The small experiment, run to its end on this machine."""
    project = Small(tmp_path_factory.mktemp("local") / "project")
    ran = project.local("--cores", str(os.cpu_count()))
    assert ran.code == 0, ran.text
    return project


@pytest.fixture
def prepared(local, tmp_path) -> Small:
    """A copy of the workflow in which the data are there and nothing is trained."""
    project = Small(tmp_path / "project", like=local)
    for name in ("data/pool.parquet", "data/request.parquet", "data/seed-0/samples.parquet"):
        project.adopt(local, name)
    return project
