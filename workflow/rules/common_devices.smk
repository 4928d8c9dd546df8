# Names and helpers of the rules that ask further devices.
from qmu.ibm import account as ibm_account

CORRECTED = [n for n, e in experiment.devices.items() if e.component == "corrected"]
IBM = [n for n, entry in experiment.devices.items() if entry.component == "ibm"]
JOBS_OF = {device: list(range(specs.parts(device))) for device in IBM}


def qpus(wildcards):
    """A job on a real backend holds one `qpu`, of which a profile allows so many at a time."""
    return 0 if specs.fake(wildcards.device) else 1


def jobs_of(template):
    """One file of every job of a model variant and seed."""
    return lambda w: expand(at(template), part=JOBS_OF[w.device], allow_missing=True)


def all_jobs(template, device):
    """One file of every job of a device."""
    cells = dict(model=MODELS, seed=SEEDS, variant=VARIANTS)
    return expand(at(template), device=device, part=JOBS_OF[device], **cells)


def corrected_from(wildcards):
    """The outputs of the device that is corrected, for every seed."""
    source = experiment.devices[wildcards.device].settings["of"]
    return [file.replace("{device}", source) for file in outputs_on()]
