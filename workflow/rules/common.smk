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
from qmu.config.origin import check_origin
from qmu.config.parse import parse as parse_config
from qmu.errors import ConfigError
from qmu.plan.files import Files, filled, one_of
from qmu.plan.reasons import install as shorten_reasons
from qmu.plan.rules import asks, teller
from qmu.sizing.costs import print_summary

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
at, told = files.at, teller(experiment)
MODELS = list(experiment.models)
SEEDS = experiment.common.seeds
METHODS = list(experiment.unlearning)
VARIANTS = experiment.variants
DEVICES = list(experiment.devices)
# Devices run circuits: a classical model has none.
QUANTUM = list(experiment.circuits)
CELLS = {"model": MODELS, "seed": SEEDS, "variant": VARIANTS}
AUDITED = {"model": MODELS, "variant": VARIANTS}


wildcard_constraints:
    model=one_of(MODELS),
    variant=one_of(VARIANTS),
    seed=one_of(SEEDS),
    device=one_of(DEVICES),
    block="[0-9]+",
    part="[0-9]+",


onsuccess:
    print_summary(*map(Path, map(at, (paths.SUMMARY_TEXT, paths.REPORT, paths.LOGS))))
