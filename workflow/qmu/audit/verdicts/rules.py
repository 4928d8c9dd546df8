"""The verdicts in words, gravest first, as a report prints them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """``name`` of a verdict; its ``words``; the ``rule`` in one line; whether it ``accuses``, or
    ``acquits``: says that there is nothing to accuse of."""

    name: str
    words: str
    rule: str
    accuses: bool = False
    acquits: bool = False


# From this share of what the positive control shows, the forget set counts as not forgotten.
HALF = 0.5
NOT_FORGOTTEN = "not_forgotten"
NO_STEP = "took_no_step"
NOT_JUDGED = "not_judged"
NEVER_LEARNED = "never_learned"
NOTHING = "nothing_to_unlearn"
DIFFERS = "differs_from_retrain"
LIKE_RETRAIN = "indistinguishable"

RULES = (
    Rule(
        NOT_FORGOTTEN,
        "has not forgotten",
        "a figure of the next three rules differs from the retrained models' beyond chance, by at "
        "least half of what it shows where the whole forget set was left in",
        accuses=True,
    ),
    Rule(
        "class_remains",
        "what was to be forgotten remains in it",
        "after canonical alignment of bias, temperature and head, the forgotten class is "
        "recognised or probed, or the forget set relearned, more easily than by retrained models, "
        "beyond chance",
        accuses=True,
    ),
    Rule(
        "residual_membership",
        "members can still be told from non-members",
        "an attack's AUC on the forget set exceeds the retrained models' beyond chance, beyond "
        "what edits that add no knowledge move, and by more than is tolerated",
        accuses=True,
    ),
    Rule(
        "few_records",
        "some records can still be told",
        "an attack finds more members at 1% false positives, or more single records with a "
        "tolerated share of false ones, than on retrained models, beyond chance and more records "
        "than are tolerated",
        accuses=True,
    ),
    Rule(
        "exposes_retained",
        "exposes retained members",
        "an attack's AUC on retained members exceeds the retrained models' and the original's, "
        "beyond chance and by more than is tolerated",
        accuses=True,
    ),
    Rule(
        "over_forgets",
        "over-forgets: members stand out below chance",
        "an attack's AUC on the forget set lies below the retrained models', beyond chance and by "
        "more than is tolerated",
        accuses=True,
    ),
    Rule(
        "damages_retained",
        "damages retained data",
        "accuracy on retained training or test rows fell by more than is tolerated below the "
        "retrained models' and the original's, beyond chance",
        accuses=True,
    ),
    Rule(NO_STEP, "took no step", "no rule accuses, and the method changed nothing in any seed"),
    Rule(
        NEVER_LEARNED,
        "the original never learned what is to be forgotten",
        "no rule accuses, nothing sees anything on the original, and the upper limit of its "
        "accuracy on the forget set is no better than guessing",
        acquits=True,
    ),
    Rule(
        NOTHING,
        "no membership to unlearn",
        "no rule accuses, nothing sees anything on the original, and the upper limits of every "
        "attack's AUC and of the members found at 1% false positives there are tolerated",
        acquits=True,
    ),
    Rule(
        NOT_JUDGED,
        "not judged",
        "no rule accuses, but the audit could not have seen a tolerated residue: figures are "
        "missing, a control that is guilty by construction is not accused, or a rung of the ladder "
        "above the tolerated residue is not seen or not excluded",
    ),
    Rule(
        DIFFERS,
        "no memory seen, but answers unlike a retrained model's",
        "no rule accuses, a tolerated residue would have been seen, and accuracy on the forget set "
        "or a distance to retrained models exceeds what these differ by among themselves",
        acquits=True,
    ),
    Rule(
        LIKE_RETRAIN,
        "indistinguishable from retraining",
        "no rule accuses, a tolerated residue would have been seen, and nothing differs",
        acquits=True,
    ),
)
BY_NAME = {rule.name: rule for rule in RULES}
