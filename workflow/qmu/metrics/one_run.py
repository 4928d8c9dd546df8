"""Lower bounds of epsilon from one training run, by how many guesses about members are right.

Sources: Steinke, Nasr and Jagielski 2023, "Privacy auditing with one (1) training run"
(arXiv:2305.08846), for (epsilon, delta); Mahloujifar, Melis and Chaudhuri 2024, "Auditing
f-differential privacy in one run" (arXiv:2410.22235), for a trade-off curve, here that of a
Gaussian mechanism. Both speak of m records, each in the training set by a fair coin of its own, of
which an auditor guesses r to be members and is right v times. Neither needs false positives to be
rare, which Clopper-Pearson limits of error rates do.

When the guarantee holds: as many members as non-members are taken, and which is which must be
exchangeable, as it is where a seed draws its training images from the pool at random. Their number
is then fixed, which makes right guesses less spread than fair coins do, and training without a
record is training with another one in its place: epsilon is that for replacing a record, at most
twice that for adding or removing one. It does not hold for fixed training sets, nor for scores that
depend on which records are compared.

From how high a score on members are guessed, and whether high or low scores are members', is
chosen on one half of the records; the other half is judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .accounting import gaussian_delta
from .epsilon import DELTA

# Where the search ends: no audit of fewer than a million records excludes as much.
LARGEST = 20.0
# To which the bounds are searched for, from below.
STEP = 1e-3


def eps_one_run(
    members: np.ndarray, others: np.ndarray, confidence: float = 0.95, delta: float = DELTA
) -> float:
    """The (epsilon, delta) bound of scores (m,), (n,); see `judged_guesses`."""
    return one_run(*judged_guesses(members, others, confidence), confidence, delta)


def eps_fdp(
    members: np.ndarray, others: np.ndarray, confidence: float = 0.95, delta: float = DELTA
) -> float:
    """The bound by the Gaussian trade-off curve of scores (m,), (n,); see `judged_guesses`.

    It holds where training is private by Gaussian noise, and exceeds the true epsilon of other
    mechanisms (randomised response, Laplace) in most runs: no bound for those.
    """
    return gaussian(*judged_guesses(members, others, confidence), confidence, delta)


def judged_guesses(
    members: np.ndarray, others: np.ndarray, confidence: float = 0.95
) -> tuple[int, int, int]:
    """(records, guesses, right guesses) on the judged half of the scores (m,), (n,).

    As many of either side as the smaller one has, the first of each; every second is judged, and
    scores at or beyond a level that the rest chose are guessed to be members'. Callers order the
    scores by something that ignores them. No guesses where a half is empty.
    """
    count = min(len(members), len(others))
    sides = [np.asarray(side, np.float64)[:count] for side in (members, others)]
    choosing, judged = [side[::2] for side in sides], [side[1::2] for side in sides]
    if not len(judged[0]):
        return 0, 0, 0
    best, rule = 0.0, (1.0, math.inf)
    for sign in (1.0, -1.0):
        inside, outside = (np.sort(sign * side) for side in choosing)
        levels = np.unique(np.concatenate([inside, outside]))
        right, wrong = (len(s) - np.searchsorted(s, levels) for s in (inside, outside))
        low = _lowest_rates(right, right + wrong, confidence)
        first = int(np.argmax(low))
        if low[first] > best:
            best, rule = float(low[first]), (sign, float(levels[first]))
    sign, level = rule
    right, wrong = (int(np.sum(sign * side >= level)) for side in judged)
    return 2 * len(judged[0]), right + wrong, right


def one_run(
    records: int, guesses: int, right: int, confidence: float = 0.95, delta: float = DELTA
) -> float:
    """The largest epsilon at which so many ``right`` of the ``guesses`` about some of the
    ``records`` would be too rare, at least 0. Raises ValueError where the counts do not fit."""
    _check(records, guesses, right)

    def excluded(epsilon: float) -> bool:
        return p_value(records, guesses, right, epsilon, delta) < 1 - confidence

    return _largest(excluded)


def p_value(records: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """The largest probability of at least so many ``right`` guesses under (epsilon, delta) privacy:
    P[Bin(r, q) >= v] + 2 m delta max_i P[v > Bin(r, q) >= v - i] / i, q = 1 / (1 + e^-epsilon)."""
    from scipy import special

    if right == 0:
        return 1.0
    rate = 1 / (1 + math.exp(-epsilon))
    # P[Bin >= k] for k = v, v - 1 .. 0.
    at_least = np.ones(right + 1)
    k = np.arange(right, 0, -1)
    at_least[:-1] = special.betainc(k, guesses - k + 1, rate)
    close = np.max((at_least[1:] - at_least[0]) / np.arange(1, right + 1))
    return float(min(1.0, at_least[0] + 2 * records * delta * close))


def gaussian(
    records: int, guesses: int, right: int, confidence: float = 0.95, delta: float = DELTA
) -> float:
    """The epsilon at ``delta`` of the least private Gaussian mechanism that the guesses exclude, at
    least 0; see `one_run`."""
    _check(records, guesses, right)

    def excluded(shift: float) -> bool:
        return _excludes(records, guesses, right, 1 - confidence, shift)

    return epsilon_of(_largest(excluded), delta)


def epsilon_of(shift: float, delta: float) -> float:
    """The least epsilon for ``delta`` of a Gaussian mechanism that moves its output by ``shift``
    standard deviations, at least 0 (Balle and Wang 2018, arXiv:1805.06530)."""
    if shift <= 0:
        return 0.0

    def excess(epsilon: float) -> float:
        return gaussian_delta(shift, epsilon) - delta

    low, high = 0.0, shift * (shift / 2 + 10)
    if excess(low) <= 0:
        return 0.0
    while high - low > STEP / 100:
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return low


def _excludes(records: int, guesses: int, right: int, level: float, shift: float) -> bool:
    """Whether a Gaussian trade-off curve excludes the guesses at a ``level``.

    The source's recursion: if so many right guesses had probability ``level``, the curve bounds
    from below how much probability fewer right guesses have, r for those that are right and h for
    those that are wrong, both as shares of the records; together they may not exceed the share of
    records guessed.
    """
    from scipy.special import ndtri

    if right == 0:
        return False
    hit, miss = level * right / records, level * (guesses - right) / records
    for fewer in range(right - 1, -1, -1):
        # ndtri of a probability, and the normal distribution function by its complement.
        least = 0.5 * math.erfc((shift - ndtri(min(hit, 1.0))) / math.sqrt(2))
        if least <= miss:
            break
        hit = min(1.0, hit + fewer / (guesses - fewer) * (least - miss))
        miss = least
    return hit + miss > guesses / records


def _lowest_rates(right: np.ndarray, guesses: np.ndarray, confidence: float) -> np.ndarray:
    """Clopper-Pearson lower limits (k,) of the rate of right guesses, 0 without any."""
    from scipy import special

    wrong = guesses - right
    return np.where(
        right > 0, special.betaincinv(np.maximum(right, 1), wrong + 1, 1 - confidence), 0.0
    )


def _largest(excluded: Callable[[float], bool]) -> float:
    """The largest value, to `STEP` from below and up to `LARGEST`, that is excluded; 0 if none is:
    what a smaller value allows, a larger one does too."""
    low, high = 0.0, LARGEST
    if not excluded(low):
        return 0.0
    while high - low > STEP:
        middle = (low + high) / 2
        low, high = (middle, high) if excluded(middle) else (low, middle)
    return low


def _check(records: int, guesses: int, right: int) -> None:
    if not 0 <= right <= guesses <= records:
        raise ValueError(f"{right} right of {guesses} guesses about {records} records")
