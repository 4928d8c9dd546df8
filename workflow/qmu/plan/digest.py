"""Digests of code: what a job's result depends on inside this package.

Snakemake sees a change of a script but not of a package. Each rule therefore carries, as a
parameter, the digest of the modules it runs and of everything they import from qmu, found by
walking the syntax trees. What changes no result does not count: comments, docstrings, formatting,
the words of an error, what is imported for type checkers alone, and the modules of `SILENT`. Of the
tables' schemas those count whose names the job's own modules mention.

A plug-in's module is written ``distribution:package.module``: it counts with the distribution's
version and all that it imports from its own package. A file of the user's is ``:path/of/it.py``.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from qmu.tables.schemas import SCHEMA_VERSION, SCHEMAS

PACKAGE = Path(__file__).parents[1]
# Names of files, and words for people: a job is told its files, and a message is no result.
SILENT = frozenset({"errors", "paths"})
SCHEMA_MODULE = "tables.schemas"
# Owners of modules: this package, the user's files; else a distribution.
OWN, USER = "qmu", ""


def code_digest(*modules: str) -> str:
    """Hex digest (16 characters) of modules (``"unlearning.methods.ga"``) and all they import."""
    parts = digests(*modules)
    text = "\n".join(f"{module} {parts[module]}" for module in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digests(*modules: str) -> dict[str, str]:
    """Module -> hex digest (16 characters) of its code, for the modules and all they import; for
    `SCHEMA_MODULE`, of the schemas that any of them mentions by name."""
    found: dict[str, str] = {}
    mentioned: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found or module in SILENT:
            continue
        read = _read(module)
        found[module] = read.digest
        waiting += read.imports
        mentioned |= read.kinds
    if SCHEMA_MODULE in found:
        schemas = {kind: SCHEMAS[kind] for kind in sorted(mentioned)}
        found[SCHEMA_MODULE] = _hex(repr((SCHEMA_VERSION, schemas)))
    return found


def kinds_of(module: str) -> set[str]:
    """The kinds of tables that a module's own code names."""
    return _read(module).kinds


def dependencies(module: str) -> tuple[str, ...]:
    """The qmu modules that a module imports directly, at any depth of its functions."""
    return _read(module).imports


class _Module:
    """One module's digest, what it imports, and the kinds of tables that its text mentions."""

    def __init__(self, module: str, path: Path | None) -> None:
        # A plug-in that was compiled counts by its version alone.
        text = path.read_text(encoding="utf-8") if path else ""
        tree = _Silenced().visit(ast.parse(text, filename=str(path)))
        nodes = tuple(ast.walk(tree))
        owner, name = _split(module)
        parent = name.rpartition(".")[0] if owner != USER else ""
        package = name if path and path.name == "__init__.py" else parent
        found = {_key(full, owner, name) for full in _imports(nodes, package)}
        if parent:
            # Importing a module runs the `__init__` of the package that holds it.
            found.add(_key(parent, owner, name))
        self.imports = tuple(sorted(key for key in found if key and _path(key) is not None))
        stamp = version(owner) if owner not in (OWN, USER) else ""
        self.digest = _hex(stamp + ast.dump(tree))
        # The module of the schemas names them all itself.
        self.kinds = set() if module == SCHEMA_MODULE else _mentioned(nodes) & set(SCHEMAS)


def _split(module: str) -> tuple[str, str]:
    """The distribution and the full name of a module, or `USER` and the path of a file."""
    owner, colon, name = module.partition(":")
    return (owner, name) if colon else (OWN, f"{OWN}.{module}")


def _key(full: str, owner: str, name: str) -> str | None:
    """A module's name as in `digests`; None where it belongs to neither qmu nor the owner."""
    top = full.partition(".")[0]
    if top == OWN:
        return full.removeprefix(f"{OWN}.") if "." in full else None
    return f"{owner}:{full}" if owner != USER and top == name.partition(".")[0] else None


def _mentioned(nodes: Iterable[ast.AST]) -> set[str]:
    """Words by which a module can name a table: texts, keywords of calls, fields of classes."""
    words: set[str | None] = set()
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
        elif isinstance(node, ast.keyword):
            words.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            words.add(node.target.id)
    return {word for word in words if word}


@cache
def _read(module: str) -> _Module:
    path = _path(module)
    if path is None and _split(module)[0] in (OWN, USER):
        raise ValueError(f"no module qmu.{module}")
    return _Module(module, path)


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _path(module: str) -> Path | None:
    owner, name = _split(module)
    if owner == USER:
        return Path(name)
    if owner == OWN:
        bases = [PACKAGE.joinpath(*module.split("."))]
    else:
        top, *rest = name.split(".")
        spec = importlib.util.find_spec(top)
        if spec is None:
            return None
        if not rest and spec.submodule_search_locations is None:
            return Path(spec.origin or "")
        bases = [Path(folder, *rest) for folder in spec.submodule_search_locations or ()]
    for base in bases:
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


class _Silenced(ast.NodeTransformer):
    """A tree without what changes no result."""

    def visit_If(self, node: ast.If) -> ast.AST:
        checking = node.test
        name = checking.attr if isinstance(checking, ast.Attribute) else checking
        if name == "TYPE_CHECKING" or (isinstance(name, ast.Name) and name.id == "TYPE_CHECKING"):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """The kind of an error counts, for others may catch it; its words do not."""
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return self.generic_visit(node)

    def _without_docstring(self, node: ast.AST) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _without_docstring


def _imports(nodes: Iterable[ast.AST], package: str) -> set[str]:
    """Full names of all that is imported, at any depth of the functions."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                parts = parts[: len(parts) - node.level + 1]
                base = ".".join([*parts, *filter(None, [node.module])])
            # `from .package import name` may name a submodule or an attribute: both count.
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found
