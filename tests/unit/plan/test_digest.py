"""Digests of code: what changes them, and what does not."""

import re
import shutil
from pathlib import Path

import pytest
import qmu
from qmu import registry
from qmu.plan import digest

PACKAGE = Path(qmu.__file__).parent
STEPS = ("pool", "samples", "train", "unlearn", "fleet", "attack_data", "fit_attacks", "score")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of qmu whose files a test may edit."""
    copy = tmp_path / "qmu"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "report"))
    monkeypatch.setattr(digest, "PACKAGE", copy)
    digest._read.cache_clear()
    yield copy
    digest._read.cache_clear()


def digests(*modules):
    digest._read.cache_clear()
    return {module: digest.code_digest(module) for module in modules}


def changed(before):
    after = digests(*before)
    return {module for module in before if before[module] != after[module]}


def append(path, text):
    path.write_text(path.read_text() + text)


COMPONENTS = tuple(
    registry.module(kind, name)
    for kind in ("unlearning", "models", "data")
    for name in registry.names(kind)
)


def test_editing_a_method_changes_its_digest_and_no_other(package):
    before = digests(*COMPONENTS, *(f"steps.{step}" for step in STEPS))
    append(package / "unlearning" / "methods" / "ga.py", "\nEXTRA = 1\n")
    assert changed(before) == {"unlearning.methods.ga"}


def test_editing_a_shared_helper_changes_its_users(package):
    before = digests(*COMPONENTS, "steps.train", "steps.pool")
    append(package / "unlearning" / "scaled_steps.py", "\nEXTRA = 1\n")
    assert changed(before) == {
        "unlearning.methods.ga",
        "unlearning.methods.rga",
        "unlearning.methods.ssd",
    }


def test_editing_fisher_changes_ssd_only(package):
    before = digests(*COMPONENTS)
    append(package / "unlearning" / "fisher.py", "\nEXTRA = 1\n")
    assert changed(before) == {"unlearning.methods.ssd"}


def test_imports_inside_functions_count(package):
    before = digests("steps.train", "steps.unlearn", "steps.fleet", "steps.pool", "steps.samples")
    append(package / "simulators" / "choose.py", "\nEXTRA = 1\n")
    assert changed(before) == {"steps.train", "steps.unlearn", "steps.fleet"}


def test_the_configuration_schema_is_no_part_of_a_job(package):
    before = digests(*(f"steps.{step}" for step in STEPS), "steps.frame.execute")
    append(package / "config" / "experiment.py", "\nEXTRA = 1\n")
    append(package / "plan" / "specs.py", "\nEXTRA = 1\n")
    assert changed(before) == set()


def test_comments_docstrings_and_formatting_do_not_count(package):
    before = digests(*COMPONENTS, "steps.train")
    path = package / "unlearning" / "methods" / "ga.py"
    text = path.read_text()
    edited = text.replace("from __future__", "# a comment\n\nfrom __future__", 1)
    edited = re.sub(r'"""`ga`.*?"""', '"""Other words."""', edited, count=1, flags=re.DOTALL)
    edited = edited.replace("validation=True,", "validation  =  True,  # counts", 1)
    assert edited.count("Other words") == edited.count("# counts") == 1
    path.write_text(edited)
    assert changed(before) == set()


def test_reverting_an_edit_brings_the_digest_back(package):
    before = digests("unlearning.methods.ga")
    path = package / "unlearning" / "methods" / "ga.py"
    text = path.read_text()
    append(path, "\nEXTRA = 1\n")
    assert changed(before) == {"unlearning.methods.ga"}
    path.write_text(text)
    assert changed(before) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "from . import new",
        "from .new import value",
        "from qmu.top import new",
        "from qmu.top.new import value",
        "import qmu.top.new",
        "def f():\n    from .new import value",
        "class A:\n    def f(self):\n        from ..top import new",
    ],
)
def test_every_form_of_import_is_followed(package, statement):
    folder = package / "top"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "new.py").write_text("value = 1\n")
    (folder / "user.py").write_text(statement + "\n")
    before = digests("top.user")
    (folder / "new.py").write_text("value = 2\n")
    assert changed(before) == {"top.user"}


def test_code_that_runs_when_a_package_is_imported_counts(package):
    folder = package / "top"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "new.py").write_text("value = 1\n")
    (folder / "user.py").write_text("from .new import value\n")
    before = digests("top.user")
    (folder / "__init__.py").write_text("value = 1\n")
    assert changed(before) == {"top.user"}


def test_cycles_end(package):
    folder = package / "top"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text("from . import b\n")
    (folder / "b.py").write_text("def f():\n    from . import a\n")
    assert digest.code_digest("top.a") == digest.code_digest("top.a", "top.b")


def test_an_unknown_module_is_named(package):
    with pytest.raises(ValueError, match=r"no module qmu\.unlearning\.nothing"):
        digest.code_digest("unlearning.nothing")


def test_a_methods_module_imports_no_attack_and_no_step():
    for name in COMPONENTS:
        seen, waiting = set(), [name]
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += digest.dependencies(module)
        assert not [m for m in seen if m.startswith(("attacks", "steps", "report", "config"))], name
