"""Digests of code: what a job's result depends on inside this package.

Snakemake sees a change of a script but not of a package. Each rule therefore carries, as a
parameter, the digest of the modules it runs and of everything they import from qmu, found by
walking the syntax trees. Comments, docstrings and formatting do not count.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def code_digest(*modules: str) -> str:
    """Hex digest (16 characters) of the modules (``"unlearning.ga"``) and all they import."""
    seen: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen[module], imported = _read(module)
            waiting += imported
    text = "\n".join(f"{module} {seen[module]}" for module in sorted(seen))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def dependencies(module: str) -> tuple[str, ...]:
    """The qmu modules that a module imports directly, at any depth of its functions."""
    return _read(module)[1]


def value_digest(value: object) -> str:
    """Hex digest (16 characters) of a plain value by its sorted JSON text."""
    import json

    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _path(module: str) -> Path | None:
    base = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _read(module: str) -> tuple[str, tuple[str, ...]]:
    path = _path(module)
    if path is None:
        raise ValueError(f"no module qmu.{module}")
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    imported = _imports(tree, package)
    parent = module.rpartition(".")[0]
    if parent and _path(parent) is not None:
        # Importing a module runs the `__init__` of the package that holds it.
        imported.add(parent)
    _strip_docstrings(tree)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), tuple(sorted(imported))


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


def _strip_docstrings(tree: ast.AST) -> None:
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
