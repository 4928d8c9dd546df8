"""What a device leaves of a model: slope and correlation in closed form, agreement counted."""

from __future__ import annotations

import numpy as np
import pytest
from qmu.audit.device import signal
from qmu.audit.measurement import Resampling, Subject
from qmu.metrics.distances import moments
from qmu.seeds import generator

SUBJECT = Subject("basic_qnn", 0, "target", "torino")
SETTINGS = Resampling(("tests", "audit-device"), resamples=200)
SPLITS = ("retain_test", "forget_test", "retain_train", "retain_validation")


@pytest.fixture
def ideal():
    """The exact simulation's outputs on 120 images, ids in no order."""
    rng = generator("tests", "audit-device")
    return {
        "sample_id": rng.permutation(1000)[:120],
        "split": np.array(SPLITS)[np.arange(120) % 4],
        "expectation_values": rng.uniform(-0.9, 0.9, (120, 4)),
        "logits": rng.normal(size=(120, 3)),
    }


def device(ideal, rows, values, **columns):
    """A device's table on some of the images."""
    found = {name: column[rows] for name, column in ideal.items()}
    return found | {
        "expectation_values": values,
        "embedding_fidelity": np.ones(len(rows)),
        **columns,
    }


def value(figures, metric):
    """(value, low, high) of the one figure of this name."""
    (found,) = [figure for figure in figures if figure.metric == metric]
    assert found.split == "test"
    assert found.attack is None
    return found.estimate.value, *found.estimate.interval


def is_test(table):
    """Rows of test images."""
    return np.isin(table["split"], SPLITS[:2])


@pytest.mark.parametrize(("slope", "offset"), [(0.3, 0.1), (1.0, 0.0), (-0.5, 0.2)])
def test_a_line_has_its_slope_and_correlation_one(ideal, slope, offset):
    """In every resample too, so that the interval is a point; other splits do not matter."""
    rows = np.arange(0, 120)
    values = offset + slope * ideal["expectation_values"]
    values[~is_test(ideal)] = 0.0
    figures = signal(SUBJECT, device(ideal, rows, values), ideal, SETTINGS)
    np.testing.assert_allclose(value(figures, "signal_slope"), slope, atol=1e-10)
    np.testing.assert_allclose(value(figures, "signal_correlation"), np.sign(slope), atol=1e-7)


def test_agrees_with_numpy_and_joins_by_id(ideal):
    """Noisy values on a shuffled part of the images."""
    rng = generator("tests", "audit-device", "noise")
    rows = rng.permutation(120)[:70]
    exact = ideal["expectation_values"][rows]
    measured = 0.1 + 0.4 * exact + rng.normal(0, 0.2, exact.shape)
    table = device(ideal, rows, measured)
    figures = signal(SUBJECT, table, ideal, SETTINGS)
    kept = is_test(table)
    x, y = exact[kept].ravel(), measured[kept].ravel()
    slope, low, high = value(figures, "signal_slope")
    np.testing.assert_allclose(slope, np.polyfit(x, y, 1)[0])
    assert low < slope < high
    correlation, low, high = value(figures, "signal_correlation")
    np.testing.assert_allclose(correlation, np.corrcoef(x, y)[0, 1])
    assert low < correlation < high <= 1


def test_agreement_counts_equal_answers(ideal):
    """A quarter of the test images answered otherwise."""
    rows = np.flatnonzero(is_test(ideal))
    logits = ideal["logits"][rows].copy()
    logits[::4] = np.roll(logits[::4], 1, axis=1)
    table = device(ideal, rows, ideal["expectation_values"][rows], logits=logits)
    agreement, low, high = value(
        signal(SUBJECT, table, ideal, SETTINGS), "agreement_with_simulation"
    )
    assert agreement == 1 - len(rows[::4]) / len(rows)
    assert low < agreement < high


def test_embedding_fidelity_only_where_something_is_lost(ideal):
    """Its mean over the test images."""
    rows = np.arange(120)
    values = ideal["expectation_values"]
    metrics = [f.metric for f in signal(SUBJECT, device(ideal, rows, values), ideal, SETTINGS)]
    assert "embedding_fidelity" not in metrics
    fidelity = np.linspace(0.8, 1.0, 120)
    table = device(ideal, rows, values, embedding_fidelity=fidelity)
    found = value(signal(SUBJECT, table, ideal, SETTINGS), "embedding_fidelity")[0]
    np.testing.assert_allclose(found, fidelity[is_test(ideal)].mean())


@pytest.mark.parametrize("unknown", [-1, 500_000])
def test_unknown_images_are_refused(ideal, unknown):
    """An id below, or above, all that the simulation has."""
    rows = np.flatnonzero(is_test(ideal))
    table = device(ideal, rows, ideal["expectation_values"][rows])
    table["sample_id"] = table["sample_id"].copy()
    table["sample_id"][3] = unknown
    with pytest.raises(ValueError, match="lacks images"):
        signal(SUBJECT, table, ideal, SETTINGS)


def test_a_device_that_says_nothing_has_no_signal(ideal):
    """Constant values: slope and correlation zero, no warning."""
    exact = ideal["expectation_values"]
    for statistic in moments(exact, np.full_like(exact, 0.2)):
        np.testing.assert_allclose(statistic(np.full((1, 120), 1 / 120)), 0, atol=1e-15)
