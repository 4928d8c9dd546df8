"""The training loop against hand-written updates, and the promises that fleets rest on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import step_example
from fixtures import CLASSES, SMALL_TRAINING, leaves, same, small_data, small_model
from qmu.errors import QmuError
from qmu.metrics import accounting
from qmu.models import training
from qmu.models.recipe import Training
from qmu.seeds import generator, key
from qmu.specs.base import ModelSpec
from qmu.specs.train import Fleet
from qmu.steps.train import fleet

NAMES = (0, "tests", "training")
SAMPLES = 40


def silent(line):
    pass


def run(model, members=None, names=NAMES, parameters=None, report=silent):
    inputs, labels = small_data(SAMPLES)
    members = np.arange(SAMPLES) if members is None else members
    if parameters is None:
        parameters = model.initial_parameters(generator(*names, "parameters"))
    rows = jnp.asarray(inputs, model.dtype)
    return training.train(model, parameters, rows, labels, members, names, report)


def by_hand(model, members):
    """Momentum and updates in NumPy; the gradients alone are the model's."""
    recipe = model.config.training
    inputs, labels = (jnp.asarray(x) for x in small_data(SAMPLES))
    parameters = leaves(model.initial_parameters(generator(*NAMES, "parameters")))
    velocity = {name: np.zeros_like(value) for name, value in parameters.items()}
    gradient = jax.jit(jax.grad(model.mean_loss))
    for epoch in range(1, recipe.epochs + 1):
        order = generator(*NAMES, "epoch", epoch).permutation(members)
        for step in range(len(members) // recipe.batch_size):
            batch = order[step * recipe.batch_size :][: recipe.batch_size]
            g = leaves(gradient(model.convert(parameters), inputs[batch], labels[batch]))
            for name in parameters:
                velocity[name] = recipe.momentum * velocity[name] + g[name]
                step = velocity[name]
                if recipe.optimizer == "nesterov":
                    step = g[name] + recipe.momentum * velocity[name]
                parameters[name] = parameters[name] - recipe.learning_rate * step
    return parameters


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov"])
def test_updates_equal_hand_written_ones(optimizer):
    model = small_model(optimizer=optimizer)
    members = np.arange(3, 29)
    found, _ = run(model, members)
    expected = by_hand(model, members)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-10)


def test_adam_equals_its_formula_in_the_first_step():
    """After one step every coordinate moves by the learning rate against the gradient's sign."""
    model = small_model(optimizer="adam", batch_size=SAMPLES, epochs=1, learning_rate=0.01)
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    found, _ = run(model)
    inputs, labels = (jnp.asarray(x) for x in small_data(SAMPLES))
    gradient = jax.jit(jax.grad(model.mean_loss))(start, inputs, labels)
    for name, g in gradient.items():
        expected = start[name] - 0.01 * g / (jnp.abs(g) + 1e-8)
        np.testing.assert_allclose(found[name], expected, atol=1e-9)


def test_training_learns():
    _, history = run(small_model(epochs=10))
    assert history["epoch"].tolist() == list(range(1, 11))
    assert history["loss"].shape == history["accuracy"].shape == (10,)
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert history["accuracy"][-1] > 0.6


def test_the_same_run_twice_is_bit_identical():
    model = small_model()
    one, other = run(model), run(model)
    assert same(leaves(one[0]), leaves(other[0]))
    assert np.array_equal(one[1]["loss"], other[1]["loss"])


def test_initial_parameters_are_not_consumed():
    model = small_model()
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    before = leaves(start)
    run(model, parameters=start)
    assert same(before, leaves(start))


def test_only_members_count():
    """Rows that are not members may hold anything."""
    model = small_model()
    members = np.arange(0, SAMPLES, 2)
    inputs, labels = small_data(SAMPLES)
    expected, _ = run(model, members)
    inputs[1::2], labels = np.nan, np.where(np.arange(SAMPLES) % 2, 0, labels)
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    rows = jnp.asarray(inputs, model.dtype)
    found, _ = training.train(model, start, rows, labels, members, NAMES, silent)
    assert same(leaves(expected), leaves(found))


def test_retraining_is_training_on_the_retain_set_alone():
    """As positions in the pool, or as a data set of its own: the same model."""
    model = small_model()
    inputs, labels = small_data(SAMPLES)
    retain = np.flatnonzero(labels != 1)
    as_members, _ = run(model, retain)
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    alone, _ = training.train(
        model,
        start,
        jnp.asarray(inputs[retain]),
        labels[retain],
        np.arange(len(retain)),
        NAMES,
        silent,
    )
    assert same(leaves(as_members), leaves(alone))


def test_an_epoch_has_whole_batches_only():
    recipe = small_model(batch_size=16).config.training
    assert [training.steps_per_epoch(recipe, n) for n in (15, 16, 47)] == [0, 1, 2]


@pytest.mark.parametrize("fleet_of", [1, 3])
def test_a_diverging_run_names_epoch_and_learning_rate(fleet_of):
    model = small_model(learning_rate=1e200, epochs=4)
    inputs, labels = small_data(SAMPLES)
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    members, names, run = np.arange(SAMPLES), NAMES, training.train
    if fleet_of > 1:
        start, members, run = [start] * fleet_of, [members] * fleet_of, training.train_fleet
        names = [(*NAMES, index) for index in range(fleet_of)]
    with pytest.raises(
        QmuError, match=r"not a number at step \d of epoch \d.*rate 1e\+200"
    ) as caught:
        run(model, start, jnp.asarray(inputs), labels, members, names, silent)
    assert "\n" not in str(caught.value)


def test_progress_is_one_line_per_epoch():
    lines = []
    run(small_model(), report=lines.append)
    assert [line.split(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]


# Private training.

PRIVATE = {"clip": 0.5, "noise": 0.3, "delta": 1e-5}


def test_private_steps_equal_hand_written_ones():
    """Coins, cuts, noise and the division by the expected size; only single gradients are the
    model's."""
    model = small_model(private=PRIVATE, momentum=0.0, batch_size=5, epochs=2)
    members = np.arange(3, 31)
    inputs, labels = (jnp.asarray(x) for x in small_data(SAMPLES))
    parameters = leaves(model.initial_parameters(generator(*NAMES, "parameters")))
    gradient, recipe = jax.jit(jax.grad(model.mean_loss)), model.config.training
    for epoch in (1, 2):
        batches = training.poisson_batches(recipe, generator(*NAMES, "epoch", epoch), members)
        assert len(batches) == 28 // 5
        for number, batch in enumerate(batches):
            sums = {name: np.zeros_like(value) for name, value in parameters.items()}
            for row in batch:
                one = inputs[row : row + 1], labels[row : row + 1]
                g = leaves(gradient(model.convert(parameters), *one))
                norm = np.sqrt(sum(np.sum(value**2) for value in g.values()))
                sums = {name: sums[name] + g[name] * min(1, 0.5 / norm) for name in sums}
            keys = jax.random.fold_in(key(*NAMES, "noise", epoch), number)
            keys = jax.random.split(keys, len(sums))
            for name, own in zip(sorted(sums), keys, strict=True):
                noise = 0.15 * jax.random.normal(own, sums[name].shape, model.dtype)
                parameters[name] = parameters[name] - 0.1 * (sums[name] + noise) / 5
    found, history = run(model, members)
    for name, value in parameters.items():
        np.testing.assert_allclose(found[name], value, atol=1e-10)
    assert np.all((history["accuracy"] > 0) & (history["accuracy"] <= 1))


def test_every_member_is_drawn_by_a_coin_of_its_own():
    recipe = small_model(private=PRIVATE, batch_size=4).config.training
    members = np.arange(10, 50)
    counts = np.zeros(60)
    sizes = []
    for epoch in range(200):
        for batch in training.poisson_batches(recipe, generator("coins", epoch), members):
            assert len(set(batch)) == len(batch)
            counts[batch] += 1
            sizes.append(len(batch))
    # 2,000 steps at 10%: a member's count is 200 with a deviation of 13, a size 4 with one of 1.9.
    assert counts[:10].sum() == counts[50:].sum() == 0
    assert np.all(np.abs(counts[10:50] - 200) < 5 * 13.4)
    assert np.mean(sizes) == pytest.approx(4, abs=0.17)
    assert np.var(sizes) == pytest.approx(3.6, rel=0.15)


def test_noise_is_as_large_as_promised():
    """At a rate of learning of one, steps of noise alone add up to its variance."""
    private = {"clip": 1e-6, "noise": 2e6}
    model = small_model(private=private, momentum=0.0, batch_size=4, epochs=4, learning_rate=1e-3)
    start = leaves(model.initial_parameters(generator(*NAMES, "parameters")))
    moved = []
    for number in range(20):
        found, _ = run(model, names=(*NAMES, number), parameters=start)
        moved += [((found[name] - start[name]) / 1e-3).ravel() for name in start]
    deviation = 2.0 / 4 * np.sqrt(4 * SAMPLES // 4)
    assert np.std(np.concatenate(moved)) == pytest.approx(deviation, rel=0.1)


def test_private_training_is_bit_identical_and_takes_only_members():
    model = small_model(private=PRIVATE)
    members = np.arange(1, SAMPLES, 2)
    inputs, labels = small_data(SAMPLES)
    expected, _ = run(model, members)
    inputs[::2] = np.nan
    start = model.initial_parameters(generator(*NAMES, "parameters"))
    rows = jnp.asarray(inputs, model.dtype)
    found, _ = training.train(model, start, rows, labels, members, NAMES, silent)
    assert same(leaves(expected), leaves(found))


def test_a_private_fleet_side_by_side_is_the_models_alone(monkeypatch):
    """The program of an accelerator, on unequal members."""
    model = small_model(private=PRIVATE)
    inputs, labels = small_data(SAMPLES)
    members = [np.arange(5, 5 + size) for size in (16, 24, 31)]
    names = [(*NAMES, index) for index in range(3)]
    start = [model.initial_parameters(generator(*path)) for path in names]
    alone = [
        training.train(model, *one[:1], jnp.asarray(inputs), labels, *one[1:], silent)
        for one in zip(start, members, names, strict=True)
    ]
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    together = training.train_fleet(
        model, start, jnp.asarray(inputs), labels, members, names, silent
    )
    for (found, curve), (expected, history) in zip(together, alone, strict=True):
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], atol=1e-10)
        np.testing.assert_allclose(curve["accuracy"], history["accuracy"], atol=1e-6)


def test_the_certificate_is_of_the_recipe_and_the_number_of_members():
    recipe = small_model(private={"noise": 1.1}, batch_size=8, epochs=25).config.training
    expected = accounting.epsilon(1.1, 0.008, 3125, 1e-5)
    assert training.certified_epsilon(recipe, 1000) == expected
    assert training.certified_epsilon(small_model().config.training, 1000) is None


# Fleets, through the scheme of the step that trains them.

POOL = 60
SIZE = 24


def fleet_pool():
    inputs, labels = small_data(POOL, "pool")
    return {"features": inputs, "label": labels, "sample_id": np.arange(POOL)}


def members_of(index):
    return np.sort(generator("tests", "members", index).permutation(POOL)[:SIZE])


def train_fleet(model, indices, width=4, members=members_of):
    spec = Fleet(
        **step_example.COMMON,
        step="train.shadows",
        name="basic_qnn",
        width=width,
        indices=indices,
        model=ModelSpec(
            component="basic_qnn", settings={}, classes=CLASSES, device="", precision=""
        ),
    )
    trained = fleet.train_fleet(model, fleet_pool(), spec, members, NAMES, silent)
    return {
        index: (leaves(one.parameters), one.members, one.history) for index, one in trained.items()
    }


@pytest.fixture(scope="module", params=["single", "double"])
def everyone(request):
    model = small_model(precision=request.param)
    return model, train_fleet(model, list(range(6)))


def test_a_fleet_gives_what_single_training_gives(everyone):
    model, together = everyone
    jax.config.update("jax_enable_x64", model.dtype == jnp.float64)
    pool, tolerance = fleet_pool(), 1e-10 if model.dtype == jnp.float64 else 1e-4
    rows = model.inputs(pool)
    for index in (0, 5):
        names = (*NAMES, index)
        alone, history = training.train(
            model,
            model.initial_parameters(generator(*names, "parameters")),
            rows,
            pool["label"],
            members_of(index),
            names,
            silent,
        )
        one, chosen, curve = together[index]
        assert np.array_equal(chosen, members_of(index))
        for name in one:
            np.testing.assert_allclose(one[name], alone[name], atol=tolerance)
        np.testing.assert_allclose(curve["loss"], history["loss"], atol=tolerance)


@pytest.mark.parametrize("blocks", [[[0], [1, 2], [3, 4, 5]], [[5, 4, 3, 2, 1, 0]], [[2, 5]]])
def test_a_model_is_bit_identical_in_any_block(everyone, blocks):
    model, together = everyone
    jax.config.update("jax_enable_x64", model.dtype == jnp.float64)
    for block in blocks:
        for index, (one, chosen, curve) in train_fleet(model, block).items():
            assert same(one, together[index][0]), (block, index)
            assert np.array_equal(chosen, together[index][1])
            for name in curve:
                assert np.array_equal(curve[name], together[index][2][name])


def test_a_model_is_bit_identical_whatever_fills_the_other_slots(everyone):
    """Also beside models that are trained on other images."""
    model, together = everyone
    jax.config.update("jax_enable_x64", model.dtype == jnp.float64)

    def other_members(index):
        return members_of(index if index == 2 else 100 + index)

    found = train_fleet(model, [0, 1, 2, 3], members=other_members)
    assert same(found[2][0], together[2][0])
    assert not same(found[1][0], together[1][0])


def test_models_of_a_fleet_differ(everyone):
    _, together = everyone
    values = [one["head/bias"].tolist() for one, _, _ in together.values()]
    assert len({tuple(value) for value in values}) == 6


def test_a_cosine_falls_from_all_of_the_rate_to_nearly_nothing():
    recipe = Training(schedule="cosine", epochs=40)
    rates = [training.rate(recipe, epoch) for epoch in range(1, 41)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(1, abs=1e-3)
    assert rates[-1] == pytest.approx(0, abs=1e-3)
    # What all epochs take together is half of what a constant rate takes.
    assert sum(rates) == pytest.approx(20)
    assert {training.rate(Training(), epoch) for epoch in (1, 7, 25)} == {1.0}


def test_a_schedule_scales_the_steps():
    """One epoch stands in the middle of its cosine: plain steps at half of the rate."""
    scheduled, _ = run(small_model(optimizer="sgd", momentum=0.0, epochs=1, schedule="cosine"))
    rate = SMALL_TRAINING.get("learning_rate", Training().learning_rate)
    halved, _ = run(small_model(optimizer="sgd", momentum=0.0, epochs=1, learning_rate=rate / 2))
    for name in halved:
        np.testing.assert_allclose(scheduled[name], halved[name], atol=1e-12)
