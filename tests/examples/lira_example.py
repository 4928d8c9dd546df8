"""Synthetic pools for the tests of attacks that use shadow models: planted leakage per sample.

Every image has a difficulty of its own, that all models share; a model that memorises adds
between nothing and twice ``memory``, by image, to the label's logit of what it was trained on. The
audited model is one more of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qmu.attacks.game import Evidence, ShadowModels, View

CLASSES = 5
FORGET = 2


def evidence(
    seed: int = 0,
    *,
    memory: float = 2.0,
    audited_memory: float | None = None,
    models: int = 16,
    n: int = 400,
    left: float = 1.0,
) -> Evidence:
    """An audited model and its shadow models, before and after an unlearning of the forget class.

    Unlearning lowers the forget class' logit by 4 and leaves a share ``left`` of the memory.
    """
    rng = np.random.default_rng(seed)
    label = np.arange(n) * CLASSES // n
    forget = label == FORGET
    base = rng.normal(scale=1.5, size=(n, CLASSES))
    base[np.arange(n), label] += 3.0
    own = memory if audited_memory is None else audited_memory
    member = np.stack([_quarter(rng, n) for _ in range(models)])
    noise = rng.normal(scale=0.7, size=(models, n, CLASSES))
    part = np.full(n, "unseen", dtype=object)
    trained = _quarter(rng, n)
    part[trained] = "train"
    part[rng.permutation(np.flatnonzero(~trained))[: n // 10]] = "validation"
    names = [f"{'forget' if f else 'retain'}_{p}" for f, p in zip(forget, part, strict=True)]
    exposure = rng.uniform(0, 2, n)
    own_noise = rng.normal(scale=0.7, size=(n, CLASSES))
    ids = np.arange(n) + 100

    def logits(held, jitter, strength, lowered):
        found = base + jitter
        found[..., np.arange(n), label] += strength * exposure * held
        found[..., FORGET] -= lowered
        return found

    def fleet(held, strength, lowered, jitter):
        return ShadowModels(ids, label, held, logits(held, jitter, strength, lowered), "ce")

    fading = np.where(forget, left, 1.0)
    target, unlearned = (
        View(
            ids,
            label,
            np.array(names, dtype=object),
            forget,
            trained,
            logits(trained, own_noise, strength, lowered),
            "ce",
        )
        for strength, lowered in ((own, 0.0), (own * fading, 4.0))
    )
    other = rng.normal(scale=0.7, size=noise.shape)
    return Evidence(
        original=target,
        audited=unlearned,
        shadows=fleet(member, memory, 0.0, noise),
        unlearned=fleet(member, memory * fading, 4.0, noise),
        retrained=fleet(member & ~forget, memory, 4.0, other),
    )


def before(given: Evidence) -> Evidence:
    """The audit of the target itself: nothing was unlearned."""
    return replace(given, audited=given.original, unlearned=given.shadows)


def masked(view: View) -> View:
    """The model with the forget class ruled out."""
    logits = view.logits.copy()
    logits[:, FORGET] = -np.inf
    return replace(view, logits=logits)


def area(scored, view: View, group: np.ndarray | None = None) -> float:
    """AUC of members against unfitted non-members."""
    from qmu.metrics.roc import auc

    free = ~scored.fitted if group is None else ~scored.fitted & group
    return auc(scored.score[free & view.member], scored.score[free & ~view.member])


def coverage(module, config, seeds: int = 120, **settings) -> float:
    """The share of seeds whose 95% AUC interval holds 0.5 for a model that never memorised."""
    from qmu.metrics.intervals import percentile
    from qmu.metrics.roc import Roc

    held = 0
    for seed in range(seeds):
        found = before(evidence(seed, audited_memory=0.0, models=6, n=200, **settings))
        fitted = module.fit(found, config, ("coverage", seed))
        scored = module.score(fitted, found, config, ("coverage", seed))
        member, free = found.audited.member, ~scored.fitted
        roc = Roc(scored.score[free & member], scored.score[free & ~member])
        replicates = roc.replicates(np.random.default_rng(seed), 200)[0]
        low, high = percentile(replicates, 0.95)
        held += low <= 0.5 <= high
    return held / seeds


def _quarter(rng: np.random.Generator, n: int) -> np.ndarray:
    chosen = np.zeros(n, bool)
    chosen[rng.permutation(n)[: n // 4]] = True
    return chosen
