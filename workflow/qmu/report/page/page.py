"""One self-contained HTML file: the whole experiment for a reader who never saw the code.

No script, no style sheet, no font and no picture is fetched from anywhere; the only addresses are
links to the papers that are cited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from qmu.report import catalogue
from qmu.report.evidence.cards import request, unasked
from qmu.report.evidence.ladder import FOUND
from qmu.report.evidence.results import Results
from qmu.report.sentences.findings import RULES, controls, findings, success
from qmu.report.sentences.power import power
from qmu.report.sentences.strength import strength
from qmu.report.sentences.words import left_out, listed
from qmu.unlearning.cards import READS
from qmu.variants import BASELINES

from . import audit_tables, records, sequence, tables, verdicts
from . import power as power_tables
from . import ranking as ranking_tables
from .configuration import as_yaml
from .devices import device_tables
from .figures import placed


def render(results: Results, pictures: Mapping[str, str]) -> str:
    """The report; ``pictures`` maps a figure's name to its SVG text, missing ones are left out."""
    environment = Environment(
        loader=FileSystemLoader(catalogue.TEMPLATE.parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["cite"] = cite
    template = environment.get_template(catalogue.TEMPLATE.name)
    return template.render(context(results, pictures))


def context(results: Results, pictures: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the template shows."""
    said = findings(results)
    models = results.summary.models
    return {
        "title": _title(results),
        "facts": facts(results),
        "models": models,
        "cards": results.cards,
        "reads": READS | {"unknown": "not known"},
        "left_out": left_out(results.left_out),
        "unasked": unasked(results.config),
        "label": results.label,
        "published": results.published_attack,
        "known": {
            m: tables.corners(
                results, m, results.published_attack, (*BASELINES, *controls(results, m))
            )
            for m in models
        },
        "verdicts": {m: rows for m in models if (rows := verdicts.rows(results, m))},
        "verdict_groups": {m: of for m in models if (of := verdicts.groups(results, m))},
        "verdict_rules": verdicts.RULES,
        "risk": results.risk,
        "strength": strength(results),
        "power": {m: lines for m in models if (lines := power(results, m))},
        "risk_table": power_tables.risk(results),
        "smallest": {m: t for m in models if (t := power_tables.smallest(results, m))},
        "shares": {m: t for m in models if (t := power_tables.shares(results, m))},
        "endings": {m: t for m in models if (t := tables.endings(results, m))},
        "tuning": {m: t for m in models if (t := tables.tuning(results, m))},
        "ranking": {m: t for m in models if (t := ranking_tables.table(results, m))},
        "device_tables": device_tables(results),
        "low_fpr": {m: t for m in models if (t := audit_tables.low_fpr(results, m))},
        "records": {m: t for m in models if (t := records.at_risk(results, m))},
        "quality": {m: t for m in models if (t := audit_tables.quality(results, m))},
        "findings": {m: [one for one in said if one.model == m] for m in models},
        "rules": RULES,
        "corners": {
            (m, a): rows
            for m in models
            for a in results.summary.attacks
            if (rows := tables.corners(results, m, a))
        },
        "sequence": sequence.said(results),
        "sequence_tables": [t for m in models if (t := sequence.table(results, m))],
        "tables": {m: tables.full(results, m) for m in models},
        "places": placed(pictures),
        "manifest": tables.flat(
            {k: v for k, v in results.manifest.items() if k not in ("config", "tables")}
        ),
        "files": tables.files(results.manifest.get("tables") or {}),
        "config": as_yaml(results.config),
        "percent": f"{results.confidence_level:.0%}",
    }


def facts(results: Results) -> dict[str, Any]:
    """Numbers of the set-up for the running text; None where the config does not say."""
    config = results.common
    part = {key: config.get(key) or {} for key in ("samples", "features", "shadows", "retrain")}
    dataset = results.config.get("dataset") or {}
    sizes = [
        estimate.n
        for model in results.summary.models
        if (estimate := success(results, model, "target")) is not None and estimate.n
    ]
    members = min(sizes) if sizes else None
    # Its n are the non-members, and no rate of false positives is finer than one of them.
    compared = [
        cell.n
        for model in results.summary.models
        for attack in results.summary.attacks
        if (cell := results.summary.get(model, "target", FOUND, "forget_train", attack))
    ]
    return {
        "dataset": dataset.get("component") or dataset.get("name"),
        "request": request(results.config),
        "seeds": config.get("seeds") or [],
        "train": part["samples"].get("train"),
        "test": part["samples"].get("test"),
        "validation": part["samples"].get("validation"),
        "public": part["features"].get("public"),
        "components": part["features"].get("components"),
        "shadows": part["shadows"].get("count"),
        "ensemble": part["retrain"].get("ensemble"),
        "members": members,
        "others": max(filter(None, compared), default=None),
        "zero_high": _upper_end_of_none(members, results.confidence_level),
        "classes": results.classes,
        "models": listed(list(results.summary.models)) if results.summary.models else "no model",
    }


def _upper_end_of_none(n: int | None, level: float) -> str | None:
    """Clopper-Pearson: the upper end of the interval when none of ``n`` is flagged."""
    return f"{1 - ((1 - level) / 2) ** (1 / n):.1%}" if n else None


def _title(results: Results) -> str:
    name = results.common.get("experiment") or results.manifest.get("experiment")
    return f"Unlearning audit: {name}" if name else "Unlearning audit"


def cite(text: str) -> Markup:
    """Escaped text in which ``arXiv:2308.07707`` links to the paper."""
    link = r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>'
    return Markup(re.sub(r"arXiv:(\d{4}\.\d{4,5})", link, str(escape(text))))
