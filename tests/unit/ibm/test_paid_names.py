"""What was paid is found again by its digest and tag: these names outlive every version of qmu.

The values were computed when the first results were paid. A change of a class's or a field's name,
of a default, or of their order makes new names, and everything would be paid for once more.
"""

import numpy as np
from qmu.circuits.ansatz import u3_cnot_ring
from qmu.circuits.circuit import Circuit, Feature, FeatureProduct, Operation, Parameter
from qmu.ibm.jobs.tags import job_tag
from qmu.ibm.prepare import digest
from qmu.ibm.settings import Settings

SMALL = Circuit(
    2,
    "angle",
    (
        Operation("RY", (0,), (Feature(0, 2.0, 0.5),)),
        Operation("IsingZZ", (0, 1), (FeatureProduct(Feature(0), Feature(1, 1.0, -3.0)),)),
        Operation("U3", (1,), (Parameter(0), Parameter(1), 0.25)),
        Operation("CNOT", (0, 1)),
    ),
    (0, 1),
    2,
    2,
)
CHOSEN = Settings(
    primitive="estimator",
    shots=1000,
    embedding="tree",
    fold=True,
    compact=True,
    optimization_level=2,
    transpiler_seeds=5,
    max_infidelity=0.1,
    max_layers=4,
    options={"resilience_level": 1, "twirling": {"enable_gates": True}},
)
DEFAULT_DIGEST = "bb63a9c25cdfece383f85d4cf4bc5382c86a9c6780ea3d486cf1dbf7739e3056"
CHOSEN_DIGEST = "36b260d66c355657c38370d5cced9e886c3346c36769ad534d7c2fc7028d2be7"


def test_digests_stay():
    angles, inputs = np.array([0.125, -1.5]), np.array([[0.5, 0.25], [-0.75, 1.0]])
    assert digest(SMALL, angles, inputs, "ibm_torino", Settings()) == DEFAULT_DIGEST
    ring = u3_cnot_ring.circuit(2, 1)
    assert digest(ring, np.arange(6) / 8, np.eye(4)[:3], "fake_torino", CHOSEN) == CHOSEN_DIGEST


def test_tags_stay():
    assert job_tag(DEFAULT_DIGEST, "ibm_torino", Settings()) == "qmu-0df80693cb16ed82fe8f"
    assert job_tag(CHOSEN_DIGEST, "fake_torino", CHOSEN) == "qmu-8ba2d081ab3ec0de03fe"
