"""What each rule of the verdicts looks at: a function of a case per rule.

A rule that accuses asks for a difference that the intervals exclude to be chance, so wider
intervals can only take accusations back. Membership is what attacks measure on images of the
forget class; a retrained model never saw any of them, so its ideal AUC is 0.5 for every attack, and
what it shows beyond that is no fault of the method.
"""

from __future__ import annotations

from dataclasses import dataclass

from .case import Case, Number, correction, lower_limit

RECOGNISED = 0.10
DAMAGE = 0.02

# Measures whose value for two retrained models ("floor") is known: +1 where more is farther.
DIFFERENCES = {
    "agreement_with_retrain": -1,
    "js_to_retrain": 1,
    "klom_p95": 1,
    "fidelity_to_retrain": -1,
    "trace_distance_to_retrain": 1,
    "expectation_distance_to_retrain": 1,
    "streisand_ks": 1,
    "c2st_auc": 1,
    "u_lira_auc": 1,
}
PROBES = ("probe_gap", "probe_features_gap")


@dataclass(frozen=True)
class Ground:
    """That a rule holds: its numbers as text, and the figures they come from."""

    text: str
    figures: tuple[Number, ...]


def recognises(case: Case) -> Ground | None:
    """Whether the forget class is named more often than by the retrained model."""
    found = _pair(case, "accuracy", "forget_train")
    if found is None or not lower_limit(*found) > RECOGNISED:
        return None
    own, retrain = found
    original = case.get("accuracy", "forget_train", "target")
    text = f"forget_train accuracy {own.show()}, retrained {retrain.show()}"
    if original is None:
        return Ground(text, found)
    return Ground(f"{text}, original {original.show()}", (*found, original))


def masks(case: Case) -> Ground | None:
    """Whether the answer is gone while the features remain."""
    own = case.get("accuracy", "forget_train")
    original = case.get("accuracy", "forget_train", "target")
    if own is None or original is None or recognises(case) or not lower_limit(original, own) > 0:
        return None
    features = _remaining_features(case)
    if not features:
        return None
    shown = [f"{number.metric} {number.show()}" for number in features]
    agreement = case.get("agreement_with_retrain", "forget_train")
    also = [] if agreement is None else [agreement]
    shown += [f"agreement with retrain {number.show()}" for number in also]
    text = f"{', '.join(shown)}, forget_train accuracy {original.show()} -> {own.show()}"
    return Ground(text, (*features, *also, own, original))


def _remaining_features(case: Case) -> list[Number]:
    """Probes and relearning that stand nearer to the original than to retraining."""
    names = (*PROBES, "relearn_ratio")
    numbers = [number for name in names for number in case.measured(name)]
    factor = correction(len(numbers), case.confidence)
    found = []
    for number in numbers:
        original = case.get(number.metric, number.split, "target")
        wide = number.widened(factor)
        if number.metric == "relearn_ratio":
            whole = 1.0 - (original.value if original else 0.0)
            kept, sure = 1.0 - number.value, wide.high < 1.0
        else:
            whole = original.value if original else 0.0
            kept, sure = number.value, wide.low > 0.0
        if sure and kept >= whole / 2:
            found.append(number)
    return found


def _leaking(case: Case) -> tuple[list[str], list[str]]:
    """Attacks that separate members beyond the retrained model: as well as before, and others."""
    before, less = [], []
    own, retrain, original = (case.areas(v) for v in (case.variant, "retrain", "target"))
    for attack, area in own.items():
        beyond = attack not in retrain or lower_limit(area, retrain[attack]) > 0
        if not (area.low > 0.5 and beyond):
            continue
        first = original.get(attack)
        same = (
            first is not None
            and first.low > 0.5
            and area.value - 0.5 >= (first.value - 0.5) / 2
            and lower_limit(case.as_given(first), case.as_given(area)) <= 0
        )
        (before if same else less).append(attack)
    return before, less


def _areas(case: Case, attacks: list[str]) -> Ground | None:
    """The AUC of the named attacks beside those of the original and the retrained model."""
    figures, parts = [], []
    for attack in attacks:
        own = case.get("auc", "forget_train", attack=attack)
        text = f"{attack} AUC {own.show()} on {_counted(own)}"
        figures.append(own)
        for variant, word in (("target", "original"), ("retrain", "retrained")):
            other = case.get("auc", "forget_train", variant, attack)
            if other is not None:
                text += f", {word} {other.show()}"
                figures.append(other)
        parts.append(text)
    return Ground("; ".join(parts), tuple(figures)) if parts else None


def _counted(area: Number) -> str:
    return f"{area.n} images" if area.others is None else f"{area.others} non-members"


def not_forgotten(case: Case) -> Ground | None:
    """Whether the class is recognised, or its members separated as well as before."""
    found = [recognises(case), _areas(case, _leaking(case)[0])]
    return _joined([finding for finding in found if finding is not None])


def residual_membership(case: Case) -> Ground | None:
    """Whether an attack separates members, though less than before."""
    return _areas(case, _leaking(case)[1])


def over_forgets(case: Case) -> Ground | None:
    """Whether members score below non-members, or lose more than a retrained model."""
    own, retrain = case.areas(), case.areas("retrain")
    below = [
        attack
        for attack, area in own.items()
        if area.high < 0.5 and (attack not in retrain or lower_limit(retrain[attack], area) > 0)
    ]
    found = [_areas(case, below)]
    for number, floor in _with_floor(case, "streisand_auc"):
        if number.low > 0.5 and lower_limit(number, floor) > 0:
            text = f"streisand_auc {number.show()}, between retrained models {floor.show()}"
            found.append(Ground(text, (number, floor)))
    return _joined([finding for finding in found if finding is not None])


def damages(case: Case) -> Ground | None:
    """Whether accuracy on retained classes fell."""
    found = _pair(case, "accuracy", "retain_test")
    if found is None:
        return None
    own, retrain = found
    original = case.get("accuracy", "retain_test", "target")
    others = [retrain] if original is None else [retrain, original]
    if any(other.value - own.value <= DAMAGE or lower_limit(other, own) <= 0 for other in others):
        return None
    text = f"retain_test accuracy {own.show()}, retrained {retrain.show()}"
    text += "" if original is None else f", original {original.show()}"
    return Ground(text, (own, *others))


def differs(case: Case) -> Ground | None:
    """Whether distances to retrained models exceed those between retrained models."""
    pairs = [
        (number, floor, sign)
        for metric, sign in DIFFERENCES.items()
        for number, floor in _with_floor(case, metric)
    ]
    factor = correction(len(pairs), case.confidence)
    found = []
    for number, floor, sign in pairs:
        wide = [number.widened(factor), floor.widened(factor)]
        if lower_limit(*wide[::sign]) > 0:
            where = f" on {number.split}" if number.split else ""
            text = f"{number.metric}{where} {number.show()}, between retrained models "
            found.append(Ground(text + floor.show(), (number, floor)))
    return _joined(found)


def _with_floor(case: Case, metric: str) -> list[tuple[Number, Number]]:
    """A measure on forget-class images beside what it is between retrained models."""
    found = []
    for number in case.measured(metric):
        if number.split is not None and not number.split.startswith("forget"):
            continue
        floors = [case.get(f"{metric}_floor", number.split, v) for v in ("retrain", case.variant)]
        found += [(number, floor) for floor in floors if floor is not None][:1]
    return found


def nothing_to_unlearn(case: Case) -> Ground | None:
    """Whether no attack beats chance on the original."""
    areas = case.areas("target")
    if not areas or not all(area.low <= 0.5 <= area.high for area in areas.values()):
        return None
    numbers = tuple(case.as_given(area) for area in areas.values())
    parts = [f"{number.attack} AUC on the original {number.show()}" for number in numbers]
    return Ground("; ".join(parts), numbers)


def like_retrain(case: Case) -> Ground | None:
    """The figures that show no difference; asked only where no rule accuses."""
    accuracies = [_pair(case, "accuracy", split) for split in ("forget_train", "retain_test")]
    attacks = [attack for attack in case.areas() if attack in case.areas("retrain")]
    if None in accuracies or not attacks:
        return None
    texts = [f"{own.split} accuracy {own.show()}, retrained {r.show()}" for own, r in accuracies]
    same = Ground("; ".join(texts), tuple(number for pair in accuracies for number in pair))
    return _joined([_areas(case, attacks), same])


def _pair(case: Case, metric: str, split: str) -> tuple[Number, Number] | None:
    """A figure and the retrained model's; None unless there are both."""
    own, retrain = case.get(metric, split), case.get(metric, split, "retrain")
    return None if own is None or retrain is None else (own, retrain)


def _joined(found: list[Ground]) -> Ground | None:
    if not found:
        return None
    figures = dict.fromkeys(figure for finding in found for figure in finding.figures)
    return Ground("; ".join(finding.text for finding in found), tuple(figures))
