"""Runs the PUBs of a received job with Aer and writes the result as the platform does."""

from __future__ import annotations

import json
from typing import Any

SEED = 2509


def execute(program: str, pubs: list[Any]) -> str:
    """RuntimeEncoder JSON of the PrimitiveResult, without noise but with shots."""
    from qiskit_aer.primitives import EstimatorV2, SamplerV2
    from qiskit_ibm_runtime import RuntimeEncoder

    if program == "sampler":
        sampled = [(pub[0], pub[1], pub[2]) for pub in pubs]
        result = SamplerV2(seed=SEED).run(sampled).result()
    else:
        measured = [(pub[0], pub[1], pub[2], pub[3]) for pub in pubs]
        options = {"run_options": {"seed_simulator": SEED}}
        result = EstimatorV2(options=options).run(measured).result()
    return json.dumps(result, cls=RuntimeEncoder)
