"""Plants faults in what decides over conclusions, one at a time, and asks the tests.

``python tests/mutation/plant.py --sample 20`` takes a random sample of all faults (see `mutants`),
always the same for a ``--seed``, and prints what the tests did not notice. ``--page`` also writes
the table into a document. Only a copy of the project is ever changed. A fault is killed when a test
fails, or none ends in time; what stands for a package are the unit tests and contracts of its name.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import mutants
from qmu.metrics.intervals import clopper_pearson

ROOT = Path(__file__).parents[2]
# Package -> its tests. What the audit does with a metric is part of what the metric is for.
TESTS = {
    "metrics": ("tests/unit/metrics", "tests/unit/audit"),
    "attacks": ("tests/unit/attacks", "tests/contracts/test_attacks.py"),
    "quality": ("tests/unit/quality", "tests/contracts/test_quality.py"),
    "audit": ("tests/unit/audit",),
    "unlearning": ("tests/unit/unlearning", "tests/contracts/test_unlearning.py"),
}
SECONDS = 900
LEFT_OUT = shutil.ignore_patterns(".*", "results", "__pycache__", "*.egg-info")
BEGIN, END = "<!-- mutants begin -->", "<!-- mutants end -->"


@dataclass(frozen=True)
class Planted:
    """One fault of one file, given by its path in the project."""

    file: str
    mutant: mutants.Mutant

    @property
    def package(self) -> str:
        """The package whose tests are asked."""
        return Path(self.file).parts[2]

    @property
    def shown(self) -> str:
        """Where it is and what it changes, in one line."""
        before, after = (" ".join(t.split()) for t in (self.mutant.before, self.mutant.after))
        return f"{self.file}:{self.mutant.line}: {before} -> {after}"


def everything() -> list[Planted]:
    """All faults of all packages, in the order of the files."""
    found = []
    for package in TESTS:
        for path in sorted((ROOT / "workflow" / "qmu" / package).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            known = mutants.mutants(path.read_text(encoding="utf-8"))
            found += [Planted(file, mutant) for mutant in known]
    return found


def files_of(package: str, module: str) -> list[str]:
    """Test files of a package, those first that speak of the module."""
    found = []
    for place in map(ROOT.joinpath, TESTS[package]):
        found += sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
    mentions = {path: module in path.read_text(encoding="utf-8") for path in found}
    found.sort(key=lambda path: (not mentions[path], path.stat().st_size))
    return [path.relative_to(ROOT).as_posix() for path in found]


def green(copy: Path, package: str, module: str) -> bool:
    """Whether the package's tests pass in the copy; not where they take too long."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    settings = {"PYTHONPATH": str(copy / "workflow"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *files_of(package, module)],
            cwd=copy,
            env=os.environ | settings,
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def survives(copy: Path, planted: Planted) -> bool:
    """Whether all tests pass with the fault in place."""
    file = copy / planted.file
    original = file.read_text(encoding="utf-8")
    file.write_text(planted.mutant.source, encoding="utf-8")
    try:
        return green(copy, planted.package, file.stem)
    finally:
        file.write_text(original, encoding="utf-8")


def table(outcomes: list[tuple[Planted, bool]]) -> str:
    """Rows per package, and what survived."""
    lines = ["| package | faults planted | noticed | share (95% interval) |", "|---|---|---|---|"]
    for package in (*TESTS, "all"):
        lived = [alive for planted, alive in outcomes if package in ("all", planted.package)]
        if lived:
            killed = len(lived) - sum(lived)
            low, high = clopper_pearson(killed, len(lived), 0.95)
            share = f"{killed / len(lived):.0%} [{low:.0%}, {high:.0%}]"
            lines.append(f"| {package} | {len(lived)} | {killed} | {share} |")
    survivors = [planted.shown for planted, alive in outcomes if alive]
    if survivors:
        lines += ["", "Not noticed:", "", *(f"- `{line}`" for line in survivors)]
    return "\n".join(lines)


def put(page: Path, text: str) -> None:
    """The table between the page's two markers."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{page}: has no lines {BEGIN!r} and {END!r}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Plant the sample, print every outcome as it is known and the table at the end."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=20, help="how many faults")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another sample")
    parser.add_argument("--page", type=Path, help="a document with the two markers of the table")
    options = parser.parse_args()
    known = everything()
    chosen = random.Random(options.seed).sample(known, min(options.sample, len(known)))
    print(f"{len(chosen)} of {len(known)} faults", flush=True)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        for package in sorted({planted.package for planted in chosen}):
            if not green(copy, package, ""):
                sys.exit(f"{package}: its tests fail without any fault: {' '.join(TESTS[package])}")
        for planted in chosen:
            began = time.monotonic()
            outcomes.append((planted, survives(copy, planted)))
            word = "SURVIVED" if outcomes[-1][1] else "killed"
            print(f"{word} in {time.monotonic() - began:.0f} s: {planted.shown}", flush=True)
    shown = table(outcomes)
    print(shown)
    if options.page:
        sampled = f"A sample of {len(chosen)} of {len(known)} faults (seed {options.seed}).\n"
        put(options.page, f"{sampled}\n{shown}")


if __name__ == "__main__":
    main()
