"""The parts of docs/scaling.md that hold numbers: written between marks, the prose is by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from qmu.errors import QmuError
from qmu.tables.files import atomic

from .resources import RuleNeeds
from .study import SHOWN, Study
from .words import spell


def fill(page: Path, parts: dict[str, str]) -> None:
    """Replace what stands between ``<!-- NAME -->`` and ``<!-- end -->`` for every part.

    Raises QmuError where the page or one of the marks is missing.
    """
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise QmuError(f"{page}: {error.strerror}") from None
    for name, part in parts.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = mark.subn(lambda m, part=part: f"{m[1]}\n{part}\n\n{m[2]}", text)
        if count != 1:
            raise QmuError(f"{page}: needs the marks <!-- {name} --> and <!-- end -->, once")
    with atomic(page) as temporary:
        temporary.write_text(text, encoding="utf-8")


def parts(study: Study, rows: Sequence[RuleNeeds]) -> dict[str, str]:
    """Mark -> Markdown."""
    return {
        "limits": limits(study),
        "cores": cores(study),
        "chain": chain(study),
        "blocks": blocks(study),
        "resources": resources(rows),
    }


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))


def limits(study: Study) -> str:
    """What the run is, how good the simulation is, and where scaling stops."""
    end = study.points[-1].median
    enough = next(p.cores for p in study.points if p.median <= 1.05 * end)
    largest = max(study.chain, key=lambda step: step.seconds)
    lines = [
        f"Run `{study.experiment}`: {study.jobs} jobs, {spell(study.work)} of work on one core, "
        f"blocks of {study.block} shadow models; Snakemake's pause between two jobs on a core is "
        f"{1000 * study.gap:.0f} ms (median).",
    ]
    if study.check:
        c = study.check
        lines.append(
            f"The run itself took {spell(c.measured)} on {c.cores} cores. Simulated: "
            f"{spell(c.same_order)} with the run's own order of starts "
            f"({_off(c.same_order, c.measured)}), {spell(c.any_order)} with any order "
            f"({_off(c.any_order, c.measured)})."
        )
    lines.append(
        f"Up to about {study.balance:.0f} cores the work limits the run. Beyond, the longest "
        f"chain of jobs does: {spell(study.chain_seconds)}, of which `{largest.name}` is "
        f"{spell(largest.seconds)} and what must wait for everything (evaluation, report) "
        f"{spell(sum(s.seconds for s in study.chain if s.rule in ('evaluation', 'report')))}. "
        f"More than {enough} cores change the time by less than 5%."
    )
    return "\n\n".join(lines)


def _off(simulated: float, measured: float) -> str:
    return f"{abs(simulated / measured - 1):.1%} off"


def cores(study: Study) -> str:
    """The simulated times, with 2, 8 and 64 cores in bold."""
    one = study.points[0].median
    lines = []
    for p in study.points:
        number = f"**{p.cores}**" if p.cores in SHOWN else str(p.cores)
        spread = f"{spell(p.shortest)} to {spell(p.longest)}"
        used = one / p.median / p.cores
        what = "work" if p.cores <= study.balance else "longest chain"
        lines.append(
            [
                number,
                spell(p.median),
                spread,
                spell(p.chain_first),
                spell(p.bound),
                f"{one / p.median:.1f}x",
                f"{used:.0%}",
                what,
            ]
        )
    head = (
        "cores",
        "any order, median",
        "shortest to longest",
        "longest chain first",
        "no schedule beats",
        "speed-up",
        "cores used",
        "larger bound",
    )
    return table(head, lines)


def chain(study: Study) -> str:
    """The jobs of the longest chain."""
    lines = [[f"`{s.name}`", f"{s.seconds:.1f}"] for s in study.chain]
    return table(("job of the longest chain", "seconds"), lines)


def blocks(study: Study) -> str:
    """Block sizes: jobs, work, longest chain and the simulated times."""
    head = (
        "shadow models per job",
        "jobs",
        "work",
        "longest chain",
        *(f"{c} cores" for c in SHOWN),
    )
    lines = [
        [
            f"**{b.size}**" if b.size == study.block else str(b.size),
            str(b.jobs),
            spell(b.work),
            spell(b.chain),
            *(spell(b.seconds[c]) for c in SHOWN),
        ]
        for b in study.blocks
    ]
    return table(head, lines)


def resources(rows: Sequence[RuleNeeds]) -> str:
    """Per rule: what its jobs took, what it asks for, and what it should ask for."""
    head = (
        "rule",
        "jobs",
        "seconds, median",
        "longest",
        "CPU seconds, all",
        "MB, median",
        "peak",
        "threads",
        "mem_mb",
        "headroom",
        "runtime (min)",
        "suggested",
    )
    lines = [
        [
            f"`{r.rule}`",
            str(r.jobs),
            f"{r.median_seconds:.1f}",
            f"{r.longest_seconds:.1f}",
            f"{r.cpu_seconds:.0f}",
            f"{r.median_mb:.0f}",
            f"{r.peak_mb:.0f}",
            str(r.threads),
            "-" if r.mem_mb is None else str(r.mem_mb),
            "-" if r.headroom is None else f"{r.headroom:.1f}x",
            "-" if r.runtime is None else str(r.runtime),
            f"{r.suggested_mb} MB, {r.suggested_minutes} min",
        ]
        for r in rows
    ]
    return table(head, lines)
