"""What counts as a fault, and that nothing else is changed."""

from __future__ import annotations

import subprocess
import sys

import mutants
import plant
import pytest


def changed(source):
    """What stands in the place of a source's only line, for each of its faults."""
    return {mutant.source.strip() for mutant in mutants.mutants(source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", {"(a <= b)"}),
        ("a == b != c", {"(a != b != c)", "(a == b == c)"}),
        ("a in b", {"(a not in b)"}),
        ("a + b * c", {"(a - b * c)", "a + (b / c)"}),
        ("a and b", {"(a or b)"}),
        ("not a", {"(a)"}),
        ("-a", {"(a)"}),
        ("~a & b", {"(~a | b)", "(a) & b"}),
        ("x = 3", {"x = 4"}),
        ("x = 0.5", {"x = 1.0"}),
        ("x = 0.0", {"x = 1.0"}),
        ("x = True", {"x = False"}),
        ("f(a, b, c=d)", {"f(b, a, c=d)"}),
        ("x = [a for a in b if c]", {"x = [a for a in b if (not c)]"}),
        ("x = a if c else b", {"x = a if (not c) else b"}),
        ("def f(a: g(x, y) = 1) -> h(x, y): pass", {"def f(a: g(x, y) = 2) -> h(x, y): pass"}),
    ],
)
def test_faults(source, expected):
    assert changed(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring: 3 < 4."""',
        "CARD = Card(1, 2, good=True)",
        "x = f'{a + 1}'",
        "raise ValueError(f(a, 3))",
        "f(*a, b)",
        "np.maximum(a, b)",
        "settings.generator(a, b)",
        "@cached(8)\ndef f(): pass",
        "if TYPE_CHECKING:\n    import a\n",
    ],
)
def test_what_is_left_alone(source):
    assert not mutants.mutants(source)


def test_the_rest_of_a_file_stays_as_it_is():
    source = "# Größe\nx = 'ä' + f(a,   b)  # why\n\ny = (1 +\n     z)\n"
    found = {mutant.before: mutant for mutant in mutants.mutants(source)}
    assert found["f(a,   b)"].source == source.replace("f(a,   b)", "f(b, a)")
    assert found["1"].source == source.replace("(1 +", "(2 +")
    assert [mutant.line for mutant in mutants.mutants(source)] == sorted(
        m.line for m in found.values()
    )


def test_every_package_has_faults_and_tests():
    known = plant.everything()
    assert {planted.package for planted in known} == set(plant.TESTS)
    assert len(known) > 1000
    for package in plant.TESTS:
        assert plant.files_of(package, "")


def test_the_tests_of_a_module_come_first():
    assert plant.files_of("quality", "klom")[0] == "tests/unit/quality/test_fleets.py"


def test_a_fault_is_planted_in_the_copy_and_taken_back(tmp_path, monkeypatch):
    planted = plant.Planted("workflow/qmu/metrics/x.py", mutants.mutants("x = 1\n")[0])
    file = tmp_path / planted.file
    file.parent.mkdir(parents=True)
    file.write_text("x = 1\n")
    seen = []

    def green(copy, package, module):
        seen.append((package, module, file.read_text()))
        return True

    monkeypatch.setattr(plant, "green", green)
    assert plant.survives(tmp_path, planted)
    assert seen == [("metrics", "x", "x = 2\n")]
    assert file.read_text() == "x = 1\n"


def test_a_fault_that_a_test_notices_is_killed(tmp_path, monkeypatch):
    """With a real test of a project of one line."""
    file, test = tmp_path / "workflow" / "small.py", tmp_path / "tests" / "test_small.py"
    for path, text in (
        (file, "x = 1\n"),
        (test, "import small\n\n\ndef test_x():\n    assert small.x < 3\n"),
    ):
        path.parent.mkdir()
        path.write_text(text)
    monkeypatch.setattr(plant, "ROOT", tmp_path)
    monkeypatch.setattr(plant, "TESTS", {"small": ("tests",)})
    assert plant.green(tmp_path, "small", "small")
    file.write_text("x = 4\n")
    assert not plant.green(tmp_path, "small", "small")


def test_the_table_counts_and_lists_what_was_not_noticed():
    planted = [
        plant.Planted(f"workflow/qmu/{package}/x.py", mutants.mutants("x = 1\n")[0])
        for package in ("metrics", "audit", "audit")
    ]
    shown = plant.table(list(zip(planted, (False, True, False), strict=True)))
    assert "| metrics | 1 | 1 | 100% [" in shown
    assert "| audit | 2 | 1 | 50% [" in shown
    assert "| all | 3 | 2 | 67% [" in shown
    assert shown.endswith("- `workflow/qmu/audit/x.py:1: 1 -> 2`")


def test_the_command_tells_its_options():
    command = [sys.executable, plant.__file__, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--sample" in done.stdout
