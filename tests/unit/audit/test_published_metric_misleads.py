"""The case for the whole audit, on real images: a model that the published metric calls forgotten
while it still names the forget class and its members are as easy to tell as before.

`hqnn` on MNIST, learning rate 0.02, `ssd` with one alpha alone, attacked by the published attack
frozen on the original, and by the loss. It runs the real training, dampening, attacks, audit and
verdicts; one seed. A prototype found the case at alpha 8; with importances from per-sample
gradients it lies a little higher: from 9 to 9.5 every forget image is still named, at 8 none.
"""

import math

import jax
import numpy as np
import pytest
from qmu import registry, seeds
from qmu.attacks.game import Evidence, ShadowModels, View
from qmu.attacks.methods import loss_thr, su_graybox
from qmu.audit import measure as audit
from qmu.audit.verdicts.verdicts import verdicts
from qmu.data import splits as sampling
from qmu.models import model as models
from qmu.models import training
from qmu.models.outputs import evaluate
from qmu.unlearning.methods import ssd
from qmu.unlearning.problem import Data, Problem

FORGET, SEED = 4, 0
SETTINGS = audit.Resampling(("misleads",), resamples=300)


def data():
    """Pool images, labels and one seed's splits, as the pipeline draws them."""
    images = registry.load("data", "mnist_embedded")
    loaded = images.load(images.Config())
    pool = np.flatnonzero(sampling.roles(0, len(loaded.labels), 1000, None) == "pool")
    counts = {"train": 1000, "test": 500, "validation": 200}
    label = loaded.labels[pool].astype(np.int64)
    parts = sampling.draw_parts(0, SEED, len(pool), counts)
    return loaded.inputs[pool], label, sampling.splits(parts, label == FORGET)


@pytest.fixture(scope="module")
def story():
    """Variant -> summary rows, and the verdicts."""
    before = jax.config.jax_enable_x64
    pixels, label, split = data()
    recipe = {"optimizer": "sgd", "learning_rate": 0.02, "batch_size": 8, "epochs": 25}
    settings = {"layers": 5, "training": recipe | {"loss": "ce"}}
    model = models.build("hqnn", settings, 10, "default.qubit", "single")
    rows = model.inputs({"image": pixels})

    def trained(name, *parts):
        names, members = ("misleads", name), np.flatnonzero(np.isin(split, parts))
        start = model.initial_parameters(seeds.generator(*names, "parameters"))
        silent = (lambda line: None,)
        return training.train(model, start, rows, label, members, names, *silent)[0]

    def part(name):
        return Data(rows[split == name], label[split == name])

    target = trained("target", "retain_train", "forget_train")
    retrained = [trained(f"retrain {k}", "retain_train") for k in range(2)]
    problem = Problem(
        model=model,
        parameters=target,
        parts={
            "forget": part("forget_train"),
            "retain": part("retain_train"),
            "validation": part("retain_validation"),
        },
        classes=(FORGET,),
        names=("misleads", "ssd"),
        method="ssd",
        report=lambda line: None,
        reference=math.log(10),
    )
    unlearned = ssd.unlearn(problem, ssd.Config(alphas=(9.2,))).parameters
    outputs = {
        name: evaluate(model, parameters, rows)
        for name, parameters in {
            "target": target,
            "retrain": retrained[0],
            "ssd": unlearned,
            "second": retrained[1],
        }.items()
    }
    jax.config.update("jax_enable_x64", before)
    return figures(outputs, label, split)


def figures(outputs, label, split):
    """The audit's figures of every variant, and what the rules make of them."""
    ids = np.arange(len(label))
    member = np.isin(split, ("retain_train", "forget_train"))
    views = {
        name: View(ids, label, split, label == FORGET, member, table["logits"], "ce")
        for name, table in outputs.items()
    }
    logits = views["target"].logits[None]
    shadow = ShadowModels(ids, label, member[None], logits, "ce")
    first = Evidence(views["target"], views["target"], shadows=shadow)
    config = su_graybox.Config()
    frozen = su_graybox.fit(first, config, ("misleads", "su_graybox"))
    threshold = loss_thr.fit(first, loss_thr.Config(), ())
    reference = audit.Reference(np.stack([outputs["second"]["probabilities"]] * 2), 22_500.0, 1.0)
    found = []
    for variant in ("target", "retrain", "ssd"):
        evidence = Evidence(views["target"], views[variant])
        scored = {
            "su_graybox": su_graybox.score(frozen, evidence, config, ()),
            "loss_thr": loss_thr.score(threshold, evidence, loss_thr.Config(), ()),
        }
        named = {"sample_id": ids, "label": label, "split": split, "forget": label == FORGET}
        scores = {
            **{k: np.concatenate([v, v]) for k, v in named.items()},
            "attack": np.repeat(np.array(list(scored), object), len(ids)),
            **{
                k: np.concatenate([getattr(s, k) for s in scored.values()])
                for k in ("score", "decision", "fitted")
            },
        }
        costs = dict.fromkeys(audit.COSTS, np.array([1000]))
        seconds = {"wall_seconds": np.array([1.0]), "cpu_seconds": np.array([1.0])}
        population = {"su_graybox": frozen["population_sample_id"].astype(np.int64)}
        found += audit.measure(
            audit.Subject("hqnn", SEED, variant, "default.qubit"),
            {**named, **outputs[variant]},
            scores,
            costs,
            seconds,
            reference,
            SETTINGS,
            population,
        )
    rows = audit.aggregate_rows(found, SETTINGS)
    config = {
        "common": {"evaluation": {"confidence": 0.95}},
        "attacks": {name: {"component": name} for name in ("su_graybox", "loss_thr")},
        "unlearning": {"ssd": {"component": "ssd"}},
        "quality": {},
    }
    return rows, verdicts(rows, config)


def value(rows, variant, metric, split, attack=None):
    (row,) = [
        r
        for r in rows
        if (r["variant"], r["metric"], r["split"], r["attack"]) == (variant, metric, split, attack)
    ]
    return row["value"]


def test_the_published_metric_says_forgotten(story):
    rows, _ = story
    assert value(rows, "target", "mia_success", "forget_train", "su_graybox") > 0.8
    assert value(rows, "ssd", "mia_success", "forget_train", "su_graybox") < 0.05


def test_the_model_still_names_the_forget_set_and_its_members_stand_out_as_before(story):
    rows, _ = story
    assert value(rows, "retrain", "accuracy", "forget_train") == 0
    assert value(rows, "ssd", "accuracy", "forget_train") > 0.8
    before = value(rows, "target", "auc", "forget_train", "loss_thr")
    after = value(rows, "ssd", "auc", "forget_train", "loss_thr")
    assert before > 0.6
    assert after > before - 0.06


def test_the_verdict_says_that_it_has_not_forgotten(story):
    (verdict,) = story[1]
    assert verdict.verdict == "not_forgotten"
    assert "accuracy on forget_train" in verdict.sentence
    assert "loss_thr AUC" in verdict.sentence
    # One seed and one retrained model: their intervals are all there is.
    assert "from the intervals of one retrained model a seed" in verdict.sentence
