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

from qmu.config.parse import SECTIONS
from qmu.report import catalogue
from qmu.report.results.results import Results
from qmu.report.results.summary import BASELINES
from qmu.report.sentences.findings import RULES, controls, findings, success
from qmu.report.sentences.strength import strength
from qmu.report.sentences.words import listed

from . import audit_tables as html_audit_tables
from . import devices as html_devices
from . import tables as html_tables
from . import verdicts as html_verdicts

READS = {
    "none": "no data",
    "forget": "the forget set only",
    "retain": "the retained data only",
    "both": "the forget set and the retained data",
}


def render(evidence: Results, pictures: Mapping[str, str]) -> str:
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
    return template.render(context(evidence, pictures))


def context(evidence: Results, pictures: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the template shows."""
    found = findings(evidence)
    models = evidence.summary.models
    return {
        "title": _title(evidence),
        "facts": facts(evidence),
        "models": models,
        "cards": evidence.cards,
        "reads": READS,
        "label": evidence.label,
        "variants": evidence.summary.variants(),
        "attacks": evidence.summary.attacks,
        "published": evidence.published_attack,
        "known": {
            m: html_tables.corners(
                evidence, m, evidence.published_attack, (*BASELINES, *controls(evidence, m))
            )
            for m in models
        },
        "verdicts": {m: rows for m in models if (rows := html_verdicts.rows(evidence, m))},
        "verdict_rules": html_verdicts.rules(),
        "strength": strength(evidence),
        "device_tables": html_devices.tables(evidence),
        "low_fpr": {m: t for m in models if (t := html_audit_tables.low_fpr(evidence, m))},
        "quality": {m: t for m in models if (t := html_audit_tables.quality(evidence, m))},
        "findings": {m: [f for f in found if f.model == m] for m in models},
        "rules": RULES,
        "corners": {
            (m, a): rows
            for m in models
            for a in evidence.summary.attacks
            if (rows := html_tables.corners(evidence, m, a))
        },
        "tables": {m: html_tables.full(evidence, m) for m in models},
        "figures": {
            entry.stem: {"entry": entry, "caption": caption(entry), "svg": inline(entry, svg)}
            for entry in catalogue.FIGURES
            if (svg := pictures.get(entry.stem))
        },
        "manifest": html_tables.flat(
            {k: v for k, v in evidence.manifest.items() if k not in ("config", "tables")}
        ),
        "files": html_tables.files(evidence.manifest.get("tables") or {}),
        "config": as_yaml(evidence.config),
        "percent": f"{evidence.confidence_level:.0%}",
    }


def facts(evidence: Results) -> dict[str, Any]:
    """Numbers of the set-up for the running text; None where the config does not say."""
    config = evidence.common
    part = {key: config.get(key) or {} for key in ("samples", "features", "shadows", "retrain")}
    dataset = evidence.config.get("dataset") or {}
    sizes = [
        estimate.n
        for model in evidence.summary.models
        if (estimate := success(evidence, model, "target")) is not None and estimate.n
    ]
    members = min(sizes) if sizes else None
    return {
        "dataset": dataset.get("component") or dataset.get("name"),
        "forget_class": config.get("forget_class"),
        "seeds": config.get("seeds") or [],
        "train": part["samples"].get("train"),
        "test": part["samples"].get("test"),
        "validation": part["samples"].get("validation"),
        "public": part["features"].get("public"),
        "components": part["features"].get("components"),
        "shadows": part["shadows"].get("count"),
        "ensemble": part["retrain"].get("ensemble"),
        "members": members,
        "zero_high": _upper_end_of_none(members, evidence.confidence_level),
        "classes": evidence.classes,
        "models": listed(list(evidence.summary.models)) if evidence.summary.models else "no model",
    }


def _upper_end_of_none(n: int | None, level: float) -> str | None:
    """Clopper-Pearson: the upper end of the interval when none of ``n`` is flagged."""
    return f"{1 - ((1 - level) / 2) ** (1 / n):.1%}" if n else None


def _title(evidence: Results) -> str:
    name = evidence.common.get("experiment") or evidence.manifest.get("experiment")
    return f"Unlearning audit: {name}" if name else "Unlearning audit"


def caption(entry: catalogue.Entry) -> Markup:
    """The caption file as HTML: paragraphs, ``literal`` and *emphasis* of reStructuredText."""
    text = (catalogue.CAPTIONS / entry.caption).read_text(encoding="utf-8")
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    return Markup("\n").join(Markup("<p>{}</p>").format(_inline_rst(part)) for part in paragraphs)


def _inline_rst(text: str) -> Markup:
    marked = re.sub(r"``([^`]+)``", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", marked))


def cite(text: str) -> Markup:
    """Escaped text in which ``arXiv:2308.07707`` links to the paper."""
    link = r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>'
    return Markup(re.sub(r"arXiv:(\d{4}\.\d{4,5})", link, str(escape(text))))


def inline(entry: catalogue.Entry, svg: str) -> Markup:
    """An SVG document as an element of the page: named, described, its ids made unique."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    prefix = f"{entry.stem}-"
    body = re.sub(r'\bid="', f'id="{prefix}', body)
    body = re.sub(r"url\(#", f"url(#{prefix}", body)
    body = re.sub(r'href="#', f'href="#{prefix}', body)
    opening, rest = body.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', opening)
    width = re.search(r'\bwidth="([\d.]+)pt"', opening)
    style = f' style="max-width:{float(width.group(1)) * 4 / 3:.0f}px"' if width else ""
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box.group(0) if box else ""}{style} role="img" aria-labelledby="{prefix}t {prefix}d">'
        f'<title id="{prefix}t">{escape(entry.title)}</title>'
        f'<desc id="{prefix}d">{escape(entry.alt)}</desc>{rest}'
    )


def as_yaml(config: Mapping[str, Any]) -> str:
    """The config as the user would write it, every default spelt out; `qmu.config.parse` of it
    gives the same experiment."""
    import yaml

    written = dict(config.get("common") or config)
    if "common" in config:
        written["dataset"] = _component("name", config["dataset"], "")
        written["forget"] = _component("kind", config["forget"], "")
        for section, (_, key) in SECTIONS.items():
            written[section] = {
                name: _component(key, entry, name)
                for name, entry in (config.get(section) or {}).items()
            }
        if config.get("devices"):
            written["devices"] = {
                name: {"kind": entry["component"], **entry["settings"]}
                for name, entry in config["devices"].items()
            }
        # Sections of one mapping each, left out where they are not asked for.
        written |= {key: config[key] for key in ("sweep", "signal") if config.get(key)}
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True) if written else ""


def _component(key: str, entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    chosen = {} if entry["component"] == name else {key: entry["component"]}
    return chosen | dict(entry["settings"])
