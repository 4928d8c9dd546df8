"""Edits of a head whose effect is known in closed form."""

import numpy as np
import pytest
from qmu import losses
from qmu.models.head_edits import class_margin, opened, shift_to_loss, shifted
from qmu.seeds import generator

LOGITS = generator("tests", "head edits").normal(size=(40, 5)) * 3
LABELS = np.full(40, 2)


def loss_after(shift, logits=LOGITS, labels=LABELS, classes=(2,)):
    moved = logits.copy()
    moved[:, list(classes)] += shift
    return float(np.mean(losses.cross_entropy(moved, labels, np)))


@pytest.mark.parametrize("loss", [0.01, 0.5, np.log(5), 9.0])
def test_the_shift_gives_the_loss(loss):
    shift = shift_to_loss(LOGITS, LABELS, (2,), loss)
    assert loss_after(shift) == pytest.approx(loss, rel=1e-9)
    # Asked of the moved model, nothing is left to move.
    moved = LOGITS + shift * (np.arange(5) == 2)
    assert shift_to_loss(moved, LABELS, (2,), loss) == pytest.approx(0, abs=1e-9)


def test_a_single_image_in_closed_form():
    """-log p = log(1 + exp(-(margin + shift)))."""
    margin = class_margin(LOGITS[:1], LABELS[:1], (2,))[0]
    shift = shift_to_loss(LOGITS[:1], LABELS[:1], (2,), 1.5)
    assert shift == pytest.approx(-np.log(np.expm1(1.5)) - margin, abs=1e-9)


def test_two_classes_that_share_the_rest_cannot_go_below_what_they_owe_each_other():
    labels = np.where(np.arange(40) % 2, 2, 3)
    floor = loss_after(60.0, labels=labels, classes=(2, 3))
    shift = shift_to_loss(LOGITS, labels, (2, 3), floor + 0.1)
    assert loss_after(shift, labels=labels, classes=(2, 3)) == pytest.approx(floor + 0.1)
    with pytest.raises(ValueError, match="no shift of the classes"):
        shift_to_loss(LOGITS, labels, (2, 3), floor - 0.1)


def test_a_margin_does_not_see_the_other_classes_to_forget():
    moved = LOGITS + 7.0 * (np.arange(5) == 3)
    before, after = (class_margin(logits, 2, (2, 3)) for logits in (LOGITS, moved))
    np.testing.assert_array_equal(before, after)
    rest = np.log(np.exp(LOGITS[:, [0, 1, 4]]).sum(axis=1))
    np.testing.assert_allclose(before, LOGITS[:, 2] - rest)


def test_masks_are_opened_and_nothing_else_is_touched():
    masked = {"head/bias": np.array([1.0, -np.inf, 3.0]), "circuit": np.ones((2, 2))}
    found = opened(masked)
    np.testing.assert_array_equal(found["head/bias"], [1, 2, 3])
    np.testing.assert_array_equal(found["circuit"], masked["circuit"])
    assert np.isinf(masked["head/bias"][1])
    assert opened({"head/bias": np.full(2, -np.inf)})["head/bias"].tolist() == [0, 0]


def test_a_shift_copies_the_bias_alone():
    given = {"head/bias": np.array([1.0, 2.0, 3.0], np.float32), "circuit": np.ones(3)}
    found = shifted(given, (1,), -2.5)
    np.testing.assert_array_equal(found["head/bias"], [1, -0.5, 3])
    assert found["head/bias"].dtype == np.float32
    assert given["head/bias"][1] == 2
    assert found["circuit"] is given["circuit"]
