"""Who may import whom, read from the syntax trees: a package knows those below it alone.

Imports inside functions count, imports for type checkers alone do not. A component is known by its
name in a configuration and loaded by the registry: no module names one.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
import qmu
from qmu import registry

PACKAGE = Path(qmu.__file__).parent

# Story of each package or module of the root: what stands higher imports what stands lower.
STORIES = (
    ("", "errors", "seeds", "strict", "lazy", "losses", "registry", "paths", "variants"),
    ("circuits", "simulators", "data", "forget", "metrics", "tables", "specs"),
    ("ibm", "models", "attacks", "audit"),
    ("devices", "unlearning"),
    ("studies", "quality"),
    ("config", "report"),
    ("plan", "sizing", "steps"),
    ("cli",),
)
STORY = {room: number for number, rooms in enumerate(STORIES) for room in rooms}

GROUND = 0

# What a package may import beside the ground floor, where that is not all that lies below it.
ONLY = {
    "circuits": (),
    "simulators": ("circuits",),
    "data": (),
    "forget": (),
    "metrics": (),
    "tables": (),
    "specs": (),
    "ibm": ("circuits", "simulators", "tables"),
    "audit": ("data", "metrics"),
    "report": ("audit", "metrics", "tables"),
}
# What it may import of the ground floor, where that is not all.
ONLY_GROUND = {"specs": ("strict",)}
NEVER = {
    "unlearning": ("attacks", "audit", "quality"),
    "report": ("config",),
    "steps": ("plan", "config"),
}
# Packages whose cards and contracts the report shows; their components it does not know.
SHOWN = ("unlearning", "attacks", "models", "quality", "data", "forget", "devices")

# A kind of device comes with rules and steps of its own, which know it by name.
OF_DEVICES = ("plan.devices", "plan.ibm", "steps.devices")
FEWEST_TOO_MANY = 10


def modules():
    """Module below the package -> its syntax tree."""
    trees = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(file.read_text(encoding="utf-8"))
    return trees


TREES = modules()
PACKAGES = {n for n in TREES if PACKAGE.joinpath(*n.split("."), "__init__.py").is_file() or not n}


def imported(name):
    """The qmu modules that a module imports by name."""
    found = set()
    waiting = list(TREES[name].body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(name, node)
            found |= {f"{base}.{alias.name}" for alias in node.names} | {base}
        waiting += ast.iter_child_nodes(node)
    inside = {module.removeprefix("qmu").lstrip(".") for module in found if in_qmu(module)}
    return {module for module in inside if module in TREES} - {name}


def in_qmu(module):
    return module == "qmu" or module.startswith("qmu.")


def absolute(name, node):
    """The module that an import names, with the package's own name in front."""
    if not node.level:
        return node.module or ""
    parts = ["qmu", *name.split(".")]
    parts = parts if name in PACKAGES else parts[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *filter(None, [node.module])])


IMPORTS = {name: imported(name) for name in TREES}


def room(module):
    return module.partition(".")[0]


COMPONENTS = {
    registry.module(kind, name) for kind in registry.KINDS for name in registry.names(kind)
}


def allowed(user, used):
    """Whether the rules let one module import another."""
    above, below = room(user), room(used)
    if used in COMPONENTS:
        return below == "devices" and user.startswith(OF_DEVICES)
    if above == below or not below:
        return True
    if STORY[below] == GROUND:
        return below in ONLY_GROUND.get(above, STORIES[GROUND])
    if below in NEVER.get(above, ()):
        return False
    if above in ONLY:
        return below in ONLY[above] or (above == "report" and below in SHOWN)
    return STORY[below] < STORY[above]


BREAKS = {(user, used) for user in TREES for used in IMPORTS[user] if not allowed(user, used)}


def circle():
    """Modules that import each other in a circle, the first one found."""
    graph = {user: {used for used in IMPORTS[user] if used} for user in TREES}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return error.args[1]
    return []


def test_every_room_has_a_story():
    assert {room(name) for name in TREES} <= STORY.keys()


def test_imports_lead_downstairs_and_no_module_names_a_component():
    assert set() == BREAKS


def test_no_circle_between_modules():
    assert not circle()


@pytest.mark.parametrize("kind", registry.KINDS)
def test_a_folder_of_components_holds_components_only(kind):
    folder = registry.KINDS[kind]
    inside = {name for name in TREES if name.startswith(f"{folder}.")}
    assert inside == {registry.module(kind, name) for name in registry.names(kind)}
    for name in inside:
        assert "Config" in {n.name for n in TREES[name].body if isinstance(n, ast.ClassDef)}, name


def test_no_package_runs_code_when_it_is_imported():
    for name in sorted(PACKAGES - {""}):
        code = [node for node in TREES[name].body if not isinstance(node, ast.Expr)]
        assert not code, name


def test_the_root_holds_few_modules():
    assert sum(name not in PACKAGES and "." not in name for name in TREES) < FEWEST_TOO_MANY


def test_relative_imports_stay_inside_their_package():
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{name}, line {node.lineno}"
