"""A copy of the workflow for each test, made as the workflow tests make it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from pipeline import Project


@pytest.fixture
def fresh(tmp_path):
    """A copy of the workflow without results."""
    return Project(tmp_path / "project")
