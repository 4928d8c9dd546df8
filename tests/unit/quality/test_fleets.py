"""Measures over shadow fleets: planted worlds, floors and closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import quality_example
from qmu.quality.measures import forget_quality, klom, u_lira_worlds
from qmu.quality.statistics import auc, mean, of_fleet, quantile
from qmu.quality.worlds import (
    SPLITS,
    Worlds,
    confidences,
    left_out,
    spread,
    without,
    worlds,
)
from qmu.seeds import generator

# A quarter of the models of the example hold an image: 16 of 64.
MODELS = 8


def figures(module, variant="ga", fewest=MODELS, **options):
    """(metric, split) -> mean value over seeds."""
    found: dict = {}
    exam = quality_example.exam(variant, **options)
    for figure in module.measure(exam, module.Config(models=fewest)):
        found.setdefault((figure.metric, figure.split), []).append(figure.estimate.value)
    return {key: float(np.mean(values)) for key, values in found.items()}


def drawn(name, models=16, shift=0.0):
    return generator("tests", "worlds", name).normal(size=models) + shift


@pytest.mark.parametrize("split", SPLITS)
def test_worlds_share_no_model_and_know_who_held_an_image(split):
    exam = quality_example.exam("retrain")
    pair = worlds(exam, split, 8, confidences(exam))
    held = exam.shadows.member[:, exam.forget if split.startswith("forget") else ~exam.forget]
    assert not np.any(pair.first & pair.second)
    assert np.array_equal(pair.first.sum(axis=0), pair.second.sum(axis=0))
    first_held, second_held = {
        "forget_train": (True, False),
        "retain_train": (True, True),
    }.get(split, (False, False))
    assert np.all(held[pair.first] == first_held)
    assert np.all(held[pair.second] == second_held)


def test_spread_chooses_exactly_and_evenly():
    allowed = np.ones((12, 2), bool)
    allowed[:4, 1] = False
    chosen = spread(allowed, np.array([4, 8]))
    assert np.flatnonzero(chosen[:, 0]).tolist() == [0, 3, 6, 9]
    assert np.array_equal(chosen[:, 1], allowed[:, 1])


def test_klom_closed_form():
    pair = Worlds(
        unlearned=np.array([[0.0], [0.0], [1.0], [1.0]]),
        retrained=np.array([[0.0], [0.0], [0.0], [1.0]]),
        first=np.ones((4, 1), bool),
        second=np.ones((4, 1), bool),
    )
    expected = 0.5 * math.log(2 / 3) + 0.5 * math.log(2)
    assert klom.divergence(pair, 2, 1e-12)[0] == pytest.approx(expected, abs=1e-9)


def test_klom_is_the_divergence_of_unlearned_from_retrained_models():
    """Not the reverse: unlearned models all answer alike, retrained ones in one of two ways. Nats
    from the first to the second are log 2; back, as many as the empty bin's share allows."""
    exam = quality_example.exam(models=160)
    logits = np.zeros_like(exam.retrained.logits)
    # Of either world's models as many in the one way as in the other.
    logits[np.arange(len(logits)) // 4 % 2 == 0] = [3.0, 0.0, -3.0]
    same = np.broadcast_to(logits[0], logits.shape)
    exam = replace(
        exam,
        unlearned=replace(exam.unlearned, logits=same),
        retrained=replace(exam.retrained, logits=logits),
    )
    found = [f for f in klom.measure(exam, klom.Config()) if f.metric == "klom_mean"]
    values = {f.split: f.estimate.value for f in found}
    assert values["forget_train"] == pytest.approx(math.log(2), abs=0.15)


def test_klom_orders_the_worlds():
    same, floor = figures(klom, state="same"), figures(klom, "retrain")
    close, never = figures(klom), figures(klom, state="never_forgot")
    over = figures(klom, state="over_forgot")
    assert set(same.values()) == {0.0}
    for split in SPLITS:
        key = ("klom_mean", split)
        assert abs(close[key] - floor["klom_mean_floor", split]) < 0.4
    for split in ("forget_train", "forget_test"):
        assert never["klom_mean", split] > 5 * close["klom_mean", split]
    assert over["klom_mean", "forget_train"] > 5 * close["klom_mean", "forget_train"]
    assert over["klom_mean", "forget_test"] < 1.5 * close["klom_mean", "forget_test"]


@pytest.mark.parametrize("module", [klom, forget_quality])
def test_too_few_models_give_no_figure(module):
    assert all(math.isnan(value) for value in figures(module, models=16).values())


@pytest.mark.parametrize("module", [klom, forget_quality])
def test_a_figure_takes_32_models_on_either_side(module):
    assert module.Config().models == 32
    assert all(math.isnan(value) for value in figures(module, fewest=32).values())
    # 16 of 64 hold an image: enough for 16, one short for 17.
    key = "klom_mean" if module is klom else "forget_quality", "forget_train"
    assert not math.isnan(figures(module, fewest=16)[key])
    assert math.isnan(figures(module, fewest=17)[key])
    assert "64 unlearned shadow models" in module.CARD.statement


def test_groups_left_out_are_all_models_once_and_leave_no_side_empty():
    for models, fewest in ((64, 32), (64, 2), (13, 8), (400, 32)):
        stays = np.array(list(left_out(models, fewest)))
        assert np.all((~stays).sum(axis=0) == 1)
        assert (~stays).sum(axis=1).max() < fewest
    exam = quality_example.exam()
    pair = worlds(exam, "forget_train", MODELS, confidences(exam))
    for part in without(pair, MODELS):
        assert part.first.sum(axis=0).min() > 0
        assert part.second.sum(axis=0).min() > 0
        assert not np.any(part.first & ~pair.first)


def test_intervals_widen_where_models_move_all_images_together():
    """A fleet whose models shift every image alike is less certain than one of equal spread whose
    models shift each image on its own."""
    widths = []
    for share in (0.0, 0.8):
        rng = generator("tests", "fleets", "common")
        shape = (64, 80)
        held = np.repeat(rng.random((32, 80)) < 0.5, 2, axis=0)
        held[1::2] = ~held[1::2]

        def margins(rng=rng, share=share, shape=shape):
            own = rng.normal(size=shape) * math.sqrt(1 - share)
            return own + rng.normal(size=(64, 1)) * math.sqrt(share)

        pair = Worlds(margins() + 1, margins(), held, ~held, np.arange(80))
        others = [klom.divergence(part, 10, 1e-5) for part in without(pair, 32)]
        widths.append(np.std(of_fleet(mean, others)))
    assert widths[1] > 1.5 * widths[0]


def test_forget_quality_of_equal_and_of_separate_worlds():
    values = drawn("one")
    assert forget_quality.epsilon(values, values) == pytest.approx(0.0, abs=1e-3)
    assert forget_quality.epsilon(values, values + 100) == forget_quality.CAP
    assert forget_quality.epsilon(values, values - 100) == forget_quality.CAP
    assert forget_quality.epsilon(np.zeros(16), values) == forget_quality.CAP
    assert forget_quality.epsilon(np.zeros(16), np.zeros(16)) == 0.0


def test_forget_quality_ignores_order_and_direction():
    first, second = drawn("one"), drawn("two", shift=0.7)
    found = forget_quality.epsilon(first, second)
    assert found == forget_quality.epsilon(first[::-1], second)
    assert found == pytest.approx(forget_quality.epsilon(-first, -second))
    assert 0 < found <= math.log(15)


def test_forget_quality_finds_a_world_on_both_sides_of_the_other():
    inside = np.linspace(-1, 1, 16)
    outside = np.concatenate([np.linspace(-5, -4, 8), np.linspace(4, 5, 8)])
    assert forget_quality.epsilon(outside, inside) == forget_quality.CAP
    assert forget_quality.epsilon(inside, outside) == forget_quality.CAP


@pytest.mark.parametrize(
    ("epsilon", "points"), [(0, 1), (0.49, 1), (0.5, 0.5), (1.2, 0.25), (2.99, 1 / 32), (3.0, 0)]
)
def test_points_halve_up_to_what_sixteen_models_allow(epsilon, points):
    assert forget_quality.points(epsilon, 16) == points


def test_forget_quality_orders_the_worlds():
    key = ("forget_quality", "forget_train")
    floor = figures(forget_quality, "retrain")["forget_quality_floor", "forget_train"]
    assert figures(forget_quality, state="same")[key] == pytest.approx(1.0)
    assert figures(forget_quality)[key] == pytest.approx(floor, abs=0.05)
    assert figures(forget_quality, state="never_forgot")[key] == 0.0
    assert figures(forget_quality, state="over_forgot")[key] == 0.0


def test_u_lira_tells_what_was_not_forgotten_and_nothing_else():
    for metric in ("u_lira_auc", "u_lira_accuracy"):
        floor = figures(u_lira_worlds, "retrain", seeds=6)
        assert floor[f"{metric}_floor", "forget_train"] == pytest.approx(0.5, abs=0.1)
        key = (metric, "forget_train")
        assert figures(u_lira_worlds, state="same")[key] == 0.5
        assert figures(u_lira_worlds, seeds=6)[key] == pytest.approx(0.5, abs=0.1)
        assert figures(u_lira_worlds, state="never_forgot")[key] > 0.98
        assert figures(u_lira_worlds, state="over_forgot")[key] > 0.98


def test_weighted_statistics():
    first, second = np.array([1.0, 3.0]), np.array([[0.0, 3.0], [2.0, 9.0]])
    # Pairs won: 1 > 0; 3 > 0, 3 = 3 (half), 3 > 2: 3.5 of 8.
    assert auc(first, second)(np.full((1, 2), 0.5))[0] == pytest.approx(3.5 / 8)
    assert auc(first, second)(np.array([[1.0, 0.0]]))[0] == pytest.approx(0.5)
    assert quantile(np.arange(100.0), 0.95)(np.full((1, 100), 0.01))[0] == 94.0
