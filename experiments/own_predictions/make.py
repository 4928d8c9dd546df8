"""Makes the example of a table of predictions: models that qmu did not train.

    python experiments/own_predictions/make.py

Small networks of scikit-learn stand for whatever was trained elsewhere. The rows are invented: 280
visits, three outcomes, noisy labels that only memory can get right. Ten visits, drawn once, must be
forgotten; every original model was trained on them.
"""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier

VISITS, TRAINED, ASKED, CLASSES = 280, 110, 10, 3
SEEDS, FURTHER, SHADOWS, RESIDUES = 3, 4, 16, (50, 100)
FILE = Path(__file__).with_name("predictions.csv")

inputs, label = make_classification(
    VISITS, 8, n_informative=6, n_classes=CLASSES, flip_y=0.3, class_sep=0.8, random_state=0
)
asked = np.zeros(VISITS, bool)
asked[np.random.default_rng(0).permutation(VISITS)[:ASKED]] = True


def trained(member: np.ndarray, seed: int) -> MLPClassifier:
    """A network that has memorised its members (n,) bool."""
    network = MLPClassifier((48,), solver="lbfgs", alpha=1e-3, max_iter=400, random_state=seed)
    return network.fit(inputs[member], label[member])


def _arrays(network: MLPClassifier) -> list[np.ndarray]:
    return [*network.coefs_, *network.intercepts_]


def tuned(network: MLPClassifier, kept: np.ndarray, seed: int) -> MLPClassifier:
    """The cheap way to forget: more training on what is kept, with strong weight decay."""
    own = MLPClassifier((48,), alpha=1.0, learning_rate_init=0.01, random_state=seed)
    own.partial_fit(inputs[kept], label[kept], classes=np.arange(CLASSES))
    for mine, known in zip(_arrays(own), _arrays(network), strict=True):
        mine[...] = known
    for _ in range(150):
        own.partial_fit(inputs[kept], label[kept])
    return own


rows: list[list[object]] = []


def answer(model: str, index: int, member: np.ndarray, network: MLPClassifier) -> None:
    """Append what a model says of every visit."""
    for visit, p in enumerate(network.predict_proba(inputs)):
        flags = [int(member[visit]), int(asked[visit])]
        shown = [f"{value:.6g}" for value in p]
        rows.append([f"V{visit:03}", label[visit], model, index, *flags, *shown])


numbers = itertools.count()
for seed in range(SEEDS):
    rng = np.random.default_rng((1, seed))
    # Sixty rows stay out of every original model: what the request is compared with.
    member = asked.copy()
    pool = np.flatnonzero(~asked)[: VISITS - ASKED - 60]
    member[rng.permutation(pool)[: TRAINED - ASKED]] = True
    original = trained(member, next(numbers))
    answer("original", seed, member, original)
    answer("unlearned:fine_tuning", seed, member, tuned(original, member & ~asked, seed))
    answer("unlearned:nothing", seed, member, original)
    for model in ("retrained", *(f"retrained:{k + 1}" for k in range(FURTHER))):
        answer(model, seed, member & ~asked, trained(member & ~asked, next(numbers)))
    for percent in RESIDUES:
        kept = member & ~asked
        kept[np.flatnonzero(asked)[: ASKED * percent // 100]] = True
        answer(f"residue:{percent}", seed, kept, trained(kept, next(numbers)))
for index in range(SHADOWS):
    member = np.zeros(VISITS, bool)
    member[np.random.default_rng((2, index)).permutation(VISITS)[:TRAINED]] = True
    answer("shadow", index, member, trained(member, next(numbers)))

with FILE.open("w", newline="") as stream:
    writer = csv.writer(stream, lineterminator="\n")
    answers = [f"probability_{k}" for k in range(CLASSES)]
    writer.writerow(["sample_id", "label", "model", "index", "member", "forget", *answers])
    writer.writerows(rows)
