"""Values, keys and YAML fragments that people mistype, tools produce and attackers try."""

from __future__ import annotations

import datetime
import reprlib

from hypothesis import strategies as st


class Case:
    """One input; hypothesis prints a failing one whole, and some of these have no end."""

    def __init__(self, raw: object) -> None:
        self.raw = raw

    def __repr__(self) -> str:
        try:
            return f"Case({reprlib.repr(self.raw)})"
        except (ValueError, RecursionError) as error:
            return f"Case({type(self.raw).__name__}, {error})"


def repeated(depth: int) -> list:
    """A list that stands for 10**depth values and holds a few dozen."""
    value = ["lol"]
    for _ in range(depth):
        value = [value] * 10
    return value


def nested(depth: int) -> dict:
    """Mappings within mappings."""
    value: dict = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def endless() -> list:
    """A list that holds itself."""
    value: list = [0]
    value.append(value)
    return value


TEXTS = [
    "",
    " ",
    "..",
    "../x",
    "a/../../x",
    "/tmp/x",
    "~/x",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\r\nb\u2028c",
    "\x1b[31mred\x07",
    "\ud800",
    "\u202egnp",
    "ｇａ",
    "gа",  # the second letter is Cyrillic
    "GA",
    "ga ",
    "_step",
    "__init__",
    "qmu.config.experiment",
    "target",
    "retrain",
    "nan",
    "1e-3",
    "True",
    "=1+1",
    "@SUM(A1)",
    "{seed}",
    "{{7*7}}",
    "?1+1",
    "<script>alert(1)</script>",
    "$(touch x)",
    "%s%n",
    "x" * 64,
    "x" * 65,
    "x" * 5000,
]
INTEGERS = [0, -1, 1, 2, 3, 9, 10, 255, 256, 257, 1000, 4000, 10**6, 2**31, 2**63 - 1, 2**63]
INTEGERS += [-(2**63), 10**30, 10**400]
FLOATS = [
    0.0,
    -0.0,
    0.5,
    1.0,
    1e-300,
    5e-324,
    1e308,
    -1.5,
    float("nan"),
    float("inf"),
    -float("inf"),
]
# Of types that YAML makes by a tag or not at all.
FOREIGN = [
    datetime.date(2024, 1, 1),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    b"bytes",
    {1, 2},
    frozenset({"ga"}),
    (0, 1),
    1j,
    print,
    datetime,
    object,
    range(3),
    bytearray(b"x"),
]
# Made anew for each example, and known to hypothesis by name: some cannot be printed.
SHAPES = {
    "[]": list,
    "{}": dict,
    "[[]]": lambda: [[]],
    "[{}]": lambda: [{}],
    "an empty key": lambda: {"": None},
    "a mapping": lambda: {"a": {}},
    "an integer of 6,000 digits": lambda: 1 << 20_000,
    "100 values": lambda: repeated(2),
    "10**9 values": lambda: repeated(9),
    "3 levels": lambda: nested(3),
    "30 levels": lambda: nested(30),
    "3,000 levels": lambda: nested(3000),
    "a list within itself": endless,
    "30,000 numbers": lambda: list(range(30_000)),
    "9,000 numbers": lambda: list(range(9_000)),
    "3,000 shares": lambda: [0.1] * 3000,
}

texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=12))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(INTEGERS),
    st.integers(-3, 3000),
    st.sampled_from(FLOATS),
    st.floats(),
    texts,
)
keys = st.one_of(
    texts,
    st.sampled_from([None, True, False, 0, 7, 10**400, float("nan"), float("inf"), (), b"ga"]),
    st.sampled_from([datetime.date(2024, 1, 1), frozenset(), 1.5]),
)
values = st.one_of(
    scalars,
    st.sampled_from(FOREIGN),
    st.sampled_from(sorted(SHAPES)).map(lambda name: SHAPES[name]()),
    st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)
        ),
        max_leaves=8,
    ),
)

FRAGMENTS = [
    "!!python/object/apply:os.system ['touch {marker}']",
    "!!python/object/new:os.system ['touch {marker}']",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/tuple [0, 1]",
    "!!binary aGVsbG8=",
    "!!set {{a, b}}",
    "!!omap [a: 1]",
    "!!timestamp 2024-99-99",
    "!!int ''",
    "!!float x",
    "!!bool maybe",
    "!unknown x",
    "!<tag:example.org,2024:x> y",
    "&a [*a]",
    "&a {{x: *a}}",
    "*missing",
    "&b [lol, lol]",
    "[&c [x, x], *c, *c]",
    "2024-01-01",
    "2024-13-41",
    "12:30:45",
    "0o17",
    "0x" + "f" * 4000,
    "9" * 5000,
    "1e400",
    ".nan",
    "-.inf",
    "yes",
    "~",
    "'unclosed",
    '"\\ud800"',
    '"\\x00"',
    "|\n  text\n  more",
    ">-\n  folded\n\n  text",
    "{{a: 1, a: 2}}",
    "{{? [a] : 1}}",
    "{{1: 2, null: 3, 1.5: 4, .nan: 5}}",
    "[" * 40 + "]" * 40,
    "[" * 2000,
    "?__import__('os').system('touch {marker}')",
    "\t- tab",
    "%YAML 9.9",
    "--- x\n--- y",
    "\x07",
    "\ufeff",
]
