"""A copy of the workflow for each test, made as the workflow tests make it."""

import pytest
from pipeline import Project


@pytest.fixture
def fresh(tmp_path):
    """A copy of the workflow without results."""
    return Project(tmp_path / "project")
