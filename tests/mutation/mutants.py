"""Small faults of a Python source, found by its syntax tree: what a test suite should notice.

Every fault replaces one expression and leaves the rest of the file as it stands. Left alone are
annotations, decorators, docstrings and other text, cards (titles for the report), and what only a
type checker reads. Mutation testing: DeMillo, Lipton and Sayward 1978, Computer 11(4), 34.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is},
}
OPERATORS = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.FloorDiv: ast.Div, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd},
}
# Functions of which two arguments may change places, and those whose arguments only name a stream
# of random numbers.
SYMMETRIC = {
    *("min", "max", "minimum", "maximum", "fmin", "fmax", "logaddexp", "hypot", "isclose"),
    *("allclose", "array_equal", "vdot", "multiply", "logical_and", "logical_or", "union1d"),
    *("intersect1d", "generator", "key", "rng"),
}


@dataclass(frozen=True)
class Mutant:
    """One fault: the ``line`` (from 1), what stood there and what stands there now."""

    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """All faults of a source, in the order of its lines; every one of them compiles."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node, changed in _changes(ast.parse(source)):
        raw = source.encode()
        first = starts[node.lineno - 1] + node.col_offset
        last = starts[node.end_lineno - 1] + node.end_col_offset
        after = ast.unparse(changed)
        if not isinstance(changed, ast.Constant | ast.Call):
            after = f"({after})"
        text = (raw[:first] + after.encode() + raw[last:]).decode()
        compile(text, "mutant", "exec")
        found.append(Mutant(node.lineno, raw[first:last].decode(), after, text))
    return sorted(found, key=lambda mutant: mutant.line)


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(expression, what takes its place) for the tree below a node."""
    if isinstance(node, ast.expr):
        for changed in _of_expression(node):
            yield node, changed
    for test in _tests(node):
        yield test, ast.UnaryOp(ast.Not(), test)
    for child in _children(node):
        yield from _changes(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr | ast.Raise) or _is_card(node) or _for_checkers(node):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        yield from (one for one in (value if isinstance(value, list) else [value]) if _tree(one))


def _tree(value: object) -> bool:
    return isinstance(value, ast.AST)


def _is_card(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("CARD", "__all__")


def _for_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _tests(node: ast.AST) -> list[ast.expr]:
    """Conditions that decide alone; comparisons among them are changed as such."""
    conditions = []
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not _for_checkers(node):
        conditions = [node.test]
    elif isinstance(node, ast.comprehension):
        conditions = node.ifs
    return [test for test in conditions if not isinstance(test, ast.Compare | ast.UnaryOp)]


def _of_expression(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[place] = COMPARISONS[type(operator)]()
            yield changed
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        if not any(isinstance(side, ast.JoinedStr) for side in (node.left, node.right)):
            yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node.value)
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        first, second, *rest = node.args
        named = ast.unparse(node.func).rpartition(".")[2]
        starred = any(isinstance(one, ast.Starred) for one in (first, second))
        if not starred and named not in SYMMETRIC:
            yield ast.Call(node.func, [second, first, *rest], node.keywords)


def _of_constant(value: object) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(2 * value if value else 1.0)
