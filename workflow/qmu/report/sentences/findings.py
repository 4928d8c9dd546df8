"""What the numbers say, in sentences made by stated rules.

No sentence is written for a particular outcome: each rule looks at estimates and their intervals
and says one thing or the other, or nothing where the numbers are missing. `RULES` states them in
the report.
"""

from __future__ import annotations

from dataclasses import dataclass

from qmu.report.results.results import Results
from qmu.report.results.summary import BASELINES, Cell, strongest

from . import devices as device_findings
from .words import listed, number, rate, signed

FORGOTTEN = 0.05
# An attack that tells next to nothing on the original cannot show that nothing was forgotten.
TELLING = 0.55
LIKE_A_MEMBER = 0.5
MANY = 4
"""Of more attacks than this a sentence names the strongest."""

RULES = (
    "Two rates differ when their intervals do not overlap.",
    "An attack beats guessing when the whole interval of its AUC lies above 0.5, and leaks "
    "inverted when the whole interval lies below.",
    "A variant reads as forgotten by the published measure when the published attack calls at "
    f"most {FORGOTTEN:.0%} of the forget-class members “member”.",
    "A method leaves a trace when, for at least one attack, the interval of its AUC on "
    "forget-class members against same-class non-members lies wholly above the retrained "
    "model's. The attack with the largest difference is named.",
    "A method is cleared wrongly when it reads as forgotten although some attack finds its members "
    "as the target's were found: the target's AUC is at least 0.55, both intervals lie above 0.5, "
    "the method's lies above the retrained model's, and its AUC reaches the target's interval.",
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
    """The published measure: the published attack's rate on forget-class members."""
    attack = results.published_attack
    return results.summary.get(model, variant, "mia_success", "forget_train", attack)


def _published(results: Results, model: str) -> str:
    members, attack = success(results, model, "target"), results.published_attack
    if members is None or attack is None:
        return ""
    text = (
        f"Before unlearning, the published attack ({attack}) calls {rate(members)} of the "
        "forget class's training images “member”."
    )
    others = results.summary.non_members(model, "target", attack)
    if others is None:
        return text + " Its rate on images never trained on was not measured."
    text += (
        f" The same attack calls {rate(others)} of the images of that class which the model never "
        "saw “member”."
    )
    gap = 100 * (members.value - others.value)
    if _overlap(members, others):
        return text + " The intervals overlap: the first number is no evidence of membership."
    if gap < 0:
        return text + " It names non-members more often than members."
    return text + f" Only the difference, {gap:.0f} points, speaks of membership."


def _chance(results: Results, model: str) -> str:
    areas = _areas(results, model, "target")
    if not areas:
        return ""
    above = {a: area for a, area in areas.items() if area.low > 0.5}
    below = {a: area for a, area in areas.items() if area.high < 0.5}
    if not above and not below:
        return (
            "No attack tells the target's forget-class members from non-members better than "
            f"guessing (AUC: {_shown(areas)}): by these attacks there is nothing to unlearn."
        )
    parts = []
    if above:
        parts.append(
            f"Ranking members above same-class non-members, AUC {_shown(above)}: above guessing."
        )
    if below:
        parts.append(
            f"AUC {_shown(below)}: below guessing, which is leakage to whoever inverts it."
        )
    rest = {a: area for a, area in areas.items() if a not in above and a not in below}
    if rest:
        parts.append(f"Not told from guessing: {_shown(rest)}.")
    return " ".join(parts)


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
            " A model that never saw the class is said to have been trained on it: on this model "
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
    """Methods that the published measure clears although their members are found as before."""
    before, base = (_areas(results, model, v) for v in ("target", "retrain"))
    shown = []
    for method in methods(results, model):
        reading = success(results, model, method)
        if reading is None or reading.value > FORGOTTEN:
            continue
        own = _areas(results, model, method)
        same = [
            a
            for a in own
            if a in before
            and a in base
            and before[a].value >= TELLING
            and min(own[a].interval[0], before[a].interval[0]) > 0.5
            and own[a].interval[0] > base[a].interval[1]
            and own[a].value >= before[a].interval[0]
        ]
        if same:
            most = max(same, key=lambda a: own[a].value)
            shown.append(
                f"{results.label(method)} reads {rate(reading)}, while {most} ranks its members "
                f"as the target's: AUC {number(own[most])} against {number(before[most])} before "
                f"and {number(base[most])} after retraining"
            )
    if not shown:
        return ""
    return f"It clears models whose members are found as before: {'; '.join(shown)}."


def _traces(results: Results, model: str) -> str:
    base, compared, traces = _areas(results, model, "retrain"), False, []
    for method in methods(results, model):
        own = {a: e for a, e in _areas(results, model, method).items() if a in base}
        compared = compared or bool(own)
        above = [a for a in own if own[a].interval[0] > base[a].interval[1]]
        if above:
            most = max(above, key=lambda a: own[a].value - base[a].value)
            count = f"{len(above)} of {len(own)} attacks, " if len(own) > 1 else ""
            traces.append(
                f"{results.label(method)} ({count}{most} {number(own[most])} against "
                f"{number(base[most])})"
            )
    if traces:
        return (
            "Members stay easier to tell from non-members than after retraining, by AUC: "
            f"{listed(traces)}."
        )
    if compared:
        return (
            "After no method do the attacks tell members from non-members better than after "
            "retraining, within the intervals."
        )
    return ""


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
        f"Test accuracy on the other classes, in points against retraining ({rate(base)}): "
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
    """AUC on the forget class by attack, where it has an interval."""
    areas = results.summary.areas(model, variant)
    return {a: area for a, area in areas.items() if None not in (area.low, area.high)}


def _overlap(one: Cell, other: Cell) -> bool:
    return one.interval[0] <= other.interval[1] and other.interval[0] <= one.interval[1]


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
