"""`update_leak`: what the model before and the model after unlearning betray together.

Source: Chen, Zhang, Wang, Backes, Humbert and Zhang 2021, "When machine unlearning jeopardizes
privacy" (arXiv:2005.02205): the two models' outputs on a sample are joined, by concatenation,
difference and distance, and a classifier learns from shadow models, before and after, which
samples were deleted. Retraining does not bring it to 0.5: the original, which the attacker holds
as well, still knows its members, so that only a retrained model's own reading is the ideal. For the
forget class "deleted" against "never seen"; for the retained
classes, with a classifier of their own, "still in" against "never seen".
"""

from __future__ import annotations

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from qmu import losses, seeds
from qmu.attacks.game import AttackCard, Evidence, Scored
from qmu.attacks.lira import check_rows, given
from qmu.metrics.likelihood import logit_confidence
from qmu.strict import Strict

CARD = AttackCard(
    title="Leak of the update",
    source="Chen et al. 2021, arXiv:2005.02205",
    access="both models' logits, labels; shadow models before and after unlearning",
    needs=("unlearned_shadows",),
    statement=(
        "Logistic regression on both models' outputs, their difference and its length, fitted on "
        "shadow models before and after the audited method: members against images that the "
        "shadow model never saw, the forget class and the retained classes apart, as many of each "
        "within every class. Nothing is fitted on the audited model."
    ),
    ideal=(
        "a retrained model's own reading, above 0.5 where the original leaks: the attacker holds "
        "the original as well, so that the deletion itself tells who was deleted"
    ),
)


class Config(Strict):
    """``rows``: most samples that a classifier is fitted on, drawn at random from all shadow
    models'. ``inverse_penalty``: scikit-learn's C."""

    rows: PositiveInt = 20000
    inverse_penalty: PositiveFloat = 1.0


def fit(evidence: Evidence, config: Config, names: tuple[str | int, ...]) -> dict[str, np.ndarray]:
    """Nothing is fitted in advance: the attack learns the audited method's trace."""
    return {}


def score(
    fitted: dict[str, np.ndarray], evidence: Evidence, config: Config, names: tuple[str | int, ...]
) -> Scored:
    """The classifiers' log-odds; 0, undecided, where shadow models lack members or non-members.

    Raises ValueError without the fleets, or where their rows are not the view's.
    """
    before = given(evidence.shadows, "update_leak")
    after = given(evidence.unlearned, "update_leak")
    audited, original = evidence.audited, evidence.original
    for rows in (before, after, original):
        check_rows(rows.sample_id, audited, "update_leak")
    if before.member.shape != after.member.shape:
        raise ValueError("update_leak: each unlearned model needs its model before unlearning")
    forget = audited.forget
    value = np.zeros(len(forget))
    judged = pair_features(original.logits, audited.logits, audited.label)
    for group, here in (("forget", forget), ("retain", ~forget)):
        model, place = _drawn(before.member, before.label, here, config.rows, (*names, group))
        if len(place):
            pairs = pair_features(
                before.logits[model, place], after.logits[model, place], before.label[place]
            )
            member = before.member[model, place]
            value[here] = _log_odds(pairs, member, judged[here], config.inverse_penalty)
    return Scored(score=value, decision=value > 0, fitted=np.zeros(len(value), bool))


def pair_features(before: np.ndarray, after: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(n, 3 classes + 4): both outputs, their difference, its length, and the label's confidences.

    ``before`` and ``after`` are logits (n, classes). The label's probability comes first and the
    others fall in size by the model before: a classifier for many classes must not learn which
    class is which. Finite for logits of -inf.
    """
    first, second = (
        np.exp(losses.log_probabilities(np.asarray(logits, np.float64), np))
        for logits in (before, after)
    )
    rank = first.copy()
    np.put_along_axis(rank, label[:, None], np.inf, axis=1)
    order = np.argsort(-rank, axis=1, kind="stable")
    first, second = (np.take_along_axis(one, order, axis=1) for one in (first, second))
    confidence = [logit_confidence(logits, label) for logits in (before, after)]
    difference = second - first
    length = np.sqrt((difference**2).sum(axis=1))
    return np.column_stack(
        [first, second, difference, length, *confidence, confidence[1] - confidence[0]]
    )


def _drawn(
    member: np.ndarray,
    label: np.ndarray,
    here: np.ndarray,
    rows: int,
    names: tuple[str | int, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Models (k,) and rows (k,) to fit on, as many members as others in every class."""
    order = seeds.generator(*names, "pairs").permutation(member.size)
    kept = []
    classes = np.unique(label[here])
    for one in classes:
        sides = []
        for wanted in (True, False):
            eligible = ((member == wanted) & here & (label == one)).ravel()
            sides.append(order[eligible[order]])
        count = min(len(sides[0]), len(sides[1]), max(rows // (2 * len(classes)), 1))
        kept += [side[:count] for side in sides]
    chosen = np.sort(np.concatenate(kept)) if kept else order[:0]
    return np.divmod(chosen, member.shape[1])


def _log_odds(
    pairs: np.ndarray, member: np.ndarray, judged: np.ndarray, inverse_penalty: float
) -> np.ndarray:
    """Log-odds of membership (n,) of the rows ``judged`` by logistic regression on ``pairs``."""
    from sklearn.linear_model import LogisticRegression

    mean, deviation = pairs.mean(axis=0), pairs.std(axis=0)
    deviation = np.where(deviation > 1e-9, deviation, np.inf)
    machine = LogisticRegression(C=inverse_penalty, max_iter=1000)
    machine.fit((pairs - mean) / deviation, member)
    return machine.decision_function((judged - mean) / deviation)
