"""How much of a model a device leaves: its answers beside those of the exact simulation.

``signal_slope`` and ``signal_correlation`` compare the device's <Z> with the exact ones over all
test images and qubits: noise pulls expectation values towards those of a mixed state, so the slope
falls, while the correlation says whether what is left still orders images as the model does.
``agreement_with_simulation``: how often the device's answer is the simulation's. The embedding's
own fidelity stands beside them, because an approximate embedding loses before any noise does.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qmu.metrics.distances import moments

from .measurement import Measurement, Recorder, Resampling, Subject

Table = Mapping[str, np.ndarray]
SPLIT = "test"


def signal(
    subject: Subject, outputs: Table, ideal: Table, settings: Resampling
) -> list[Measurement]:
    """Figures over the test images of ``outputs``; ``ideal`` holds the exact simulation's outputs
    on at least these. Raises ValueError for an image that it lacks."""
    rows = np.flatnonzero(np.isin(outputs["split"], ("retain_test", "forget_test")))
    order = np.argsort(ideal["sample_id"])
    found = np.searchsorted(ideal["sample_id"][order], outputs["sample_id"][rows])
    same = order[found.clip(max=len(order) - 1)]
    if not np.array_equal(ideal["sample_id"][same], outputs["sample_id"][rows]):
        raise ValueError("the exact simulation lacks images that the device was asked about")
    exact = ideal["expectation_values"][same]
    measured = outputs["expectation_values"][rows]
    draw = Recorder(subject, settings)
    slope, correlation = moments(exact, measured)
    answers = outputs["logits"][rows].argmax(axis=-1) == ideal["logits"][same].argmax(axis=-1)
    ids = outputs["sample_id"][rows]
    figures = [
        draw.bootstrap("signal_slope", SPLIT, len(rows), slope, images=ids),
        draw.bootstrap("signal_correlation", SPLIT, len(rows), correlation, images=ids),
        draw.rate(None, "agreement_with_simulation", SPLIT, answers, ids),
    ]
    fidelity = outputs["embedding_fidelity"][rows]
    if np.any(fidelity < 1):
        figures.append(draw.mean("embedding_fidelity", SPLIT, fidelity, ids))
    return figures
