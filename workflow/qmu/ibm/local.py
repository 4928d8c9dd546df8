"""A prepared job executed here: the backend's noise in exact simulation, and shots drawn from it.

The result is a PrimitiveResult as IBM's service returns it, so that everything after it is the
same. The estimator's result comes without the service's mitigation of readout errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qmu.simulators.transpiled.engine import distributions
from qmu.simulators.transpiled.gates import NoisyGates
from qmu.simulators.transpiled.noise import noisy_gates, used_by

from .prepare import Prepared


def probabilities(
    prepared: Prepared, backend: Any, *, noisy: bool = True, exact: bool = False
) -> tuple[np.ndarray, float]:
    """Chances (n, 2**M) of the measured bits, ``prepared.bits[0]`` the slowest, and what was
    neglected (see ``simulate.distributions``)."""
    isa, values = prepared.pub[0], prepared.pub[1 if prepared.primitive == "sampler" else 2]
    values = np.asarray(values).reshape(prepared.samples, -1)
    gates = noisy_gates(backend, used_by(isa)) if noisy else NoisyGates(None)
    return distributions(isa, values, _physical(prepared), gates, exact=exact)


def expectations(prepared: Prepared, backend: Any, *, noisy: bool = True) -> np.ndarray:
    """Noisy <Z> (n, K) in the limit of infinitely many shots."""
    chances, _ = probabilities(prepared, backend, noisy=noisy)
    return parities(chances, prepared)


def parities(chances: np.ndarray, prepared: Prepared) -> np.ndarray:
    """<Z> (n, K) of a job from the chances (n, 2**M) of its bits."""
    count = len(prepared.bits)
    bits = np.arange(2**count)[:, None] >> np.arange(count)[::-1] & 1
    odd = bits @ prepared.masks.T.astype(int) & 1
    return chances @ (1.0 - 2.0 * odd) * prepared.signs


def run(prepared: Prepared, backend: Any, rng: np.random.Generator, *, noisy: bool = True) -> Any:
    """The PrimitiveResult of a job from ``prepared.shots`` shots a sample."""
    chances, _ = probabilities(prepared, backend, noisy=noisy)
    return sampled(prepared, chances, rng)


def sampled(prepared: Prepared, chances: np.ndarray, rng: np.random.Generator) -> Any:
    """The PrimitiveResult of shots drawn from the chances (n, 2**M) of a job's bits."""
    return _result(rng.multinomial(prepared.shots, chances), prepared)


def _result(counts: np.ndarray, prepared: Prepared) -> Any:
    from qiskit.primitives import DataBin, PrimitiveResult, SamplerPubResult

    shape = (prepared.samples,)
    if prepared.primitive == "estimator":
        values = parities(counts / prepared.shots, prepared) * prepared.signs
        errors = np.sqrt((1 - values**2).clip(0) / max(prepared.shots - 1, 1))
        data = DataBin(evs=values, stds=errors, shape=values.shape)
    else:
        data = DataBin(meas=_bit_array(counts, len(prepared.bits)), shape=shape)
    return PrimitiveResult([SamplerPubResult(data, metadata={"shots": prepared.shots})])


def _bit_array(counts: np.ndarray, width: int) -> Any:
    from qiskit.primitives import BitArray

    outcomes = np.arange(2**width)
    # The first measured wire is the slowest bit here and bit 0 of the register.
    reversed_ = sum(((outcomes >> place) & 1) << (width - 1 - place) for place in range(width))
    size = -(-width // 8)
    rows = []
    for row in counts:
        drawn = np.repeat(reversed_, row).astype(">u4")
        rows.append(drawn.view(np.uint8).reshape(-1, 4)[:, 4 - size :])
    return BitArray(np.stack(rows), width)


def _physical(prepared: Prepared) -> list[int]:
    """The backend's qubit behind each measured bit."""
    isa = prepared.pub[0]
    if prepared.primitive == "estimator":
        final = isa.layout.final_index_layout()
        return [final[wire] for wire in prepared.bits]
    places: dict[int, int] = {}
    for instruction in isa.data:
        if instruction.operation.name == "measure":
            bit = isa.find_bit(instruction.clbits[0]).index
            places[bit] = isa.find_bit(instruction.qubits[0]).index
    return [places[bit] for bit in range(len(prepared.bits))]
