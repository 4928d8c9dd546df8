"""Digests of code: what changes them, and what does not."""

import re
import shutil
from pathlib import Path

import pytest
import qmu
from qmu import registry
from qmu.plan import digest

PACKAGE = Path(qmu.__file__).parent
STEPS = tuple(
    f"steps.{step}"
    for step in (
        "data.pool",
        "data.samples",
        "train.train",
        "train.shadows",
        "train.further",
        "train.innocents",
        "unlearn.unlearn",
        "attack.attack_data",
        "attack.fit_attacks",
        "attack.score",
    )
)


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
    before = digests(*COMPONENTS, *STEPS)
    append(package / "unlearning" / "methods" / "ga.py", "\nEXTRA = 1\n")
    assert changed(before) == {"unlearning.methods.ga"}


def test_editing_a_shared_helper_changes_its_users(package):
    before = digests(*COMPONENTS, "steps.train.train", "steps.data.pool")
    append(package / "unlearning" / "scaled_steps.py", "\nEXTRA = 1\n")
    users = {name.rpartition(".")[2] for name in changed(before)}
    assert {"ga", "rga", "ssd", "finetune"} <= users <= set(registry.names("unlearning"))
    # These have no step of a loop.
    alone = {"ga_released", "identity", "logit_mask", "bias_shift", "kernel_downdate"}
    assert not users & alone


def test_editing_fisher_changes_its_users_only(package):
    before = digests(*COMPONENTS)
    append(package / "unlearning" / "fisher.py", "\nEXTRA = 1\n")
    users = {name.rpartition(".")[2] for name in changed(before)}
    assert users == {"ssd", "reinit", "qfi_ssd", "qfi_natural", "qfi_influence"}


def test_imports_inside_functions_count(package):
    before = digests(*STEPS)
    append(package / "simulators" / "choose.py", "\nEXTRA = 1\n")
    train = {f"steps.train.{step}" for step in ("train", "shadows", "further", "innocents")}
    assert changed(before) == train | {"steps.unlearn.unlearn"}


def test_the_configuration_schema_is_no_part_of_a_job(package):
    before = digests(*STEPS, "steps.frame.execute")
    append(package / "config" / "experiment.py", "\nEXTRA = 1\n")
    append(package / "plan" / "train.py", "\nEXTRA = 1\n")
    assert changed(before) == set()


def test_comments_docstrings_and_formatting_do_not_count(package):
    before = digests(*COMPONENTS, "steps.train.train")
    path = package / "unlearning" / "methods" / "ga.py"
    text = path.read_text()
    edited = text.replace("from __future__", "# a comment\n\nfrom __future__", 1)
    edited = re.sub(r'"""`ga`.*?"""', '"""Other words."""', edited, count=1, flags=re.DOTALL)
    edited = edited.replace("validation=True,", "validation  =  True,  # counts", 1)
    assert edited.count("Other words") == edited.count("# counts") == 1
    path.write_text(edited)
    assert changed(before) == set()


@pytest.mark.parametrize("module", ["errors", "paths"])
def test_words_for_people_and_names_of_files_do_not_count(package, module):
    before = digests(*STEPS)
    append(package / f"{module}.py", "\nEXTRA = 1\n")
    assert changed(before) == set()
    assert module not in digest.digests(*STEPS)


def user(package, text):
    """The digest of a module with this text."""
    (package / "user.py").write_text(text)
    return digests("user")["user"]


BOUND = "def f(x):\n    if x > {}:\n        raise {}({})\n    return x\n"


def test_the_words_of_an_error_do_not_count_but_its_kind_and_condition_do(package):
    before = user(package, BOUND.format(1, "ValueError", "'too much'"))
    assert user(package, BOUND.format(1, "ValueError", "f'{x} is too much'")) == before
    assert user(package, BOUND.format(1, "TypeError", "'too much'")) != before
    assert user(package, BOUND.format(2, "ValueError", "'too much'")) != before


def test_what_an_error_is_raised_from_counts(package):
    text = "def f(x):\n    raise ValueError('a') from {}\n"
    assert user(package, text.format("None")) != user(package, text.format("x"))


@pytest.mark.parametrize("name", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_is_imported_for_type_checkers_alone_does_not_count(package, name):
    text = f"import typing\nfrom typing import TYPE_CHECKING\nif {name}:\n    {{}}\nVALUE = {{}}\n"
    before = user(package, text.format("pass", 1))
    assert user(package, text.format("from qmu.models.model import Model", 1)) == before
    assert not {"models.model"} & set(digest.digests("user"))
    assert user(package, text.format("pass", 2)) != before


def test_what_stands_under_another_condition_counts(package):
    text = "import sys\nif sys.platform:\n    from qmu.models import model\n"
    assert user(package, text) != user(package, "import sys\n")
    user(package, text)
    assert "models.model" in digest.digests("user")


WRITES = "from qmu.tables import schemas\n\ndef f(write):\n    write('{}')\n"


@pytest.fixture
def edited(monkeypatch):
    """Changes the schema of one kind of table."""

    def edit(kind):
        changed = digest.SCHEMAS | {kind: digest.SCHEMAS[kind] | {"extra": "double"}}
        monkeypatch.setattr(digest, "SCHEMAS", changed)

    return edit


def test_only_schemas_of_tables_that_a_job_mentions_count(package, edited):
    (package / "writer.py").write_text(WRITES.format("samples"))
    (package / "other.py").write_text(WRITES.format("roc"))
    before = digests("writer", "other")
    edited("samples")
    assert changed(before) == {"writer"}
    edited("roc")
    assert changed(before) == {"writer", "other"}


def test_a_schema_that_an_imported_module_mentions_counts(package, edited):
    (package / "writer.py").write_text(WRITES.format("samples"))
    (package / "user.py").write_text("from qmu import writer\n")
    before = digests("user")
    edited("samples")
    assert changed(before) == {"user"}


def test_the_module_of_the_schemas_counts_by_its_schemas_alone(package, monkeypatch):
    before = digests(*STEPS)
    append(package / "tables" / "schemas.py", "\nEXTRA = 1\n")
    assert changed(before) == set()
    monkeypatch.setattr(digest, "SCHEMA_VERSION", digest.SCHEMA_VERSION + 1)
    assert changed(before) == set(STEPS)


def test_a_step_knows_the_tables_that_it_reads_and_writes(package, edited):
    before = digests("steps.data.pool", "steps.data.samples", "steps.train.train")
    edited("request")
    assert "steps.data.samples" in changed(before)
    assert "steps.data.pool" not in changed(before)


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
