"""Analytic checks of the methods as Crivoi and Ionescu released them."""

import dataclasses

import numpy as np
import optax
import pytest
from fixtures import same, trained_problem
from qmu import losses
from qmu.errors import QmuError
from qmu.unlearning import crivoi
from qmu.unlearning.methods import cf_k_crivoi, eu_k_crivoi, qmul_crivoi
from qmu.unlearning.problem import Data, Ledger

BIG = 10**6


@pytest.fixture(scope="module")
def problem():
    return trained_problem()


def fresh(problem, **changes):
    return dataclasses.replace(problem, ledger=Ledger(), **changes)


def adam(parameters, gradient, steps=1):
    """Steps of Adam at 0.001 against ``gradient(parameters)``."""
    transform = optax.adam(0.001)
    moments = transform.init(parameters)
    for _ in range(steps):
        updates, moments = transform.update(gradient(parameters), moments, parameters)
        parameters = optax.apply_updates(parameters, updates)
    return parameters


def ce(problem, parameters, data):
    return problem.gradient(parameters, data, losses.cross_entropy)


def close(found, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-10)


def test_cf_k_freezes_the_first_layers_and_ascends_by_the_rest(problem):
    found = cf_k_crivoi.unlearn(fresh(problem), cf_k_crivoi.Config(epochs=1, batch_size=BIG))
    first, *_ = crivoi.groups(problem)
    assert first == ["circuit"]
    assert np.array_equal(found.parameters["circuit"], problem.parameters["circuit"])
    for name in problem.parameters.keys() - {"circuit"}:
        gradient = ce(fresh(problem), problem.parameters, problem.forget)[name]
        expected = adam(problem.parameters[name], lambda _, g=gradient: -g)
        np.testing.assert_allclose(found.parameters[name], expected, atol=1e-10)
    before = fresh(problem).measure(problem.parameters, problem.forget)[0]
    assert found.history["loss"][0] > before


def test_cf_k_refuses_to_freeze_everything(problem):
    with pytest.raises(QmuError, match="freeze fewer"):
        cf_k_crivoi.unlearn(fresh(problem), cf_k_crivoi.Config(frozen=len(crivoi.groups(problem))))


def test_eu_k_trains_everything_from_a_fresh_head(problem):
    found = eu_k_crivoi.unlearn(fresh(problem), eu_k_crivoi.Config(epochs=1, batch_size=BIG))
    new = problem.model.initial_parameters(problem.generator("initial"))
    start = {n: new[n] if n.startswith("head/") else v for n, v in problem.parameters.items()}
    expected = adam(start, lambda p: ce(fresh(problem), p, problem.retain))
    close(found.parameters, expected)
    assert not np.array_equal(found.parameters["circuit"], problem.parameters["circuit"])


def test_a_class_without_rows_is_taken_for_the_first_other(problem):
    assert qmul_crivoi.similar(fresh(problem))[1] == 0


def test_similar_classes_have_the_largest_cosine_of_mean_logits(problem):
    x = np.concatenate([problem.forget.inputs, problem.retain.inputs])
    y = np.concatenate([problem.forget.labels, problem.retain.labels])
    logits = np.asarray(problem.model.logits(problem.parameters, x))
    means = [logits[y == label].mean(axis=0) for label in range(3)]
    expected = [
        max(
            (other for other in range(3) if other != label),
            key=lambda other: means[label] @ means[other] / np.sqrt(means[other] @ means[other]),
        )
        for label in range(3)
    ]
    rows = fresh(problem, parts={**problem.parts, "retain": Data(x, y)})
    assert qmul_crivoi.similar(rows).tolist() == expected


def test_one_step_of_qmul_leads_away_from_the_similar_label(problem):
    found = qmul_crivoi.unlearn(fresh(problem), qmul_crivoi.Config(epochs=1, batch_size=BIG))
    taken = Data(problem.forget.inputs, np.zeros(len(problem.forget), int))
    g_r, g_f = (ce(fresh(problem), problem.parameters, d) for d in (problem.retain, taken))
    n_r, n_f = (np.sqrt(sum(float((v**2).sum()) for v in g.values())) for g in (g_r, g_f))
    step = {name: g_r[name] - n_r / n_f * g_f[name] for name in g_r}
    close(found.parameters, adam(problem.parameters, lambda _: step))


def test_the_first_of_the_best_epochs_returns_and_patience_ends_the_run(problem, monkeypatch):
    """The accuracies are 0.5, 0.7, 0.7, 0.6, ...: the second epoch wins, two later it ends."""
    scores, seen = iter([0.5, 0.7, 0.7, 0.6, 0.9]), []

    def measure(self, parameters, data):
        assert data is problem.validation
        seen.append(parameters)
        return 0.0, next(scores)

    monkeypatch.setattr(type(problem), "measure", measure)
    alone = fresh(problem, parts={k: v for k, v in problem.parts.items() if k != "forget"})
    config = eu_k_crivoi.Config(epochs=5, patience=2, batch_size=BIG)
    found = eu_k_crivoi.unlearn(alone, config)
    assert len(seen) == 4
    assert same(found.parameters, seen[1])
    assert "did not rise for 2 epochs; epoch 2 was best" in found.stopped
