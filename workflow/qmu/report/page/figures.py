"""The figures of the page: where each stands, its caption as HTML, and its SVG as an element."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from qmu.report import catalogue

FURTHER = "further"
# Place in the template -> the category that stands there and its last figure; where None, all that
# are left. A category that is not named stands under a heading of its own (`FURTHER`).
PLACES = {
    "ranking": ("Ranking", None),
    "pipeline": ("Pipeline", None),
    "training": ("Training", None),
    "ladder": ("Power", "ladder"),
    "paths": ("Power", None),
    "corners": ("Membership inference", "membership"),
    "leakage": ("Membership inference", "roc"),
    "records": ("Membership inference", "records"),
    "outputs": ("Membership inference", None),
    "devices": ("Noise and shots", "devices"),
    "noise": ("Noise and shots", None),
    "sequence": ("Requests", None),
    "utility": ("Utility", None),
    "fidelity": ("Fidelity to retraining", "distance"),
    "quality": ("Fidelity to retraining", None),
    "cost": ("Cost", None),
}


@dataclass(frozen=True)
class Shown:
    """A figure on the page."""

    entry: catalogue.Entry
    caption: Markup
    svg: Markup


def placed(pictures: Mapping[str, str]) -> dict[str, list[Shown]]:
    """Place -> its figures in their order; ``pictures`` maps names to SVG texts, and a figure
    without one is left out."""
    places: dict[str, list[Shown]] = {place: [] for place in (*PLACES, FURTHER)}
    for entry in catalogue.figures():
        if entry.stem in pictures:
            svg = inline(entry, pictures[entry.stem])
            places[_place(entry)].append(Shown(entry, caption(entry.text), svg))
    return places


def _place(entry: catalogue.Entry) -> str:
    order = {one.stem: one.order for one in catalogue.figures()}
    for place, (category, last) in PLACES.items():
        if entry.category == category and (last is None or entry.order <= order.get(last, -1)):
            return place
    return FURTHER


def caption(text: str) -> Markup:
    """A caption as HTML: paragraphs, ``literal`` and *emphasis* of reStructuredText."""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return Markup("\n").join(Markup("<p>{}</p>").format(_inline_rst(part)) for part in paragraphs)


def _inline_rst(text: str) -> Markup:
    marked = re.sub(r"``([^`]+)``", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", marked))


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
