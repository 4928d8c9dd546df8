"""The calibrating shadow model's answers are the same in every group's table."""

import numpy as np
from qmu.steps.attack import query


def test_the_shadow_models_answers_are_taken_over():
    known = {
        "variant": np.array(["target"] * 6, dtype=object),
        "seed": np.array([0, 0, 1, 1, None, None], dtype=object),
        "sample_id": np.array([7, 8, 7, 8, 7, 8]),
        "right": np.arange(12, dtype=np.uint8).reshape(6, 2),
    }
    rows = {
        "variant": ["ga"],
        "seed": [0],
        "sample_id": [np.array([9])],
        "right": [np.array([[1, 0]], np.uint8)],
    }
    query._take_over(known, rows, "ga")
    assert rows["variant"] == ["ga"] * 3
    assert rows["seed"] == [0, None, None]
    assert np.concatenate(rows["sample_id"]).tolist() == [9, 7, 8]
    assert np.concatenate(rows["right"]).tolist() == [[1, 0], [8, 9], [10, 11]]
