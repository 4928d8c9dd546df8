"""Federated averaging against rounds written out here, and what a federation may not read."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml
from fixtures import leaves, same, small_data, small_model
from qmu.config.parse import parse
from qmu.errors import ConfigError
from qmu.models import federation, training
from qmu.seeds import generator

NAMES = ("tests", "federation")
ROWS = 40
CLIENTS = np.array(["a"] * 18 + ["b"] * 20 + ["c"] * 2)


def silent(line):
    pass


def recipe(**options):
    local = options.pop("local_epochs", 1)
    federated = {"column": "client", "local_epochs": local}
    plain = {"optimizer": "sgd", "momentum": 0.0, "batch_size": 5, "learning_rate": 0.2}
    return small_model(**{**plain, **options}, federated=federated)


def run(model, members, clients=CLIENTS, names=NAMES, **more):
    inputs, labels = small_data(ROWS)
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    rows = inputs.astype(model.dtype)
    return training.train(model, start, rows, labels, members, names, silent, clients, **more)


def test_rounds_equal_hand_written_ones():
    """Three clients that differ in size, one below a batch; only a minibatch's gradient is the
    model's."""
    model, members = recipe(epochs=2, local_epochs=2), np.arange(ROWS)
    inputs, labels = (jnp.asarray(x) for x in small_data(ROWS))
    gradient = jax.jit(jax.grad(model.mean_loss))
    common = leaves(model.initial_parameters(generator(*NAMES, "parameters")))
    for number in (0, 1):
        results = []
        for client, count in (("a", 18), ("b", 20), ("c", 2)):
            own, rows = dict(common), np.flatnonzero(client == CLIENTS)
            if count == 2:
                rows = np.array([38, 39, 38, 39, 38])
            for turn in (2 * number + 1, 2 * number + 2):
                order = generator(*NAMES, "client", client, "epoch", turn).permutation(rows)
                for batch in order[: len(rows) // 5 * 5].reshape(-1, 5):
                    g = gradient(model.convert(own), inputs[batch], labels[batch])
                    own = {name: own[name] - 0.2 * np.asarray(g[name]) for name in own}
            results.append((len(rows), own))
        total = sum(weight for weight, _ in results)
        common = {name: sum(w * own[name] for w, own in results) / total for name in common}
    found, history = run(model, members)
    for name, value in common.items():
        np.testing.assert_allclose(found[name], value, atol=1e-10)
    assert list(history["epoch"]) == [1, 2]
    assert len(history["loss"]) == len(history["accuracy"]) == 2


def test_one_client_in_one_round_is_plain_training():
    """Momentum too, which lasts through a client's local epochs."""
    alone = np.full(ROWS, "only")
    options = {"momentum": 0.9, "optimizer": "nesterov"}
    model = recipe(epochs=1, local_epochs=3, **options)
    found, _ = run(model, np.arange(30), alone)
    plain = small_model(epochs=3, batch_size=5, learning_rate=0.2, **options)
    expected, _ = run(plain, np.arange(30), None, (*NAMES, "client", "only"))
    assert same(leaves(found), leaves(expected))


def test_only_members_are_read_and_a_client_without_any_is_no_part():
    model, members = recipe(epochs=2), np.arange(1, 18, 2)
    expected, _ = run(model, members)
    inputs, labels = small_data(ROWS)
    inputs[::2] = inputs[18:] = np.nan
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    rows = inputs.astype(model.dtype)
    found, _ = training.train(model, start, rows, labels, members, NAMES, silent, CLIENTS)
    assert same(leaves(found), leaves(expected))
    assert list(federation.shares(model.config.training, members, CLIENTS)) == ["a"]


def test_a_fleet_is_its_models_alone():
    model = recipe(epochs=2)
    inputs, labels = small_data(ROWS)
    members = [np.arange(12), np.arange(8, 40)]
    names = [(*NAMES, number) for number in range(2)]
    start = [model.initial_parameters(generator(*NAMES, "parameters"))] * 2
    rows = inputs.astype(model.dtype)
    together = training.train_fleet(model, start, rows, labels, members, names, silent, CLIENTS)
    for (found, _), own, path in zip(together, members, names, strict=True):
        assert same(leaves(found), leaves(run(model, own, names=path)[0]))


def test_the_bill_is_that_of_all_clients():
    """18, 20 and 2 rows in batches of 5: 3, 4 and 1 steps a local epoch."""
    model = recipe(epochs=4, local_epochs=3)
    paid = training.evaluations(model, np.arange(ROWS), CLIENTS)
    assert paid == {"gradient_evaluations": (3 + 4 + 1) * 5 * 3 * 4}


@pytest.fixture
def clients():
    """The experiment whose model is trained by a federation."""
    file = Path(__file__).parents[3] / "experiments/kumar_clients.yaml"
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_a_federation_is_named_by_a_column_of_the_data(clients):
    recipe = parse(clients).models["basic_qnn"].settings["training"]
    assert recipe["federated"]["column"] == "client"
    clients["models"]["basic_qnn"]["training"]["federated"]["column"] = "site"
    told = r"^models\.basic_qnn\.training\.federated\.column: .* 'site'; its group columns: client$"
    with pytest.raises(ConfigError, match=told):
        parse(clients)
    clients |= {"dataset": {"name": "digits"}, "forget": {"kind": "class", "label": 1}}
    with pytest.raises(ConfigError, match="digits names no clients in 'site'; it has no group"):
        parse(clients)


def test_private_clients_are_refused(clients):
    clients["models"]["basic_qnn"]["training"]["private"] = {}
    with pytest.raises(
        ConfigError, match=r"^models\.basic_qnn\.training\.federated: clients whose"
    ):
        parse(clients)
