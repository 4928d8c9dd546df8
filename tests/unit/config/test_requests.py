"""The section ``requests``: what it holds, what it refuses, and what each audit knows."""

import pytest
from fixtures import small_config
from qmu.config.parse import parse
from qmu.errors import ConfigError
from qmu.plan import data, unlearn
from qmu.plan.files import Files
from qmu.report.page.configuration import as_yaml
from qmu.report.results.cards import request

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
    assert first.requests == found.requests[:1] and first.forget.component == "class"
    assert second == found
    assert "bias" not in second.edits("basic_qnn")


def test_one_request_alone_is_told_as_before():
    found = parse(small_config())
    assert found.requests == () and found.audits == {}
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
    import yaml

    found = parse(config(CLASS, {"name": "few", **SHARE}))
    assert parse(yaml.safe_load(as_yaml(found.model_dump(mode="json")))) == found
    asked = request(found.model_dump())
    assert asked.count == 2 and not asked.whole
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
