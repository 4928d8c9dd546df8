# The experiment and the names that the rules share. Nothing here may import JAX, PennyLane or
# Qiskit: each cluster job reads these files again.
# Where cores are scarce, the jobs that most others wait for come first: a rule's `priority` falls
# along the longest chain of jobs (docs/scaling.md).
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
from qmu.config.experiment import Experiment
from qmu.config.origin import check_origin
from qmu.config.parse import parse as parse_config
from qmu.errors import ConfigError
from qmu.plan.audit import examined
from qmu.plan.files import Files, filled, one_of
from qmu.plan.reasons import install as shorten_reasons
from qmu.plan.rules import asks, teller
from qmu.plan.scheduler import install as spare_the_scheduler
from qmu.sizing.costs import print_summary
from qmu.variants import BASELINES, residue

shorten_reasons(workflow)
spare_the_scheduler()

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
at, told = files.at, teller(experiment)
# What all requests of a sequence share.
shared = files.shared
POOL = shared.at(paths.POOL)
AUDITS = experiment.audits or {None: experiment}
# What a job of each audit is told by its wildcards.
EVERY = [{"request": request} if request else {} for request in AUDITS]
MODELS = list(experiment.models)
SEEDS = experiment.common.seeds
METHODS = list(experiment.unlearning)
DEVICES = list(experiment.devices)
# Devices run circuits: a classical model has none.
QUANTUM = list(experiment.circuits)
GROUPS = list(
    dict.fromkeys(
        group
        for one in AUDITS.values()
        for model in MODELS
        for group in one.groups(model)
    )
)
PATH = experiment.common.audit.path
LADDER = [residue(percent) for percent in experiment.common.audit.ladder]


def after(message):
    """A job's message, which tells the requests of a sequence apart."""
    return f"{message}, after {{wildcards.request}}" if experiment.requests else message


def audited(template):
    """One file per model and group of variants that is audited."""

    def tables(wildcards):
        one = experiment.audit_of(wildcards.get("request"))
        found = [
            file
            for model in MODELS
            for file in filled(at(template), model=[model], group=one.groups(model))
        ]
        return files.of_job(found, wildcards)

    return tables


def grouped(kind, members=Experiment.members):
    """One table of all variants of a group, variant by variant, for every seed."""

    def tables(wildcards):
        one = experiment.audit_of(wildcards.get("request"))
        variants = members(one, wildcards.model, wildcards.group)
        return files.of_job(files.of_variants(kind, variants), wildcards)

    return tables


def compared_fleets():
    """Outputs of shadow models before and after the group's method, and of retrained ones."""

    def of(name):
        return lambda w: files.of_job(files.compared_fleets(w.group)[name], w)

    return {name: of(name) for name in ("shadows", "unlearned", "retrained")}


def calibrating():
    """Outputs of the first block of shadow models, where the method's are not asked for."""
    return {
        "shadows": filled(
            files.fleet(paths.SHADOWS, "fleet_outputs", "target"), block=[0]
        )
    }


def started_from(kind):
    """One table of the models that a method starts from, for every seed."""
    return lambda w: files.of_job(
        files.started_from(kind, w.variant, w.get("request")), w
    )


# Of models that were made elsewhere neither costs nor parameters are known.
def costs():
    """What making the models cost, and what retraining did."""
    return {
        "cost": grouped("cost"),
        "timing": grouped("timing"),
        "retrain_cost": files.of_seeds("cost", "retrain"),
        "retrain_timing": files.of_seeds("timing", "retrain"),
    }


def known_parameters():
    """The parameters of the audited models and of those that they are compared with."""
    return {
        "parameters": grouped("parameters", examined),
        "original": files.of_seeds("parameters", "target"),
        "retrain": files.of_seeds("parameters", "retrain"),
        "further": files.retrained("parameters"),
    }


wildcard_constraints:
    model=one_of(MODELS),
    variant=one_of([*BASELINES, *METHODS]),
    group=one_of(GROUPS),
    seed=one_of(SEEDS),
    device=one_of(DEVICES),
    request=one_of(experiment.audits),
    block="[0-9]+",
    part="[0-9]+",


onsuccess:
    last = [
        files.every([at(file)])[-1] for file in (paths.SUMMARY_TEXT, paths.REPORT)
    ]
    print_summary(*map(Path, (*last, shared.at(paths.LOGS))))
