"""What the figures say of every variant, in words, by stated rules.

A variant is compared with all retrained models of its seeds (`case`), in seven questions
(`questions`) that only figures may answer which see something where there is something to see
(`judges`). It is accused where a difference is beyond chance, over seeds or in the worst seed; the
verdict is the gravest rule that holds (`rules`), and the sentence names all. It is acquitted only
of what this audit would have seen (`power`): where a guilty control goes free, a figure is missing,
or the smallest residue that is seen exceeds what the reader tolerates (`risk`), a variant that is
not accused is not judged. The same questions are asked of the ladder, of the controls and of models
that are innocent by construction.

More evidence of leakage never acquits, wider intervals neither acquit nor aggravate, missing
figures never acquit, and attacks that see nothing change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qmu.variants import BASELINES, TARGET

from . import wording
from .case import Case, Row, read
from .judges import Answer, Finding, Panel, ask, panels, suspects
from .power import (
    Innocents,
    Power,
    bound,
    false_accusations,
    innocent,
    power,
    relevant,
    share_of,
)
from .questions import FORGET, FOUND, Settings, settings
from .rules import (
    BY_NAME,
    DIFFERS,
    HALF,
    LIKE_RETRAIN,
    NEVER_LEARNED,
    NO_STEP,
    NOT_FORGOTTEN,
    NOT_JUDGED,
    NOTHING,
    RULES,
    Rule,
)

__all__ = ["NOT_JUDGED", "RULES", "Rule", "Verdict", "verdicts"]

# Accuracy that counts as guessing where the number of classes is not known.
GUESSING = 0.2

Stops = Mapping[str, Mapping[str, Mapping[int, str]]]
"""model -> variant -> seed -> why the method stopped"""


@dataclass(frozen=True)
class Verdict:
    """``verdict``: one of the rules' names; ``kind``: method, level, control, ladder or innocent;
    ``evidence``: the figures that it rests on."""

    model: str
    variant: str
    kind: str
    verdict: str
    accused: bool
    sentence: str
    evidence: str


@dataclass(frozen=True)
class _Audit:
    """Everything about one model that its verdicts share."""

    case: Case
    given: Settings

    @cached_property
    def names(self) -> list[str]:
        return [variant for variant in self.case.variants if variant not in BASELINES]

    @cached_property
    def answers(self) -> dict[str, dict[str, Answer]]:
        """Variant -> question -> answer, of the questions that are asked of it."""
        return {
            name: {
                panel.question.name: ask(self.case, panel, name)
                for panel in relevant(self.panels, name)
            }
            for name in self.names
        }

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        return panels(self.case, self.given)

    @property
    def sees_members(self) -> bool:
        """Whether some attack sees members on the positive control."""
        attacks = ("membership", "records")
        return any(p.levels for p in self.panels if p.question.name in attacks)

    @cached_property
    def power(self) -> Power:
        return power(self.case, self.panels, self.given.controls)

    @cached_property
    def innocents(self) -> Innocents | None:
        accused = {name: bool(_held(own)) for name, own in self.answers.items()}
        return false_accusations(accused, self.given.confidence)

    @cached_property
    def unreliable(self) -> str:
        """Said of every accusation where the innocent are accused more often than is tolerated."""
        found = self.innocents
        if found is None or found.interval[0] <= self.given.risk.false_accusations:
            return ""
        return wording.unreliable(found)

    @cached_property
    def blind(self) -> bool:
        """Whether nothing that asks for memory sees anything on the positive control, for sure."""
        asked = [panel for panel in self.panels if panel.question.memory]
        known = any(panel.blind for panel in asked)
        return known and not any(p.levels or p.unsure or p.missing for p in asked)

    @cached_property
    def nothing(self) -> bool:
        """Whether every attack is shown to tell no more on the original than is tolerated, above
        chance or below it."""
        risk = self.given.risk
        limits = {"membership": (1 - risk.auc, risk.auc), "records": (-1.0, risk.tpr)}
        for panel in self.panels:
            if panel.question.name not in limits:
                continue
            if panel.levels or panel.unsure or panel.missing:
                return False
            # What is tolerated is said of the members at 1% false positives alone.
            blind = [figure for figure in panel.blind if figure.metric != FOUND]
            resolved = [f for f in blind if not self.case.unresolved(TARGET, f.key)]
            values = [self.case.mean(TARGET, figure.key) for figure in resolved]
            low, high = limits[panel.question.name]
            if not values or any(
                one is None or one.high is None or not (low < one.low and one.high < high)
                for one in values
            ):
                return False
        return True

    @cached_property
    def never_learned(self) -> bool:
        """Whether the original names the forget set no better than by guessing."""
        accuracy = self.case.mean(TARGET, (None, "accuracy", FORGET))
        chance = 1 / self.given.classes if self.given.classes else GUESSING
        return accuracy is not None and accuracy.high is not None and accuracy.high <= chance

    @cached_property
    def blocked(self) -> list[str]:
        """Why no variant of this model can be acquitted."""
        found = [wording.unanswerable(panel) for panel in self.panels]
        reasons = [reason for reason in found if reason]
        if self.power.acquitted:
            reasons.append(wording.goes_free(self.power.acquitted))
        tolerated = self.given.risk.residue
        if self.power.resolution is None or self.power.resolution > tolerated:
            reasons.append(wording.too_coarse(self.case, self.power, tolerated))
        return reasons


def verdicts(
    rows: Sequence[Row], config: Mapping[str, Any], stops: Stops | None = None
) -> list[Verdict]:
    """One verdict per model and variant but ``target`` and ``retrain``, in the order of the rows.

    ``rows`` are the summary's, over seeds and of single seeds; ``config`` is the experiment's dump,
    from which come what the reader tolerates, the attacks and measures to expect, and which methods
    are controls. ``stops`` says why a method stopped.
    """
    given, found = settings(config), []
    for model in dict.fromkeys(row["model"] for row in rows):
        audit = _Audit(read(rows, model, given.confidence), given)
        why = (stops or {}).get(model, {})
        found += [_verdict(audit, name, why.get(name, {})) for name in audit.names]
    return found


def kind(variant: str, controls: Iterable[str]) -> str:
    """What a variant is there for."""
    if share_of(variant) is not None:
        return "ladder"
    if innocent(variant):
        return "innocent"
    if "@" in variant:
        return "level"
    return "control" if variant in controls else "method"


def _verdict(audit: _Audit, variant: str, why: Mapping[int, str]) -> Verdict:
    own = audit.answers[variant]
    what = kind(variant, audit.given.controls)
    held = _held(own)
    still = _still(audit.case, variant) if what in ("method", "level") else ()
    differs = list(own["answers"].findings) if "answers" in own else []
    parts = []
    if held:
        path = _path(variant, audit.answers, audit.panels)
        rule = BY_NAME[next(iter(held))]
        parts += [
            wording.accusation(BY_NAME[name], findings, path, audit.panels, audit.case, audit.given)
            for name, findings in held.items()
        ]
        tail = audit.unreliable
    else:
        rule, text, tail = _not_accused(audit, variant, own, differs, still)
        parts += [text] if text else []
    if still:
        parts.append(wording.no_step(still, audit.case.seeds, why))
    if differs and rule.name != DIFFERS:
        parts.append(wording.unlike(differs))
    opening = "A control: " if what == "control" else ""
    sentence = wording.capital(f"{opening}{'; also '.join(parts)}.") + tail
    if not audit.sees_members and rule.name not in (NOTHING, NEVER_LEARNED):
        sentence += wording.original(audit.case, audit.given, audit.nothing)
    shown = [finding for findings in held.values() for finding in findings] + differs
    evidence = wording.evidence(audit.case, audit.panels, variant, shown)
    return Verdict(audit.case.model, variant, what, rule.name, rule.accuses, sentence, evidence)


def _held(own: Mapping[str, Answer]) -> dict[str, list[Finding]]:
    """The rules that accuse, gravest first, with their findings."""
    found: dict[str, list[Finding]] = {}
    for name, answer in own.items():
        for finding in answer.findings if name != "answers" else ():
            grave = finding.share is not None and finding.share >= HALF
            found.setdefault(NOT_FORGOTTEN if grave else finding.question.rule, []).append(finding)
    return {rule.name: found[rule.name] for rule in RULES if rule.name in found}


def _not_accused(
    audit: _Audit,
    variant: str,
    own: Mapping[str, Answer],
    differs: Sequence[Finding],
    still: Sequence[int],
) -> tuple[Rule, str, str]:
    """The rule, the text and what follows it, of a variant that no rule accuses."""
    if still and len(still) == len(audit.case.seeds):
        return BY_NAME[NO_STEP], "", ""
    missing = [figure for answer in own.values() for figure in answer.missing]
    doubtful = [figure for answer in own.values() for figure in answer.doubtful]
    if audit.blind and not missing and not doubtful and not differs:
        if audit.never_learned:
            return BY_NAME[NEVER_LEARNED], wording.never_learned(audit.case), ""
        if audit.nothing:
            return BY_NAME[NOTHING], wording.nothing(audit.case, audit.given), ""
    reasons = [wording.lacking(missing)] if missing else []
    reasons += audit.blocked
    judged = [answer for name, answer in own.items() if name != "answers"]
    if any(answer.alone for answer in judged):
        reasons.append(wording.ALONE)
    if doubtful:
        reasons.append(wording.doubtful(doubtful))
    asked = [panel for panel in audit.panels if panel.question.name in own]
    if suspected := suspects(audit.case, asked, variant):
        reasons.append(wording.suspicious(suspected))
    share = bound(audit.case, audit.power, variant)
    if not reasons and (share is None or share > audit.given.risk.residue):
        reasons.append(wording.not_excluded(share, audit.given.risk.residue))
    if reasons:
        return BY_NAME[NOT_JUDGED], wording.not_judged(reasons), ""
    rule = BY_NAME[DIFFERS if differs else LIKE_RETRAIN]
    return rule, wording.acquittal(rule, differs, audit.case, share), ""


def _still(case: Case, variant: str) -> tuple[int, ...]:
    """The seeds in which a method took no step; none where steps were not counted."""
    of = case.values.get((variant, None, "steps", None), {})
    return tuple(seed for seed in case.seeds if seed in of and of[seed].value == 0)


def _path(
    variant: str, answers: Mapping[str, Mapping[str, Answer]], asked: Iterable[Panel]
) -> dict[str, dict[str, bool]]:
    """Level -> question -> whether it accuses the method there, along its path; ascending. A
    question of which a level has no figure is not there."""
    able = {panel.question.name: len(panel.levels) for panel in asked}
    levels = {
        name.partition("@")[2]: {
            question: bool(answer.findings)
            for question, answer in of.items()
            if question != "answers" and len(answer.missing) < able[question]
        }
        for name, of in answers.items()
        if name.startswith(f"{variant}@")
    }
    return dict(sorted(levels.items(), key=lambda pair: (_number(pair[0]), pair[0])))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def paths(judged: Iterable[Verdict]) -> dict[tuple[str, str], list[Verdict]]:
    """(model, method) -> the verdicts on the levels of its path, ascending."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for one in judged:
        if one.kind == "level":
            found.setdefault((one.model, one.variant.partition("@")[0]), []).append(one)
    return {
        key: sorted(of, key=lambda one: _number(one.variant.partition("@")[2]))
        for key, of in found.items()
    }
