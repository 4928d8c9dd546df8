"""File names of an experiment: what is filled in, and what is left for Snakemake's wildcards."""

import re

import pytest
from fixtures import small_config
from qmu import paths
from qmu.config.parse import parse
from qmu.plan.audit import evaluation
from qmu.plan.files import Files, filled, one_of
from qmu.plan.report import report
from qmu.variants import BASELINES, cells

SHADOWS = {"count": 10, "block": 4, "unlearned": 8}


@pytest.fixture(scope="module")
def files():
    return Files(parse(small_config() | {"seeds": [3, 5], "shadows": SHADOWS}))


def wildcards(file):
    return set(re.findall("{([a-z]+)}", file))


def test_a_template_is_filled_with_every_combination_in_order():
    names = filled("a/{x}/{y}/{z}", x=["p", "q"], y=[1, 2])
    assert names == ["a/p/1/{z}", "a/p/2/{z}", "a/q/1/{z}", "a/q/2/{z}"]
    assert filled("a/{x}", x=[]) == []
    assert filled("a/{x}") == ["a/{x}"]


def test_a_value_is_filled_in_wherever_its_wildcard_stands():
    assert filled("{x}/{x}.log", x=[1]) == ["1/1.log"]
    assert filled("a", x=[1]) == ["a"]


def test_a_pattern_of_names_matches_them_and_of_none_nothing():
    assert re.fullmatch(one_of(["ga", "ssd", 3]), "3")
    assert not re.fullmatch(one_of(["ga", "ssd"]), "rga")
    for text in ("", "ga"):
        assert not re.fullmatch(one_of([]), text)


def test_every_template_loses_the_experiment_and_no_other_wildcard(files):
    templates = [value for value in vars(paths).values() if isinstance(value, str)]
    for template in (text for text in templates if text.startswith(paths.ROOT)):
        file = files.at(template)
        assert file.startswith("results/small")
        assert wildcards(file) == wildcards(template) - {"experiment"}


def test_logs_and_benchmarks_stand_below_the_experiment(files):
    assert files.log("train/{model}") == "results/small/logs/train/{model}.log"
    assert files.benchmark("pool") == "results/small/benchmarks/pool.tsv"


def test_tables_of_a_variant(files):
    assert files.variant("outputs") == (
        "results/small/models/{model}/seed-{seed}/{variant}/outputs.parquet"
    )
    assert wildcards(files.variant("cost", "target")) == {"model", "seed"}
    assert files.variant_tables().keys() == set(paths.MODEL_TABLES)
    assert all(files.variant(kind) == file for kind, file in files.variant_tables().items())


def test_tables_of_all_seeds_are_in_the_order_of_the_seeds(files):
    assert files.samples() == [
        "results/small/data/seed-3/samples.parquet",
        "results/small/data/seed-5/samples.parquet",
    ]
    outputs = files.of_seeds("outputs", "target")
    assert [re.findall(r"seed-(\d)", file) for file in outputs] == [["3"], ["5"]]
    assert all(wildcards(file) == {"model"} for file in outputs)
    assert all("/target/outputs" in file for file in outputs)
    assert len(files.outputs_on("ga")) == 2
    assert wildcards(files.outputs_on("ga")[0]) == {"model", "device"}


def test_tables_of_a_fleet_drop_the_kinds_prefix(files):
    tables = files.fleet_tables(paths.SHADOWS, paths.FLEET_TABLES)
    assert tables.keys() == set(paths.FLEET_TABLES)
    assert tables["fleet_members"].endswith("block-{block}/members.parquet")
    assert files.fleet(paths.SHADOWS, "fleet_members") == tables["fleet_members"]


def test_shadow_models_of_a_variant_are_in_its_own_blocks(files):
    """Ten shadow models of the target in three blocks, eight of every other variant in two."""
    assert len(files.shadow_outputs("target")) == 3
    assert len(files.shadow_outputs("ga")) == 2
    assert all(wildcards(file) == {"model"} for file in files.shadow_outputs("retrain"))


@pytest.mark.parametrize(
    ("group", "after"),
    [("ga", "ga"), ("target", "target"), ("residue", "retrain"), ("innocent", "retrain")],
)
def test_compared_fleets_hold_the_same_models_in_the_same_blocks(files, group, after):
    """Models of the ladder and innocent edits are judged by retrained shadow models."""
    fleets = files.compared_fleets(group)
    for name, variant in {"shadows": "target", "unlearned": after, "retrained": "retrain"}.items():
        assert fleets[name] == [
            f"results/small/shadows/{{model}}/{variant}/block-{block}/outputs.parquet"
            for block in (0, 1)
        ]


def test_tables_of_several_variants_are_variant_by_variant_then_by_seed(files):
    tables = files.of_variants("parameters", ["ga", "ga@0.5"])
    assert [re.findall(r"seed-(\d)/([a-z@0-9.]+)/", file)[0] for file in tables] == [
        ("3", "ga"),
        ("5", "ga"),
        ("3", "ga@0.5"),
        ("5", "ga@0.5"),
    ]
    assert files.tables("cost", ["residue@5"]) == [
        "results/small/models/{model}/seed-{seed}/residue@5/cost.parquet"
    ]


def test_further_retrained_models_are_those_of_the_configuration(files):
    names = [f"retrain@{k}" for k in range(1, files.experiment.common.retrain.ensemble + 1)]
    assert files.retrained("outputs") == files.of_variants("outputs", names)


def test_a_method_reads_retrained_shadow_models_where_its_stopping_rule_asks_for_them():
    methods = {"ga": {}, "own": {"method": "ga", "stopping": {"forget_loss": 1.0}}}
    files = Files(parse(small_config() | {"unlearning": methods}))
    assert files.reference("ga") == files.shadow_outputs("retrain") != []
    assert files.reference("own") == []


@pytest.fixture(scope="module")
def sequence():
    requests = [{"kind": "class", "label": label} for label in (4, 5, 6)]
    config = small_config() | {"requests": requests, "shadows": SHADOWS}
    del config["forget"]
    return Files(parse(config))


def test_what_follows_from_a_request_stands_in_its_folder_and_the_rest_is_shared(sequence):
    folder = "results/small/{request}/models/{model}/seed-{seed}/ga"
    assert sequence.variant("outputs", "ga") == f"{folder}/outputs.parquet"
    assert sequence.log("x") == "results/small/logs/{request}/x.log"
    assert sequence.shared.at(paths.POOL) == "results/small/data/pool.parquet"
    assert sequence.shared.log("pool") == "results/small/logs/pool.log"
    assert "{request}" not in sequence.fleet(paths.SHADOWS, "fleet_outputs", "target")
    assert "{request}" in sequence.fleet(paths.SHADOWS, "fleet_outputs", "retrain")
    assert sequence.every(["a/{request}"]) == [f"a/request_{k}" for k in (1, 2, 3)]


def test_a_method_starts_from_what_it_made_of_the_request_before(sequence, files):
    def folders(request):
        found = sequence.started_from("parameters", "ga", request)
        return [file.removeprefix("results/small/").split("/seed")[0] for file in found]

    assert folders("request_1") == ["{request}/models/{model}"]
    assert "/target/" in sequence.started_from("parameters", "ga", "request_1")[0]
    assert folders("request_3") == ["request_2/models/{model}"]
    assert "/ga/" in sequence.started_from("parameters", "ga", "request_3")[0]
    fleet = sequence.shadows_started_from
    assert fleet("ga", "request_1").startswith("results/small/shadows/{model}/target/")
    assert fleet("ga", "request_2").startswith("results/small/request_1/shadows/{model}/ga/")
    assert sequence.until(["{request}"], "request_3") == ["request_1", "request_2"]
    assert sequence.until(["{request}"], "request_1") == []
    # One request alone: from the target.
    assert files.started_from("cost", "ga", None) == files.of_seeds("cost", "target")


@pytest.fixture(scope="module")
def uneven():
    """Two seeds, and a method that one of two models is left out of."""
    raw = small_config() | {
        "seeds": [3, 5],
        "features": {"components": 10},
        "models": {"basic_qnn": {}, "mine": {"model": "reupload_vqc", "qubits": 10}},
        "unlearning": {"logit_mask": {}, "ga": {}},
    }
    return parse(raw)


@pytest.mark.parametrize("without", [(), BASELINES])
@pytest.mark.parametrize("step", [report, evaluation])
def test_a_job_reads_files_in_the_order_in_which_the_rules_list_them(uneven, step, without):
    files = Files(uneven)
    listed = files.cells(files.variant("cost"), without=without)
    named = cells(step(uneven).variants, [3, 5], without)
    assert len(set(listed)) == len(listed) == len(named) == 14 - 8 * bool(without)
    for file, (model, seed, variant) in zip(listed, named, strict=True):
        of = files.variant("cost").replace("{model}", model).replace("{seed}", str(seed))
        assert file == of.replace("{variant}", variant)
    assert not any("mine" in file and "logit_mask" in file for file in listed)


def test_a_file_of_all_seeds_is_listed_once_and_for_the_models_that_are_asked(uneven):
    files = Files(uneven)
    one = filled(files.at(paths.MEASUREMENTS_ON), device=["a", "b"])
    listed = files.cells(*one, models=["mine"])
    assert listed == [
        file for name in one for file in filled(name, model=["mine"], variant=[*BASELINES, "ga"])
    ]
    assert files.cells(files.at(paths.SWEEP_OF), models=[]) == []
