"""Names of variants: what group each belongs to, and which retrained model it stems from."""

import pytest
from qmu import variants

NAMES = {
    "target": ("target", None),
    "retrain": ("retrain", None),
    variants.retrained(1): ("retrain", 1),
    variants.retrained(12): ("retrain", 12),
    variants.residue(5): ("residue", None),
    variants.residue(2.5): ("residue", None),
    variants.level("ga", 2): ("ga", None),
    variants.level("ga_two", 0.5): ("ga_two", None),
    "ga": ("ga", None),
    "ssd_2": ("ssd_2", None),
} | {variants.innocent(edit, 3): ("innocent", 3) for edit in variants.EDITS}


@pytest.mark.parametrize(("name", "of"), NAMES.items(), ids=NAMES)
def test_group_and_number_are_read_off_the_name(name, of):
    assert (variants.group(name), variants.number_of(name)) == of


def test_names_are_short_and_differ():
    assert variants.retrained(1) == "retrain@1"
    assert (variants.residue(5), variants.residue(2.5)) == ("residue@5", "residue@2.5")
    assert variants.innocent("bias", 1) == "innocent_bias@1"
    assert (variants.level("ga", 2.0), variants.level("ga", 0.5)) == ("ga@2", "ga@0.5")


def test_every_group_but_the_methods_is_a_reserved_name():
    own = {group for group, _ in NAMES.values()} - {"ga", "ga_two", "ssd_2"}
    assert own == set(variants.RESERVED)
