# Validation, names and helpers that every rule uses. Nothing here may import JAX, PennyLane or
# Qiskit: each cluster job reads these files again.
# Where cores are scarce, the jobs that most others wait for come first: a rule's `priority` falls
# along the longest chain of jobs (docs/scaling.md).
import os
import shlex
import sys
from pathlib import Path

# The package is found beside the workflow even where it is not installed, also by the scripts.
_package = str(Path(workflow.basedir) / "workflow")
sys.path.insert(0, _package)
_folders = [_package, *filter(None, [os.environ.get("PYTHONPATH")])]
os.environ.update(PYTHONPATH=os.pathsep.join(_folders))

# Snakemake writes the interpreter into a shell's line as it is, also where its path holds spaces.
if Path(sys.executable).exists():
    sys.executable = shlex.quote(sys.executable)

from qmu import paths
from qmu.config.experiment import parse as parse_config
from qmu.config.origin import check_origin
from qmu.errors import ConfigError
from qmu.plan.reasons import install as shorten_reasons
from qmu.plan.specs import Specs
from qmu.sizing import costs as job_costs

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

specs = Specs(experiment)
MODELS = list(experiment.models)
SEEDS = experiment.common.seeds
METHODS = list(experiment.unlearning)
VARIANTS = experiment.variants
BLOCKS = specs.blocks("target")
UNLEARNED_BLOCKS = specs.blocks("retrain")
NEEDS = specs.needs()
DEVICES = list(experiment.devices)
SIMULATED = [
    n for n, entry in experiment.devices.items() if entry.component == "simulated"
]


def at(template):
    """A path template with this experiment's name filled in, other wildcards left."""
    return template.replace("{experiment}", experiment.common.experiment)


def tables(templates, kinds=None):
    """Table kind -> path template, for the named kinds or all."""
    return {k: at(v) for k, v in templates.items() if kinds is None or k in kinds}


def variant_table(kind, variant="{variant}"):
    """The path template of one table of a model variant."""
    return at(paths.model_tables()[kind]).replace("{variant}", variant)


def fleet_table(folder, kind, variant="{variant}"):
    """The path template of one table of a fleet."""
    return at(paths.fleet_tables(folder)[kind]).replace("{variant}", variant)


def of_seeds(kind, variant="{variant}"):
    """One table of a model variant for every seed."""
    return expand(variant_table(kind, variant), seed=SEEDS, allow_missing=True)


def outputs_on(variant="{variant}"):
    """The outputs of a model variant on a further device for every seed."""
    path = at(paths.OUTPUTS_ON).replace("{variant}", variant)
    return expand(path, seed=SEEDS, allow_missing=True)


def one_of(names):
    """A wildcard's pattern: one of the names, or nothing at all where there are none."""
    return "|".join(names) or "(?!)"


def ensembles(kind):
    """One table of the retrain ensembles of every seed."""
    return expand(fleet_table(paths.ENSEMBLE, kind), seed=SEEDS, allow_missing=True)


def known_fleets(wanted):
    """The outputs of shadow models before and after the audited method, and retrained ones."""
    if not wanted:
        return {}
    variants = {"shadows": "target", "unlearned": "{variant}", "retrained": "retrain"}
    return {
        name: expand(
            fleet_table(paths.SHADOWS, "fleet_outputs", variant),
            block=UNLEARNED_BLOCKS,
            allow_missing=True,
        )
        for name, variant in variants.items()
    }


def log_of(name):
    """The log file of a job, by its rule and wildcards."""
    return f"{at(paths.LOGS)}/{name}.log"


def benchmark_of(name):
    """The resource measurements of a job, by its rule and wildcards."""
    return f"{at(paths.BENCHMARKS)}/{name}.tsv"


wildcard_constraints:
    model="|".join(MODELS),
    variant="|".join(VARIANTS),
    seed="|".join(str(seed) for seed in SEEDS),
    block="[0-9]+",
    device=one_of(DEVICES),


onsuccess:
    print_summary(at(paths.SUMMARY_TEXT), at(paths.REPORT), at(paths.LOGS))


def print_summary(text, page, logs):
    """Show the table of results, when this run made or kept one."""
    if Path(text).is_file():
        print(f"\n{Path(text).read_text()}")
        print(job_costs.line(Path(logs)))
    if Path(page).is_file():
        print(f"Report: {Path(page).resolve()}")
