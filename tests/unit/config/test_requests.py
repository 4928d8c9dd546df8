"""The section ``requests``: what it holds, what it refuses, and what each audit knows."""

import numpy as np
import pytest
import yaml
from fixtures import small_config
from qmu.config.parse import parse
from qmu.data.splits import roles, shared_parts
from qmu.errors import ConfigError
from qmu.plan import data, unlearn
from qmu.plan.files import Files
from qmu.report.evidence.cards import request
from qmu.report.page.configuration import as_yaml

CLASS, SHARE = {"kind": "class", "label": 4}, {"kind": "fraction", "percent": 5}


def config(*requests, **changes):
    found = small_config() | {"requests": list(requests)} | changes
    del found["forget"]
    return found


def test_requests_are_served_in_their_order_and_have_names():
    found = parse(config(CLASS, {"name": "few", **SHARE}))
    assert [one.name for one in found.requests] == ["request_1", "few"]
    assert found.forget == found.requests[-1]
    first, second = found.audits.values()
    assert list(found.audits) == ["request_1", "request_2"]
    assert first.requests == found.requests[:1]
    assert first.forget.component == "class"
    assert second == found
    assert "bias" not in second.edits("basic_qnn")


def test_one_request_alone_is_told_as_before():
    found = parse(small_config())
    assert found.requests == ()
    assert found.audits == {}
    assert "requests" not in found.model_dump()
    assert Files(found).at("results/{experiment}/x") == "results/small/x"
    assert unlearn.unlearn(found, "basic_qnn", "ga").request == ()


def test_a_later_request_changes_nothing_that_an_audit_before_is_told():
    short, long = parse(config(CLASS, SHARE)), parse(config(CLASS, SHARE, SHARE))
    for name in short.audits:
        one, other = short.audit_of(name), long.audit_of(name)
        assert one.model_dump() == other.model_dump()
        assert unlearn.unlearn(one, "basic_qnn", "ga") == unlearn.unlearn(other, "basic_qnn", "ga")
    assert data.pool(short) == data.pool(long)
    assert data.shared_samples(short) == data.shared_samples(long)
    # The same request twice draws from streams of its own.
    streams = {data.sequence_names(one) for one in long.audits.values()}
    assert len(streams) == 3


def test_the_page_writes_what_was_read():
    found = parse(config(CLASS, {"name": "few", **SHARE}))
    assert parse(yaml.safe_load(as_yaml(found.model_dump(mode="json")))) == found
    asked = request(found.model_dump())
    assert asked.count == 2
    assert not asked.whole
    assert asked.words == "class 4 and 5% of the training rows"


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        ([], "requests: must be a list, such as"),
        ({"kind": "class"}, "requests: must be a list, such as"),
        (["class"], "requests.1: must be a mapping"),
        ([CLASS, {"kind": "clas"}], "requests.2.kind: no forget component named 'clas'"),
        ([CLASS, {"kind": "class", "label": 77}], "requests.2.label: 77 is no class"),
        ([CLASS, {"kind": "class", "lable": 4}], "requests.2.lable: "),
        ([{"name": "A b", **CLASS}], "requests.1.name: a name starts with a lower-case letter"),
        ([{"name": "x", **CLASS}, {"name": "x", **SHARE}], "requests.2.name: x is the name of"),
        ([CLASS, {"kind": "poison"}], "requests.2.kind: poison alters the training data and"),
        ([{"kind": "canaries"}], "requests.1.kind: canaries alters the training data and"),
        ([{"kind": "worst_case"}], "requests.1.kind: worst_case chooses rows by shadow models"),
    ],
)
def test_what_cannot_stand_in_a_sequence_is_told_in_one_line(requests, told):
    found = config() | {"requests": requests}
    with pytest.raises(ConfigError) as error:
        parse(found)
    assert str(error.value).startswith(told)
    assert "\n" not in str(error.value)


def test_one_of_the_two_keys_says_what_to_forget():
    with pytest.raises(ConfigError, match="requests: stands beside forget:"):
        parse(small_config() | {"requests": [CLASS]})


def test_a_method_of_whole_classes_needs_requests_of_them():
    found = config(CLASS, {"kind": "class", "label": 5}, unlearning={"logit_mask": {}})
    assert parse(found).audits
    with pytest.raises(ConfigError, match=r"unlearning.logit_mask: .* requests.2.kind: fraction"):
        parse(config(CLASS, SHARE, unlearning={"logit_mask": {}}))


def test_a_sequence_is_audited_in_the_simulation_alone():
    with pytest.raises(ConfigError, match="devices: not with requests:"):
        parse(config(CLASS, devices={"noisy": {"noise": {}}}))
    with pytest.raises(ConfigError, match="tune: not with requests:"):
        parse(config(CLASS, shadows={"count": 8, "unlearned": 4}, tune={}))


def sequence_of_patients(*further):
    with open("experiments/sequence.yaml", encoding="utf-8") as stream:
        found = yaml.safe_load(stream)
    return found | {"requests": [*found["requests"], *further]}


def of_patient(*patients):
    return {"kind": "group", "column": "patient", "values": list(patients)}


def test_rows_that_requests_name_are_placed_and_those_trained_on_already_change_nothing():
    found = parse(sequence_of_patients())
    spec, pool = data.shared_samples(found), data.pool(found)
    known, asked = found.known, np.zeros(found.data.rows, bool)
    for module, config in found.scenarios[:2]:
        asked |= module.rows(known, config)
    drawn = (0, len(asked), pool.public, pool.pool)
    there = roles(*drawn, np.isin(np.arange(len(asked)), pool.reserved)) == "pool"
    assert not np.any(asked & ~there)
    counts = {part: getattr(spec, part) for part in ("train", "test", "validation")}
    rows = np.flatnonzero(there)
    whose = known["group/patient"][rows]
    parts = shared_parts(0, counts, np.isin(rows, spec.included), whose)
    assert spec.group == "group/patient"
    assert spec.included
    assert np.all(parts[asked[rows]] == "train")
    # A patient of whom every row is there and trained on can ask later, at no cost.
    trained = known["group/patient"][rows[parts == "train"]]
    outside = known["group/patient"][np.setdiff1d(np.arange(len(asked)), rows[parts == "train"])]
    free = sorted(set(trained) - set(outside) - {"P017", "P041", "P058"})
    later = parse(sequence_of_patients(of_patient(free[0])))
    assert data.shared_samples(later) == spec
    assert data.pool(later) == pool
    # One of whom they are not has to be placed.
    other = sorted(set(outside) - set(trained))[0]
    assert data.shared_samples(parse(sequence_of_patients(of_patient(other)))) != spec


def test_named_rows_must_be_new_and_leave_half_of_the_training_rows():
    with pytest.raises(
        ConfigError, match=r"requests.4: all of its rows are asked for by a request"
    ):
        parse(sequence_of_patients(of_patient("P041")))
    many = [of_patient(f"P{k:03}") for k in range(1, 17)]
    with pytest.raises(ConfigError, match=r"with all before it, more than half of samples.train"):
        parse(sequence_of_patients(*many))
    with pytest.raises(ConfigError, match=r"requests.4: values: no row has 'P999' in the column"):
        parse(sequence_of_patients(of_patient("P999")))
