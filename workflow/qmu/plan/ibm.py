"""Specs of the rules in ``ibm.smk``: jobs on IBM backends."""

from __future__ import annotations

from typing import Any

from qmu.config.experiment import Experiment
from qmu.devices.kinds import ibm
from qmu.specs.ibm import Decode, Estimate, Prepare, Sent

from .common import base, model_code
from .common import model as model_spec


def prepare(
    experiment: Experiment, model: str, seed: int, variant: str, device: str, part: int
) -> Prepare:
    """One IBM job: circuits and embedded images."""
    sent = _sent(experiment, device)
    return Prepare(
        **base(experiment, "ibm.prepare", *model_code(experiment, model)),
        name=model,
        seed=seed,
        variant=variant,
        part=part,
        parts=parts(experiment, device),
        backend=sent["backend"],
        circuit=sent["circuit"],
        images=experiment.devices[device].settings["images"],
        model=model_spec(experiment, model, "simulation"),
    )


def estimate(experiment: Experiment, device: str) -> Estimate:
    """The cost of all jobs of a device."""
    limit = experiment.devices[device].settings["job"]["max_total_seconds"]
    return Estimate(
        **base(experiment, "ibm.estimate"),
        **_sent(experiment, device),
        device=device,
        max_total_seconds=limit,
    )


def submit(experiment: Experiment, device: str) -> Sent:
    """Sending one job."""
    return Sent(**base(experiment, "ibm.submit"), **_sent(experiment, device))


def collect(experiment: Experiment, device: str) -> Sent:
    """Fetching one job's result, or executing it where the backend is simulated."""
    return Sent(**base(experiment, "ibm.collect"), **_sent(experiment, device))


def decode(experiment: Experiment, model: str, device: str) -> Decode:
    """From raw results to outputs."""
    return Decode(
        **base(experiment, "ibm.decode", *model_code(experiment, model)),
        images=experiment.devices[device].settings["images"],
        model=model_spec(experiment, model, "simulation"),
    )


def parts(experiment: Experiment, device: str) -> int:
    """Jobs per model variant and seed on an IBM device."""
    return _settings(experiment, device).parts()


def is_fake(experiment: Experiment, device: str) -> bool:
    """Whether an IBM device's backend is simulated."""
    return _settings(experiment, device).fake


def _settings(experiment: Experiment, device: str) -> ibm.Config:
    return ibm.Config(**experiment.devices[device].settings)


def _sent(experiment: Experiment, device: str) -> dict[str, Any]:
    settings = _settings(experiment, device)
    # A change of what all jobs together may cost concerns the estimate alone.
    job = settings.job.model_dump(mode="json", exclude={"max_total_seconds"})
    circuit = settings.settings().model_dump(mode="json")
    return {"backend": settings.backend, "circuit": circuit, "job": job}
