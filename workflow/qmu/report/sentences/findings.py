"""What the numbers say, in sentences made by stated rules.

No sentence is written for a particular outcome: each rule looks at estimates and their intervals
and says one thing or the other, or nothing where the numbers are missing. `RULES` states them in
the report.
"""

from __future__ import annotations

from dataclasses import dataclass

from qmu.audit.verdicts.rules import BY_NAME, NOT_FORGOTTEN
from qmu.report.evidence.results import Judgement, Results
from qmu.report.evidence.summary import Cell, strongest
from qmu.variants import BASELINES

from . import devices as device_findings
from .words import difference, listed, number, points, rate, signed

FORGOTTEN = 0.05
LIKE_A_MEMBER = 0.5
MANY = 4
"""Of more attacks than this a sentence names the strongest."""

RULES = (
    "Two figures differ when the interval of their difference excludes zero; it follows from the "
    "intervals of the two (square-and-add).",
    "The published attack is fitted on some of the rows that it is scored on: its rate is "
    "compared with that on rows never seen for members that it was not fitted on.",
    "An attack beats guessing when the whole interval of its AUC lies above 0.5, and leaks "
    "inverted when the whole interval lies below. There is nothing to unlearn when all intervals "
    "lie within what is tolerated; where one does not, not to beat guessing is no evidence.",
    "A variant reads as forgotten by the published measure when the published attack calls at "
    f"most {FORGOTTEN:.0%} of the forget set “member”.",
    "What remains of the forget set is what the verdicts say.",
    "A method is cleared wrongly when it reads as forgotten while its verdict is that it has not "
    "forgotten. The attack with the highest AUC is named.",
    "A method is economical when it needs fewer gradient evaluations than retraining.",
    "Accuracy is compared with the retrained model's, never with the target's alone.",
    device_findings.RULE,
)


@dataclass(frozen=True)
class Finding:
    """A sentence or two about one model; ``topic`` names the rule that made it."""

    model: str
    topic: str
    text: str


def findings(results: Results) -> list[Finding]:
    """All findings, model by model, in reading order."""
    return [
        Finding(model, topic, text)
        for model in results.summary.models
        for topic, rule in TOPICS.items()
        if (text := rule(results, model))
    ]


def methods(results: Results, model: str) -> list[str]:
    """The unlearning methods of a model: neither baselines nor controls."""
    variants = results.summary.variants(model)
    return [v for v in variants if v not in BASELINES and not results.is_control(v)]


def controls(results: Results, model: str) -> list[str]:
    """The negative controls of a model."""
    return [v for v in results.summary.variants(model) if results.is_control(v)]


def success(results: Results, model: str, variant: str) -> Cell | None:
    """The published measure: the published attack's rate on the forget set."""
    attack = results.published_attack
    return results.summary.get(model, variant, "mia_success", "forget_train", attack)


def _published(results: Results, model: str) -> str:
    members, attack = success(results, model, "target"), results.published_attack
    if members is None or attack is None:
        return ""
    text = (
        f"Before unlearning, the published attack ({attack}) calls {rate(members)} of the "
        "forget set “member”."
    )
    others = results.summary.non_members(model, "target", attack)
    if others is None:
        return text + " Its rate on rows never trained on was not measured."
    get = results.summary.get
    unfitted = get(model, "target", "mia_success_unfitted", "forget_train", attack)
    text += (
        f" The same attack calls {rate(others)} of comparable rows that the model never "
        "saw “member”"
    )
    if unfitted is None:
        return text + ". Members that it was not fitted on were not measured."
    text += f", and {rate(unfitted)} of the training rows that it was not fitted on."
    gap = difference(unfitted, others)
    if gap is None:
        return text
    shown = f"{points(gap)} points"
    if gap.low > 0:
        return text + f" Only the difference of these two, {shown}, speaks of membership."
    if gap.high < 0:
        return text + f" It names non-members more often than members, by {shown}."
    return text + f" The difference, {shown}, may be none: it is no evidence of membership."


def _chance(results: Results, model: str) -> str:
    areas = _areas(results, model, "target")
    if not areas:
        return ""
    above = {a: area for a, area in areas.items() if area.low > 0.5}
    below = {a: area for a, area in areas.items() if area.high < 0.5}
    if _tolerable(results, model, areas):
        return (
            f"No attack's interval reaches the tolerated AUC of {results.risk.auc:g} on the "
            f"target's forget set (AUC: {_shown(areas)}), nor finds more than the tolerated "
            f"{results.risk.tpr:.0%} of members at 1% false positives: by these attacks there is "
            "no membership to unlearn."
        )
    if not above and not below:
        sizes = [area.n for area in areas.values() if area.n]
        count = f" with n = {max(sizes)} rows" if sizes else ""
        return (
            "No attack tells the target's forget set from non-members better than "
            f"guessing (AUC: {_shown(areas)}). Whether there is membership to unlearn cannot be "
            f"told{count}: the intervals reach beyond what is tolerated."
        )
    parts = []
    if above:
        parts.append(
            f"Ranking members above comparable non-members, AUC {_shown(above)}: above guessing."
        )
    if below:
        parts.append(
            f"AUC {_shown(below)}: below guessing, which is leakage to whoever inverts it."
        )
    rest = {a: area for a, area in areas.items() if a not in above and a not in below}
    if rest:
        parts.append(f"Not told from guessing: {_shown(rest)}.")
    return " ".join(parts)


def _tolerable(results: Results, model: str, areas: dict[str, Cell]) -> bool:
    """Whether the intervals exclude whatever the reader would not tolerate, above chance or
    below."""
    risk = results.risk
    found = [
        results.summary.get(model, "target", "tpr_at_fpr_1pct", "forget_train", attack)
        for attack in areas
    ]
    rates = [cell for cell in found if cell is not None]
    return (
        all(1 - risk.auc < area.low and area.high < risk.auc for area in areas.values())
        and bool(rates)
        and all(cell.high is not None and cell.high < risk.tpr for cell in rates)
    )


def _shown(areas: dict[str, Cell]) -> str:
    """Each attack with its AUC or, of more than `MANY`, their number and the strongest."""
    if len(areas) <= MANY:
        return listed([f"{name} {number(area)}" for name, area in areas.items()])
    most = strongest(areas)
    return f"of {len(areas)} attacks, the furthest from 0.5 {most} {number(areas[most])}"


def _zero(results: Results, model: str) -> str:
    """What the published measure reads where the answer is known."""
    known = {v: success(results, model, v) for v in ("retrain", *controls(results, model))}
    known = {v: e for v, e in known.items() if e is not None}
    if not known:
        return ""
    shown = listed([f"{rate(e)} on {results.label(v)}" for v, e in known.items()])
    text = f"The published measure reads {shown}."
    retrain = known.get("retrain")
    if retrain is not None and retrain.value > LIKE_A_MEMBER:
        text += (
            " A model that was never trained on the forget set is said to have been: on this model "
            "the attack does not measure membership."
        )
    low = [v for v, e in known.items() if v != "retrain" and e.value <= FORGOTTEN]
    if low:
        text += (
            f" The control {listed(low)} unlearns nothing and reads as forgotten: a low reading "
            "alone is no evidence of unlearning."
        )
    return text


def _methods(results: Results, model: str) -> str:
    read = {v: success(results, model, v) for v in methods(results, model)}
    read = {v: cell for v, cell in read.items() if cell is not None}
    if not read:
        return ""
    done = [v for v, cell in read.items() if cell.value <= FORGOTTEN]
    left = [v for v in read if v not in done]
    parts = []
    for names, verdict in ((done, "read as forgotten"), (left, "do not read as forgotten")):
        if names:
            shown = listed([f"{results.label(v)} {rate(read[v])}" for v in names])
            parts.append(f"By the published measure these methods {verdict}: {shown}.")
    return " ".join(parts)


def _misread(results: Results, model: str) -> str:
    """Methods that the published measure clears although their verdict is the gravest."""
    before, base = (_areas(results, model, v) for v in ("target", "retrain"))
    shown = []
    for one in _judged(results, model):
        reading = success(results, model, one.variant)
        if one.verdict != NOT_FORGOTTEN or reading is None or reading.value > FORGOTTEN:
            continue
        text = f"{results.label(one.variant)} reads {rate(reading)} and has not forgotten"
        own = _areas(results, model, one.variant)
        half = results.attacks_at_half
        both = [attack for attack in half if attack in own and attack in before and attack in base]
        if both:
            most = max(both, key=lambda attack: own[attack].value)
            text += (
                f" ({most} ranks its members with AUC {number(own[most])}, {number(before[most])} "
                f"before and {number(base[most])} after retraining)"
            )
        shown.append(text)
    if not shown:
        return ""
    return f"The published measure clears what its verdict does not: {'; '.join(shown)}."


def _traces(results: Results, model: str) -> str:
    """What the verdicts say of the methods, in one sentence each."""
    judged = _judged(results, model)
    groups = (
        ("Accused", [f"{results.label(o.variant)} ({_words(o)})" for o in judged if o.accused]),
        (
            "Acquitted of what this audit would have seen",
            [f"{results.label(o.variant)}" for o in judged if BY_NAME[o.verdict].acquits],
        ),
        (
            "Not judged",
            [
                results.label(o.variant)
                for o in judged
                if not o.accused and not BY_NAME[o.verdict].acquits
            ],
        ),
    )
    return " ".join(f"{title}: {listed(names)}." for title, names in groups if names)


def _judged(results: Results, model: str) -> list[Judgement]:
    """The verdicts on a model's methods."""
    return [
        one
        for one in results.judgements
        if one.model == model and one.kind == "method" and one.verdict in BY_NAME
    ]


def _words(one: Judgement) -> str:
    return BY_NAME[one.verdict].words


def _utility(results: Results, model: str) -> str:
    get = results.summary.get
    base = get(model, "retrain", "accuracy", "retain_test")
    if base is None:
        return ""
    shown = []
    for method in methods(results, model):
        own = get(model, method, "accuracy", "retain_test")
        if own is not None:
            shown.append(f"{results.label(method)} {signed(100 * (own.value - base.value))}")
    if not shown:
        return ""
    return (
        f"Test accuracy on the retained data, in points against retraining ({rate(base)}): "
        f"{listed(shown)}."
    )


def _cost(results: Results, model: str) -> str:
    costs = {
        v: results.summary.relative_to_retrain(model, v, "gradient_evaluations")
        for v in methods(results, model)
    }
    costs = {v: cost.value for v, cost in costs.items() if cost is not None}
    if not costs:
        return ""
    shown = listed([f"{results.label(v)} {100 * value:.1f}%" for v, value in costs.items()])
    text = f"Gradient evaluations, as a share of retraining's: {shown}."
    dear = [results.label(v) for v, value in costs.items() if value >= 1]
    return text + (f" Not economical: {listed(dear)}." if dear else "")


def _devices(results: Results, model: str) -> str:
    return device_findings.devices(results, model, methods(results, model))


def _areas(results: Results, model: str, variant: str) -> dict[str, Cell]:
    """AUC on the forget set by attack, where it has an interval."""
    areas = results.summary.areas(model, variant)
    return {a: area for a, area in areas.items() if None not in (area.low, area.high)}


TOPICS = {
    "published": _published,
    "chance": _chance,
    "zero": _zero,
    "misread": _misread,
    "methods": _methods,
    "trace": _traces,
    "utility": _utility,
    "cost": _cost,
    "devices": _devices,
}
"""Topic -> the rule that makes its sentence, in reading order."""
