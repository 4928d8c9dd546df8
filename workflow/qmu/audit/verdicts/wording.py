"""The sentences of the verdicts: what decided, with the figures and intervals that decided it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from qmu.variants import TARGET

from .case import Case
from .judges import Finding, Panel
from .power import LIMITS, Innocents, Power, records
from .questions import FORGET, Figure, Settings
from .rules import Rule

ALONE = "only one retrained model per seed was audited, whose spread is not known"
# Of more figures than this a sentence tells how many there are.
MANY = 3


def capital(text: str) -> str:
    """The text with a capital letter in front."""
    return text[:1].upper() + text[1:]


def percent(share: float) -> str:
    """0.1 -> ``10%``"""
    return f"{100 * share:.3g}%"


def listed(names: Iterable[object]) -> str:
    """Names with commas; of more than `MANY`, the first and how many more there are."""
    texts = list(dict.fromkeys(map(str, names)))
    more = len(texts) - MANY
    return ", ".join(texts[:MANY]) + (f" and {more} more" if more > 0 else "")


def accusation(
    rule: Rule,
    findings: Sequence[Finding],
    path: Mapping[str, Mapping[str, bool]],
    asked: Iterable[Panel],
    case: Case,
    given: Settings,
) -> str:
    """What a rule says, with the finding that decided first and how many agree."""
    first = findings[0]
    text = _finding(first)
    if first.question.name == "records":
        text += _records(first, case, given)
    elif first.question.tolerated:
        text += f", where {first.question.tolerated:.2g} is tolerated"
    names = {finding.question.name for finding in findings}
    able = sum(len(panel.levels) for panel in asked if panel.question.name in names)
    if able > 1:
        text += f", as {len(findings)} of {able} figures say"
    return f"{rule.words}{_along(names, path)} ({text})"


def _records(found: Finding, case: Case, given: Settings) -> str:
    """How many records of a seed are found beyond those of a retrained model."""
    counts = case.members(found.figure.attack, found.figure.split)
    if counts is None:
        return f", where {given.risk.records} records are tolerated"
    one = found.difference
    share = one.value if found.by_mean else one.worst
    return f", about {share * counts[0]:.0f} records, where {given.risk.records} are tolerated"


def _along(names: set[str], path: Mapping[str, Mapping[str, bool]]) -> str:
    """Whether an accusation holds at every level of a method's path where it could be asked."""
    if not path:
        return ""
    levels = {level: [of[name] for name in names if name in of] for level, of in path.items()}
    asked = {level: any(found) for level, found in levels.items() if found}
    if not asked:
        return " at the default level, the only one that was asked"
    missed = [level for level, accuses in asked.items() if not accuses]
    if not missed:
        return " at every level of its path"
    return f" at the default level, not at {', '.join(missed)}"


def _finding(found: Finding) -> str:
    one, name = found.difference, found.figure.name
    if found.by_mean:
        text = (
            f"{name} {one.own:.3g}, retrained {one.base:.3g}: {one.value:+.3f} "
            f"[{one.low:+.3f}, {one.high:+.3f}], {_p(one.p)}"
        )
        if one.seeds > 1:
            text += f", worst in seed {one.worst_seed}: {one.worst_own:.3g}"
    else:
        text = (
            f"in seed {one.worst_seed} alone {name} {one.worst_own:.3g}, retrained "
            f"{one.worst_base:.3g}, {_p(one.worst_p)} as the worst of {one.seeds} seeds"
        )
    return text + (", from the intervals of one retrained model a seed" if one.models < 2 else "")


def _p(value: float) -> str:
    return f"p = {value:.2g}" if value >= 1e-6 else "p < 1e-06"


def no_step(still: Sequence[int], seeds: Sequence[int], why: Mapping[int, str]) -> str:
    """In which seeds a method changed nothing, and why it stopped."""
    where = "any seed" if len(still) == len(seeds) else f"seed {', '.join(map(str, still))}"
    reasons = listed(why[seed] for seed in still if seed in why)
    return f"took no step in {where}{f' ({reasons})' if reasons else ''}"


def unlike(differs: Sequence[Finding]) -> str:
    """The note that answers are not those of a retrained model."""
    return f"answers unlike a retrained model's ({_finding(_plainest(differs))})"


def _plainest(differs: Sequence[Finding]) -> Finding:
    """What a reader understands best: how often the forget set is named right."""
    return next((one for one in differs if one.figure.metric == "accuracy"), differs[0])


def acquittal(rule: Rule, differs: Sequence[Finding], case: Case, share: float) -> str:
    """What an acquittal excludes."""
    text = f" ({_finding(_plainest(differs))})" if differs else ""
    count = records(case, share)
    of = "" if count is None else f" ({count} record{'' if count == 1 else 's'})"
    seen = f"a residue of {percent(share)} of the forget set{of} would have been seen"
    return f"{rule.words}{text}: {seen}"


def never_learned(case: Case) -> str:
    """What the original knows of the forget set."""
    accuracy = case.mean(TARGET, (None, "accuracy", FORGET))
    shown = f"accuracy {accuracy.value:.2f} [{accuracy.low:.2f}, {accuracy.high:.2f}]"
    return f"nothing to judge, the original never learned what is to be forgotten ({shown})"


def nothing(case: Case, given: Settings) -> str:
    """That the original holds no membership that matters."""
    return f"no membership to unlearn ({_tolerable(case, given)})"


def original(case: Case, given: Settings, shown: bool) -> str:
    """What to say beside a verdict where no attack sees membership on the positive control."""
    if shown:
        return f" There is no membership to unlearn ({_tolerable(case, given)})."
    return (
        " No attack is seen to tell members on the original; whether there is membership to "
        f"unlearn cannot be told with {_sizes(case)}."
    )


def _tolerable(case: Case, given: Settings) -> str:
    return (
        f"on the original every attack's interval lies below the tolerated AUC {given.risk.auc:g} "
        f"and {percent(given.risk.tpr)} of members found at 1% false positives, {_sizes(case)}"
    )


def _sizes(case: Case) -> str:
    attacks = sorted({key[1] for key in case.values if key[1] is not None})
    counts = [found for attack in attacks if (found := case.members(attack, FORGET))]
    if counts:
        members, others = max(counts)
        return f"n = {members} members and {others} non-members a seed"
    sizes = [value.n for attack in attacks if (value := case.mean(TARGET, (attack, "auc", FORGET)))]
    known = [size for size in sizes if size]
    return f"n = {max(known)} rows" if known else "n unknown"


def not_judged(reasons: Sequence[str]) -> str:
    """Why a variant that is not accused is not acquitted either."""
    return f"not judged, this audit could not have seen it: {', '.join(reasons)}"


def lacking(figures: Sequence[Figure]) -> str:
    """Figures that see and that the variant lacks."""
    return f"figures are missing ({listed(figure.name for figure in figures)})"


def doubtful(figures: Sequence[Figure]) -> str:
    """Figures that differ by more than is tolerated, though not beyond chance."""
    names = listed(figure.name for figure in figures)
    return f"more than is tolerated is measured, if not beyond chance ({names})"


def unanswerable(panel: Panel) -> str:
    """Why a question could not be asked of anybody; nothing where it could."""
    question = panel.question
    if question.name == "answers":
        return ""
    if panel.missing:
        return (
            "on the positive control it is not known what "
            f"{listed(f.name for f in panel.missing)} sees"
        )
    if panel.levels or (panel.blind and not panel.unsure):
        return ""
    if panel.unsure:
        return f"nothing that {question.asks} sees it beyond chance on the positive control"
    return f"nothing was measured that {question.asks}"


def suspicious(figures: Sequence[Figure]) -> str:
    """Figures that would accuse, were it known that they see."""
    names = listed(figure.name for figure in figures)
    return f"{names} would accuse it, but does not see the positive control beyond chance"


def goes_free(controls: Sequence[str]) -> str:
    """Guilty controls that nothing accuses."""
    verb = "hold" if len(controls) > 1 else "holds"
    return f"{listed(controls)}, which {verb} the whole forget set by construction, is not accused"


def too_coarse(case: Case, found: Power, tolerated: float) -> str:
    """That the ladder's smallest rung that is seen is larger than what is tolerated."""
    limit = f"tolerated is {percent(tolerated)}"
    if len(found.rungs) == 1:
        return f"there is no ladder of known residues ({limit})"
    if found.resolution is None:
        return f"not even the whole forget set is seen ({limit})"
    return f"the smallest residue that is seen is {percent(found.resolution)} ({limit})"


def not_excluded(share: float | None, tolerated: float) -> str:
    """That the variant's own intervals reach into the ladder."""
    what = "no residue" if share is None else f"only a residue of {percent(share)} or more"
    return f"{what} is excluded by its intervals (tolerated is {percent(tolerated)})"


def unreliable(found: Innocents) -> str:
    """What is said of accusations where the innocent are accused too often."""
    return (
        f" Unreliable: {len(found.accused)} of {found.count} models that are innocent by "
        f"construction are accused as well {interval(found)}."
    )


def interval(found: Innocents) -> str:
    """The interval of the share of innocent models that are accused."""
    return f"[{found.interval[0]:.2g}, {found.interval[1]:.2g}]"


def evidence(case: Case, asked: Sequence[Panel], variant: str, findings: Sequence[Finding]) -> str:
    """The comparisons that a verdict rests on, each judge's where nothing accuses."""
    cited = dict.fromkeys(_cite(case, variant, f.figure, f.level) for f in findings)
    if not cited:
        judges = [next(iter([*panel.levels, *panel.blind]), None) for panel in asked]
        cited = dict.fromkeys(_cite(case, variant, one, LIMITS) for one in judges if one)
    return "; ".join(text for text in cited if text)


def _cite(case: Case, variant: str, figure: Figure, level: float) -> str:
    one = case.compared(variant, figure.key, figure.side, level)
    if one is None:
        return ""
    retrained = f"{one.models} retrained model{'' if one.models == 1 else 's'} a seed"
    return (
        f"{variant} {figure.name} = {one.own:.4g}, {retrained} {one.base:.4g}, difference "
        f"{one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}] at {1 - level:.2%}, {_p(one.p)}"
    )
