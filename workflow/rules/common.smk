# The experiment, the names that the rules share, and the rule that all jobs are made from. Nothing
# here may import JAX, PennyLane or Qiskit: each cluster job reads these files again.
# Where cores are scarce, the jobs that most others wait for come first: a rule's `priority` falls
# along the longest chain of jobs (docs/scaling.md).
import inspect
import os
import shlex
import sys
from pathlib import Path

# The package is found beside the workflow even where it is not installed, also by the script.
_package = str(Path(workflow.basedir) / "workflow")
sys.path.insert(0, _package)
_folders = [_package, *filter(None, [os.environ.get("PYTHONPATH")])]
os.environ.update(PYTHONPATH=os.pathsep.join(_folders))

# Snakemake writes the interpreter into a shell's line as it is, also where its path holds spaces.
if Path(sys.executable).exists():
    sys.executable = shlex.quote(sys.executable)

from qmu import paths
from qmu.config.origin import check_origin
from qmu.config.parse import parse as parse_config
from qmu.errors import ConfigError
from qmu.plan.files import Files, filled, one_of
from qmu.plan.reasons import install as shorten_reasons
from qmu.sizing import costs

shorten_reasons(workflow)

try:
    check_origin(
        config,
        workflow.overwrite_configfiles,
        workflow.config_settings.config,
        starting=workflow.is_main_process,
    )
    experiment = parse_config(config)
except ConfigError as error:
    sys.exit(f"Error in the configuration: {error}")

files = Files(experiment)
at = files.at
MODELS = list(experiment.models)
SEEDS = experiment.common.seeds
METHODS = list(experiment.unlearning)
VARIANTS = experiment.variants
DEVICES = list(experiment.devices)
# Devices run circuits: a classical model has none.
QUANTUM = list(experiment.circuits)
CELLS = {"model": MODELS, "seed": SEEDS, "variant": VARIANTS}
AUDITED = {"model": MODELS, "variant": VARIANTS}


def told(spec):
    """What a job is told: the spec that a function of `qmu.plan` makes from the wildcards that its
    arguments name."""
    _, *names = inspect.signature(spec).parameters

    def params(wildcards):
        values = {name: wildcards[name] for name in names}
        numbers = {
            n: int(v) for n, v in values.items() if n in ("seed", "block", "part")
        }
        return spec(experiment, **(values | numbers)).plain()

    return params


def asks(**amounts):
    """What a job asks for (memory in MB, time in minutes), as much again on every further attempt.
    A rule's own resources replace all those of the rule that it is made from."""

    def grown(amount):
        return lambda wildcards, attempt: amount * attempt

    return {name: grown(amount) for name, amount in amounts.items()}


wildcard_constraints:
    model=one_of(MODELS),
    variant=one_of(VARIANTS),
    seed=one_of(SEEDS),
    device=one_of(DEVICES),
    block="[0-9]+",
    part="[0-9]+",


# Every job is this one with files and a spec of its own, which names the step that runs.
rule job:
    conda:
        "../../envs/qmu.yaml"
    resources:
        **asks(mem_mb=2000, runtime=15),
    script:
        "../scripts/step.py"


onsuccess:
    print_summary(at(paths.SUMMARY_TEXT), at(paths.REPORT), at(paths.LOGS))


def print_summary(text, page, logs):
    """Show the table of results, when this run made or kept one."""
    if Path(text).is_file():
        print(f"\n{Path(text).read_text()}")
        print(costs.line(Path(logs)))
    if Path(page).is_file():
        print(f"Report: {Path(page).resolve()}")
