"""What the rules ask of a cluster: memory and time for every job, and more with every attempt."""

from pathlib import Path

import pytest
from snakemake.api import SnakemakeApi
from snakemake.settings import types as settings

ROOT = Path(__file__).parents[3]
# Snakemake's own names for what a job may have.
ASKED = ("mem_mb", "runtime")
FILES = ("experiments/tiny.yaml", "experiments/noisy.yaml")


@pytest.fixture(scope="module", params=FILES)
def rules(request):
    """The rules that run a job, as Snakemake reads them for an experiment."""
    with SnakemakeApi(settings.OutputSettings(quiet={settings.Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=settings.ResourceSettings(cores=1),
            config_settings=settings.ConfigSettings(configfiles=[ROOT / request.param]),
            snakefile=ROOT / "Snakefile",
            workdir=ROOT,
        )._get_workflow(check_envvars=False)
        workflow.include(ROOT / "Snakefile", overwrite_default_target=True)
        return [rule for rule in workflow.rules if rule.script]


def asked(rule, name, attempt):
    return rule.resources[name].evaluate(None, attempt=attempt).value


def test_every_rule_with_a_job_asks_for_memory_and_time(rules):
    assert len(rules) > 20
    for rule in rules:
        assert not [name for name in ASKED if name not in rule.resources], rule.name


def test_a_second_attempt_asks_for_twice_as_much(rules):
    for rule in rules:
        for name in ASKED:
            amounts = [asked(rule, name, attempt) for attempt in (1, 2, 3)]
            assert amounts == [amounts[0], 2 * amounts[0], 3 * amounts[0]], rule.name
            assert amounts[0] >= (600 if name == "mem_mb" else 10), rule.name


def test_every_job_runs_the_one_script_in_the_one_environment(rules):
    assert len({str(rule.script) for rule in rules}) == 1
    assert len({str(rule.conda_env) for rule in rules}) == 1
    assert all(rule.message and rule.log and rule.benchmark for rule in rules if rule.name != "job")
