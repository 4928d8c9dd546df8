"""What the figures say of every unlearned model, in words, by stated rules.

The rules stand in `RULES`, in order of gravity; a report can print each one's
``name``, ``words`` and ``rule``. In short:

1. ``masks_the_class``: the answer is gone, the features are still nearer to the original's than to
   a retrained model's. The gravest, for one edit of the head undoes it.
2. ``not_forgotten``: it still recognises the class, or an attack separates members as before.
3. ``residual_membership``: an attack still separates members, though less than before.
4. ``over_forgets``: members stand out below chance.
5. ``damages_retained``: retained classes lost more than two points.
6. ``nothing_to_unlearn``: none of these, and no attack beat chance on the original.
7. ``differs_from_retrain``: none of these, but its answers are not those of a retrained model.
8. ``indistinguishable``: no rule accuses.
9. ``not_judged``: no rule accuses, but figures that acquit are missing.

The verdict is the first that holds; the sentence names all that hold, with numbers, and what could
not be checked. Where a rule looks at several attacks or measures, every interval is widened for
their number (Bonferroni, by the ratio of normal quantiles), so that many attacks make no accusation
likelier; the sentence shows the intervals as the summary gives them. An accusation needs a
difference beyond the intervals: wider intervals never turn an acquittal into one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qmu import registry

from . import rules
from .case import Case, read
from .rules import PROBES, Ground

__all__ = ["NOT_JUDGED", "RULES", "Rule", "Verdict", "verdicts"]

NOT_JUDGED = "not_judged"
BASELINES = ("target", "retrain")
PER_EXAMPLE = ("lira_online", "lira_offline", "rmia", "u_lira", "u_lira_worlds")


@dataclass(frozen=True)
class Verdict:
    """``verdict``: one of the rules' names; ``evidence``: the figures it rests on."""

    model: str
    variant: str
    verdict: str
    sentence: str
    evidence: str


@dataclass(frozen=True)
class Rule:
    """``name``; ``words`` of the verdict; the ``question``; the ``rule`` in one line; whether it
    ``accuses``; ``holds`` gives what it found, or None."""

    name: str
    words: str
    question: str
    rule: str
    accuses: bool
    holds: Callable[[Case], Ground | None]


RULES = (
    Rule(
        "masks_the_class",
        "forgets by masking the class: features remain",
        "Is the answer gone while what led to it is still there?",
        "forget_train accuracy fell and the class is not recognised, but a probe's gain over the "
        "retrained model, or the time saved in relearning, excludes zero and is at least half of "
        "the original's",
        True,
        rules.masks,
    ),
    Rule(
        "not_forgotten",
        "has not forgotten",
        "Is the forget set still recognised, or its membership as visible as before?",
        "forget_train accuracy exceeds the retrained model's by more than "
        f"{rules.RECOGNISED:.0%} beyond the intervals; or an attack's AUC exceeds 0.5 and the "
        "retrained model's, keeps at least half of the original's excess over 0.5, and is not "
        "measurably below the original's",
        True,
        rules.not_forgotten,
    ),
    Rule(
        "residual_membership",
        "members can still be told from non-members",
        "Does any attack still tell members of the forget class from its non-members?",
        "an attack's AUC exceeds 0.5 and the retrained model's beyond the intervals, though "
        "measurably less than on the original",
        True,
        rules.residual_membership,
    ),
    Rule(
        "over_forgets",
        "over-forgets: members stand out below chance",
        "Do members stand out because they were pushed too far?",
        "an attack's AUC lies below 0.5 and below the retrained model's beyond the intervals; or "
        "the forget set's losses exceed the retrained model's (Streisand AUC above 0.5 and above "
        "its floor)",
        True,
        rules.over_forgets,
    ),
    Rule(
        "damages_retained",
        "damages the retained classes",
        "Did the retained classes suffer?",
        f"retain_test accuracy is more than {rules.DAMAGE:.0%} below both the retrained model's "
        "and the original's, beyond the intervals",
        True,
        rules.damages,
    ),
    Rule(
        "nothing_to_unlearn",
        "no attack beats chance on the original: nothing to unlearn",
        "Was there membership to unlearn at all?",
        "on the original, the interval of every attack's forget-class AUC holds 0.5",
        False,
        rules.nothing_to_unlearn,
    ),
    Rule(
        "differs_from_retrain",
        "answers unlike a retrained model",
        "Does it answer on forget-class images as a retrained model does?",
        "a distance to the retrained models on forget-class images exceeds the one between "
        "retrained models beyond the intervals",
        True,
        rules.differs,
    ),
    Rule(
        "indistinguishable",
        "indistinguishable from retraining at this sample size",
        "Is there any difference to a retrained model?",
        "no rule accuses, and attacks and accuracies are there for both models",
        False,
        rules.like_retrain,
    ),
)


def verdicts(rows: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> list[Verdict]:
    """One verdict per model and unlearning variant, in the order of the rows.

    ``rows`` are the summary's (means over seeds are preferred to single seeds); ``config`` is the
    experiment's dump, from which come the attacks and measures to expect, the confidence of the
    intervals, and which variants are controls.
    """
    found = []
    evaluation = config.get("common", {}).get("evaluation", {})
    attacks = {name: entry["component"] for name, entry in config.get("attacks", {}).items()}
    for model in dict.fromkeys(row["model"] for row in rows):
        numbers = read(rows, model)
        variants = dict.fromkeys(row["variant"] for row in rows if row["model"] == model)
        for variant in variants:
            if variant in BASELINES:
                continue
            case = Case(
                model,
                variant,
                numbers,
                attacks,
                tuple(config.get("quality", {})),
                evaluation.get("confidence", 0.95),
            )
            found.append(_verdict(case, _is_control(variant, config)))
    return found


def _verdict(case: Case, control: bool) -> Verdict:
    held = _held(case)
    names = [rule.name for rule, _ in held]
    verdict = names[0] if names else NOT_JUDGED
    accused = any(rule.accuses for rule, _ in held)
    if verdict == "nothing_to_unlearn" and not accused and "indistinguishable" not in names:
        # What the original shows acquits no model of which nothing is known.
        verdict = NOT_JUDGED
    parts = [f"{rule.words} ({finding.text})" for rule, finding in held]
    if verdict == NOT_JUDGED:
        parts.insert(0, "cannot be judged: figures are missing")
    opening = "A control: " if control else ""
    sentence = f"{opening}{'; also '.join(parts)}."
    missing = _unchecked(case)
    if missing:
        sentence += f" Not checked: {'; '.join(missing)}."
    figures = dict.fromkeys(figure for _, finding in held for figure in finding.figures)
    evidence = "; ".join(figure.cite() for figure in figures)
    return Verdict(case.model, case.variant, verdict, _capital(sentence), evidence)


def _held(case: Case) -> list[tuple[Rule, Ground]]:
    """The rules that hold, gravest first."""
    held: list[tuple[Rule, Ground]] = []
    for rule in RULES:
        if rule.name == "indistinguishable" and any(earlier.accuses for earlier, _ in held):
            continue
        finding = rule.holds(case)
        if finding is not None:
            held.append((rule, finding))
    return held


def _unchecked(case: Case) -> list[str]:
    """What the verdict could not look at."""
    found = []
    for variant, word in (("retrain", "a retrained model"), ("target", "the original")):
        if not any(key[0] == variant for key in case.numbers):
            found.append(f"there is no audit of {word} to compare with")
    missing = [attack for attack in case.attacks if attack not in case.areas()]
    if missing:
        found.append(f"no AUC with an interval of {', '.join(missing)}")
    known = [*case.attacks.values(), *case.quality]
    if not any(name in known for name in PER_EXAMPLE):
        found.append("no attack that is calibrated per image, so membership may be understated")
    if not any(case.measured(name) for name in (*PROBES, "relearn_ratio")):
        found.append("whether features remain (no probe, no relearning time)")
    if not case.measured("streisand_auc"):
        found.append("whether losses exceed a retrained model's (no Streisand test)")
    return found


def _is_control(variant: str, config: Mapping[str, Any]) -> bool:
    entry = config.get("unlearning", {}).get(variant)
    return entry is not None and registry.load("unlearning", entry["component"]).CARD.control


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
