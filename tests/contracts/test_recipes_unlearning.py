"""A new method is one file: dropped into a copy of the package, it passes every contract.

Both routes that a method can take: by gradients, in thirty lines, and by gradients per sample with
Hessian products. The first is the README's.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import qmu

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "tests" / "examples" / "recipes"
CONTRACTS = ROOT / "tests" / "contracts" / "test_unlearning.py"
METHODS = ("weighted_ascent", "clipped_newton")

DOUBLE_AND_SINGLE = """
from fixtures import small_model, trained_problem
from qmu.unlearning.contract import checked, load_method

method = load_method("clipped_newton")
for precision in ("double", "single"):
    problem = trained_problem(model=small_model(precision=precision, epochs=12))
    outcome = method.unlearn(problem, method.Config())
    checked(outcome, problem, "clipped_newton", method.CARD)
    bill = problem.ledger
    assert bill.hessian_products > 0, bill
    assert bill.hessian_products % len(problem.retain) == 0, bill
    assert bill.gradient_evaluations == len(problem.forget), bill
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package with both methods in it."""
    folder = tmp_path_factory.mktemp("recipes")
    source = Path(qmu.__file__).parent
    shutil.copytree(source, folder / "qmu", ignore=shutil.ignore_patterns("__pycache__"))
    for name in METHODS:
        shutil.copy(RECIPES / f"{name}.py", folder / "qmu" / "unlearning" / "methods")
    return folder


def run(package, *arguments):
    """Python with the copied package; its output where it fails."""
    path = os.pathsep.join([str(package), str(ROOT / "tests" / "examples")])
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_a_method_in_one_file_keeps_every_promise(package):
    chosen = " or ".join(METHODS)
    options = ("-q", "-n", "0", "-p", "no:cacheprovider")
    told = run(package, "-m", "pytest", str(CONTRACTS), "-k", chosen, *options)
    (passed,) = re.findall(r"(\d+) passed", told)
    promises = len(re.findall(r"^def test_\w+\(method", CONTRACTS.read_text(), re.MULTILINE))
    assert int(passed) == promises * len(METHODS)


def test_a_method_by_curvature_pays_for_its_products(package):
    run(package, "-c", DOUBLE_AND_SINGLE)


def test_a_method_by_gradients_takes_thirty_lines():
    assert len((RECIPES / "weighted_ascent.py").read_text().splitlines()) <= 30


def test_the_readme_shows_the_method_whole():
    """What a reader copies is the file that the tests above run."""
    section = (ROOT / "README.md").read_text().split("## Add a method: one file")[1]
    (snippet,) = re.findall(r"```python\n(.*?)```", section.split("\n## ")[0], re.DOTALL)
    assert snippet == (RECIPES / "weighted_ascent.py").read_text()
