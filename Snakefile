# qmu: audit and unlearn quantum machine-learning models.
# The experiment stands in config.yaml, or as a whole in the file given with --configfile.
from snakemake.utils import min_version

min_version("9.10")


report: "workflow/report/workflow.rst"


if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/job.smk"


if experiment.predictions:

    include: "workflow/rules/predictions.smk"

else:

    include: "workflow/rules/data.smk"
    include: "workflow/rules/train.smk"
    include: "workflow/rules/unlearn.smk"


include: "workflow/rules/tune.smk"
include: "workflow/rules/attack.smk"
include: "workflow/rules/ibm.smk"
include: "workflow/rules/devices.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        files.every(rules.evaluation.output),
        files.every(rules.report.output),
