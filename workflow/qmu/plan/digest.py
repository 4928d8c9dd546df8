"""Digests of code: what a job's result depends on inside this package.

Snakemake sees a change of a script but not of a package. Each rule therefore carries, as a
parameter, the digest of the modules it runs and of everything they import from qmu, found by
walking the syntax trees. What changes no result does not count: comments, docstrings, formatting,
the words of an error, what is imported for type checkers alone, and the modules of `SILENT`. Of the
tables' schemas those count whose names the job's own modules mention.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

from qmu.tables.schemas import SCHEMA_VERSION, SCHEMAS

PACKAGE = Path(__file__).parents[1]
# Names of files, and words for people: a job is told its files, and a message is no result.
SILENT = frozenset({"errors", "paths"})
SCHEMA_MODULE = "tables.schemas"


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

    def __init__(self, module: str, path: Path) -> None:
        tree = _Silenced().visit(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        imported = _imports(tree, package)
        parent = module.rpartition(".")[0]
        if parent and _path(parent) is not None:
            # Importing a module runs the `__init__` of the package that holds it.
            imported.add(parent)
        self.imports = tuple(sorted(imported))
        self.digest = _hex(ast.dump(tree))
        # The module of the schemas names them all itself.
        self.kinds = set() if module == SCHEMA_MODULE else _mentioned(tree) & set(SCHEMAS)


def _mentioned(tree: ast.AST) -> set[str]:
    """Words by which a module can name a table: texts, keywords of calls, fields of classes."""
    words: set[str | None] = set()
    for node in ast.walk(tree):
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
    if path is None:
        raise ValueError(f"no module qmu.{module}")
    return _Module(module, path)


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _path(module: str) -> Path | None:
    base = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
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


def _imports(tree: ast.AST, package: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= _from_import(node, package)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("qmu."):
                    found.add(alias.name[4:])
    return found


def _from_import(node: ast.ImportFrom, package: str) -> set[str]:
    parts = package.split(".") if package else []
    if node.level:
        parts = parts[: len(parts) - (node.level - 1)]
        base = ".".join(parts + (node.module.split(".") if node.module else []))
    elif node.module and (node.module == "qmu" or node.module.startswith("qmu.")):
        base = node.module[4:]
    else:
        return set()
    # `from .package import name` may name a submodule or an attribute of the package: both count.
    submodules = {f"{base}.{alias.name}".lstrip(".") for alias in node.names}
    found = {name for name in submodules if _path(name) is not None}
    if base and _path(base) is not None:
        found.add(base)
    return found
