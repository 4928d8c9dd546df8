"""Devices of ``kind: pennylane``: any PennyLane device, one image at a time.

For small jobs: `qiskit.aer` with a recorded noise model, `qiskit.remote` with one blocking job per
image, or any other device that is installed. A test set belongs on ``kind: ibm``, whose jobs hold
all images and survive a kill.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from qmu.circuits.circuit import Circuit
from qmu.devices.checks import Context, DeviceCard, require
from qmu.devices.images import Images
from qmu.errors import ConfigError, suggestion
from qmu.ibm.settings import is_fake
from qmu.strict import Strict

AER, REMOTE = "qiskit.aer", "qiskit.remote"
# What the section's own keys decide, and what no file may hold.
OWN = ("wires", "shots", "backend", "noise_model", "service", "session", "provider")
SECRET = ("token", "password", "apikey", "api_key", "secret", "instance")


CARD = DeviceCard(
    title="PennyLane device",
    source="Bergholm et al. 2018, arXiv:1811.04968",
    statement="Any installed PennyLane device by its name, one execution per image.",
    chosen_images=True,
)


class Config(Strict):
    """A PennyLane device by its name, with one execution per image: for few images.

    ``backend``: for `qiskit.aer` the fake backend whose recorded noise is simulated (without its
    couplings: nothing is routed, and gates between qubits that it does not couple are noiseless,
    so the result is optimistic; without ``backend``, no noise); for `qiskit.remote` where to run,
    a fake backend here or one of IBM's with an account from the environment or the saved one.
    ``options`` go to the device as they are. On 8 qubits with noise an image takes seconds.
    """

    device: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{1,63}$")]
    backend: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{1,63}$")] | None = (
        None
    )
    shots: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    options: dict[str, Any] = Field(default={})
    images: Images = Images(train=20, test=20, validation=10, forget_train=10, forget_unseen=10)

    @model_validator(mode="after")
    def _possible(self) -> Config:
        for key in _keys(self.options):
            if key in OWN or any(word in key.lower() for word in SECRET):
                raise ValueError(
                    f"options: {key} cannot be given here (accounts come from the environment or "
                    f"are saved; {', '.join(OWN)} are set by qmu)"
                )
        if self.backend is not None and self.device not in (AER, REMOTE):
            raise ValueError(f"backend: {self.device} has none, only {AER} and {REMOTE} do")
        if self.device == AER and self.backend is not None and not self.fake:
            raise ValueError(f"backend: {AER} simulates the noise of a fake backend (fake_torino)")
        if self.device == REMOTE and (self.backend is None or self.shots is None):
            raise ValueError(f"{'backend' if self.backend is None else 'shots'}: {REMOTE} needs it")
        if self.device == AER and self.backend is not None and self.shots is None:
            raise ValueError(f"shots: {AER} with noise samples, give it shots")
        return self

    @property
    def fake(self) -> bool:
        """Whether nothing is sent to anybody."""
        return self.backend is None or is_fake(self.backend)


def check(config: Config, where: str, circuits: Mapping[str, Circuit], context: Context) -> None:
    """The device and what stands behind its backend must be installed."""
    known = sorted(entry.name for entry in entry_points(group="pennylane.plugins"))
    if config.device not in known:
        hint = suggestion(config.device, known)
        if config.device in (AER, REMOTE):
            hint = " It comes with the package pennylane-qiskit."
        raise ConfigError(
            f"{where}.device: no PennyLane device named {config.device!r} is installed.{hint}"
        )
    packages = {AER: ["qiskit_aer"], REMOTE: ["qiskit_ibm_runtime"]}.get(config.device, [])
    if config.backend is not None and config.fake:
        packages = ["qiskit_ibm_runtime", "qiskit_aer"]
    require(where, *packages)


def _keys(options: Any) -> Iterator[str]:
    """The keys of a mapping and of all mappings in it."""
    if isinstance(options, dict):
        for key, value in options.items():
            yield str(key)
            yield from _keys(value)
    elif isinstance(options, list):
        for value in options:
            yield from _keys(value)
