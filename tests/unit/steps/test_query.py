"""Answers on transformed copies: each model's own, what is alike simulated once, and those of the
calibrating shadow model in every group's table."""

import numpy as np
from fixtures import small_data, small_model
from qmu.models.outputs import evaluate
from qmu.steps.attack import query


def test_models_that_differ_in_their_head_alone_are_simulated_once(monkeypatch, rng):
    model, (rows, labels) = small_model(), small_data(40)
    first = {name: np.array(value) for name, value in model.initial_parameters(rng).items()}
    heads = [name for name in first if name.startswith("head/")]
    edited = first | {name: rng.normal(size=first[name].shape) for name in heads}
    turned = edited | {"circuit": first["circuit"] + 1}
    asked = {("a", 0): first, ("b", 0): edited, ("a", None): turned}
    copies = [rows, rows[::-1]]
    expected = {
        key: [evaluate(model, model.convert(one), copy)["logits"].argmax(axis=1) for copy in copies]
        for key, one in asked.items()
    }
    simulated = []

    def counted(model, parameters, inputs):
        simulated.append(parameters)
        return evaluate(model, parameters, inputs)

    monkeypatch.setattr(query, "evaluate", counted)
    found = query.right_answers(model, asked, copies, labels)
    assert list(found) == list(asked)
    for key, answers in expected.items():
        assert found[key].dtype == np.uint8
        np.testing.assert_array_equal(found[key], np.stack(answers, axis=1) == labels[:, None])
    assert len({one.tobytes() for one in found.values()}) == 3
    assert len(simulated) == 2 * len(copies)


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
