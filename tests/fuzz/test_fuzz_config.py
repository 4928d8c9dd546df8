"""Thousands of configurations: each is either valid or refused with one line that names a key."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from collections import Counter

import odd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from judge import judge
from mutations import BASES, FILES, ROOT, damaged_text, mutated, own_models
from qmu.config.file import fault
from qmu.models.own import own
from snakemake.common.configfile import load_configfile
from snakemake_interface_common.exceptions import WorkflowError

MUTATED, UNSTRUCTURED, TEXTS = 1500, 300, 300


def fuzz(examples):
    """The same examples in every run, whatever the machine's speed."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a small example is worth less than a quick end
        report_multiple_bugs=False,
    )


@pytest.fixture(scope="module", autouse=True)
def ready():
    """A process traces a model of the user's own once and reads its own source for the digests
    once, which takes seconds; what is timed here is checking a configuration."""
    for base in BASES:
        for file in own_models(base):
            own(file)
        judge(copy.deepcopy(base), Counter(), seconds=math.inf)


def tell(record_property, count, seen):
    record_property("cases", sum(count.values()))
    for name, number in count.items():
        record_property(name, number)
    assert sum(count.values()) >= seen


@pytest.mark.parametrize("number", range(len(FILES)), ids=[file.stem for file in FILES])
def test_the_files_themselves_are_good(number):
    count = Counter()
    judge(copy.deepcopy(BASES[number]), count)
    assert count["valid"] == 1


def test_changed_configurations(record_property):
    count = Counter()

    @fuzz(MUTATED)
    @given(mutated().map(odd.Case))
    def one(case):
        judge(case.raw, count)

    one()
    tell(record_property, count, MUTATED)
    assert count["valid"] >= MUTATED // 20
    assert count["refused"] >= MUTATED // 3


def test_any_values_at_all(record_property):
    count = Counter()
    sections = st.sampled_from(["models", "attacks", "unlearning", "quality", "samples", "dataset"])
    names = st.one_of(sections, odd.keys)
    small = {"experiment": "small", "seeds": [0], "models": {"hqnn": {}}, "unlearning": {"ga": {}}}
    small["attacks"] = {"loss_thr": {}}

    @fuzz(UNSTRUCTURED)
    @given(st.one_of(odd.values, st.dictionaries(names, odd.values)).map(odd.Case))
    def one(case):
        judge(case.raw, count)
        if isinstance(case.raw, dict):
            judge({**small, **case.raw}, count)

    one()
    tell(record_property, count, UNSTRUCTURED)


def test_yaml_texts_through_snakemakes_own_loader(record_property, tmp_path):
    """What the profiles let pass loads without a traceback, and no tag or template runs code."""
    count, marker, file = Counter(), tmp_path / "marker", tmp_path / "config.yaml"

    @fuzz(TEXTS)
    @given(damaged_text(str(marker)))
    def one(text):
        file.write_text(text, encoding="utf-8")
        reason = fault(file)
        if reason is not None:
            count["not read"] += 1
            assert len(reason) < 1000
            return
        try:
            raw = load_configfile(file)
        except WorkflowError:
            count["no mapping"] += 1
            return
        judge(raw, count)

    one()
    assert not marker.exists()
    tell(record_property, count, TEXTS)
    assert count["not read"] >= TEXTS // 10
    assert count["refused"] >= TEXTS // 10


def test_the_loader_alone_would_run_templates(tmp_path):
    """Why files are looked at first: if this stops failing, Snakemake has mended it."""
    marker = tmp_path / "marker"
    file = tmp_path / "config.yaml"
    expression = f"?open({str(marker)!r}, 'w').close()"
    file.write_text(f'__use_yte__: true\nexperiment: "{expression}"\n')
    assert "__use_yte__" in fault(file)
    assert not marker.exists()
    load_configfile(file)
    assert marker.exists()


LIGHT = """
import math, sys
sys.path.insert(0, "tests/fuzz")
from collections import Counter
from mutations import PLAIN
from test_fuzz_config import fuzz, mutated, judge
from hypothesis import given
count = Counter()
for base in PLAIN:
    judge(base, Counter(), seconds=math.inf)

@fuzz(150)
@given(mutated(PLAIN))
def one(raw):
    judge(raw, count)

one()
heavy = {"jax", "pennylane", "qiskit", "sklearn", "scipy", "pandas", "pyarrow", "matplotlib"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}), count.total())
"""


def test_no_configuration_imports_anything_heavy():
    ran = subprocess.run(
        [sys.executable, "-c", LIGHT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy, count = ran.stdout.rsplit(maxsplit=1)
    assert heavy == "[]"
    assert int(count) >= 150
