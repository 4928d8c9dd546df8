"""What is known about a backend before anything is trained, without Qiskit and without an account.

IBM's client is installed with the recorded configurations of its fake backends, one folder each.
They are read as files, for importing the client takes seconds: the names that exist, the number of
qubits, the delay between executions. The same folder describes the real backend of its name, so far
as that is known without asking IBM; whether a real backend exists is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from qmu.errors import ConfigError, suggestion

from .cost import JOB_OVERHEAD, REPETITION_DELAY, repeats
from .jobs.folder import PAID
from .settings import Settings, is_fake

if TYPE_CHECKING:
    from qmu.circuits.circuit import Circuit

CLIENT = "qiskit_ibm_runtime"
_MICROSECOND = 1e-6


@dataclass(frozen=True)
class Recorded:
    """A recorded backend: its fake name, its qubits, and the seconds between two executions (None
    where the record does not say)."""

    fake_name: str
    qubits: int
    repetition_delay: float | None


@dataclass(frozen=True)
class Work:
    """What a device is asked: ``circuits`` by the model's name, each with ``repetitions`` sets of
    weights (seeds times variants), of which every one takes ``images`` executions of ``shots`` in
    ``parts`` jobs."""

    circuits: Mapping[str, Circuit]
    repetitions: int
    images: int
    parts: int = 1

    @property
    def jobs(self) -> int:
        """Jobs of all models."""
        return len(self.circuits) * self.repetitions * self.parts


def check(where: str, backend: str, settings: Settings, work: Work, limit: float) -> None:
    """Raise ConfigError for a fake backend that does not exist, for a circuit with more qubits than
    the backend is known to have, and for work whose least QPU time exceeds ``limit`` seconds.

    ``where``: the device's key, such as ``devices.torino``. Says nothing where nothing is known.
    """
    record = recorded(backend)
    known = _records()
    if record is None and is_fake(backend) and known:
        names = [_fake_name(name) for name in known]
        hint = suggestion(backend.lower(), names)
        raise ConfigError(f"{where}.backend: no fake backend is named {backend!r}.{hint}")
    if record is not None:
        for model, circuit in work.circuits.items():
            if circuit.wires > record.qubits:
                raise ConfigError(
                    f"{where}.backend: {backend} has {record.qubits} qubits, the circuit of "
                    f"models.{model} needs {circuit.wires}"
                )
    least = 0.0 if is_fake(backend) else least_seconds(backend, settings, work)
    if least > limit:
        raise ConfigError(
            f"{where}.job.max_total_seconds: the jobs on {backend} take {least:,.0f} s of QPU time "
            f"or more ({work.jobs} jobs, {work.images:,} images of each model, seed and variant, "
            f"{settings.shots:,} shots), {limit:g} is allowed: take fewer images, shots, seeds or "
            "variants, or a higher limit"
        )


def recorded(backend: str) -> Recorded | None:
    """The record of a fake backend, or of the real one whose name (``ibm_torino``) it carries."""
    known = _records()
    if is_fake(backend):
        wanted = _normal(backend)
        return _read(next((name for name in (wanted, f"{wanted}v2") if name in known), None))
    short = backend.lower().rpartition("_")[2]
    return _read(next((name for name, file in known.items() if file.parent.name == short), None))


def least_seconds(backend: str, settings: Settings, work: Work) -> float:
    """QPU seconds that all jobs take at least, as `cost.estimate` counts them.

    The circuits are not transpiled yet, so their own length counts as nothing, an estimator's
    measurement bases as one; what was paid before, for whatever experiment, is taken off. A backend
    without a record is taken to repeat after `cost.REPETITION_DELAY`, as IBM's do by default.
    """
    execution = settings.options.get("execution") or {}
    delay = execution.get("rep_delay")
    if delay is None:
        record = recorded(backend)
        delay = record.repetition_delay if record is not None else None
    if not isinstance(delay, int | float):
        delay = REPETITION_DELAY
    executions = work.images * settings.shots * repeats(settings.options)
    seconds = executions * delay / work.parts + JOB_OVERHEAD
    return max(0, work.jobs - _paid()) * seconds


def _paid() -> int:
    """Jobs whose results are kept, each of which may be one that is asked for again."""
    return sum(1 for _ in Path(PAID).glob("*/result.json"))


@cache
def _records() -> dict[str, Path]:
    """Class of a fake backend in lower case -> its recorded configuration; empty where the client
    is not installed or keeps its records in another way."""
    package = find_spec(CLIENT)
    folders = [] if package is None else package.submodule_search_locations or []
    known = {}
    for folder in folders:
        for file in sorted(Path(folder).glob("fake_provider/backends/*/fake_*.py")):
            text = file.read_text(encoding="utf-8")
            names = re.findall(r"^class (Fake\w+)\(", text, re.MULTILINE)
            configuration = re.search(r"conf_filename = \"(\w+\.json)\"", text)
            if configuration is not None:
                known |= {_normal(name): file.with_name(configuration[1]) for name in names}
    return known


@cache
def _read(name: str | None) -> Recorded | None:
    if name is None:
        return None
    try:
        values = json.loads(_records()[name].read_text(encoding="utf-8"))
        delay = values.get("default_rep_delay")
        seconds = None if delay is None else float(delay) * _MICROSECOND
        return Recorded(_fake_name(name), int(values["n_qubits"]), seconds)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # recorded in another way than is known here


def _normal(name: str) -> str:
    """Names are told apart by their letters and digits alone: fake_torino is FakeTorino."""
    return name.lower().replace("_", "")


def _fake_name(normal: str) -> str:
    """``faketorino`` and ``fakemanilav2`` as they are written: fake_torino, fake_manila."""
    return "fake_" + normal.removeprefix("fake").removesuffix("v2")
