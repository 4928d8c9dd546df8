"""What tests of the report read: a page's tags and tables, figures' marks, findings' sentences."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import report_example
from matplotlib.colors import to_hex
from qmu.report.evidence.results import gather
from qmu.report.sentences import findings as findings_module


class Page(HTMLParser):
    """Collects what a browser would see: tags with their attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def rows_of(page_text: str, caption: str) -> list[list[str]]:
    """The cells of the table of that caption."""
    table = page_text[page_text.index(f"<caption>{caption}</caption>") :]
    rows = re.findall(r"<tr>(.*?)</tr>", table[: table.index("</table>")], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def changed(metric, split, value, *, model="hqnn", variant=None, attack=None, width=0.02):
    """The example with one metric set to a value (aggregates and seeds)."""
    columns = report_example.summary(models=(model,))
    rows = (columns["metric"] == metric) & (columns["split"] == split)
    if variant is not None:
        rows &= columns["variant"] == variant
    if attack is not None:
        rows &= columns["attack"] == attack
    assert rows.any()
    columns["value"][rows] = value
    columns["ci_low"][rows], columns["ci_high"][rows] = value - width, value + width
    return gather(columns, cards=report_example.CARDS)


def sentence(evidence, topic: str) -> str:
    found = [f.text for f in findings_module.findings(evidence) if f.topic == topic]
    assert len(found) == 1
    return found[0]


def row_labels(ax) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in ax.get_yticklabels()]


def texts(figure) -> list[str]:
    """Everything written in a figure: titles, labels, annotations, legends."""
    found = [t.get_text() for legend in figure.legends for t in legend.get_texts()]
    for ax in figure.axes:
        found += [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()]
        found += [text.get_text() for text in ax.texts]
    return found


def heads(figure) -> list[str]:
    """The titles of a figure's blocks."""
    return [part._suptitle.get_text() for part in figure.subfigs]


def markers(ax, colour: str | None = None) -> list[float]:
    """The x values of single markers (aggregates), of one colour, in drawing order."""
    return [
        float(line.get_xdata()[0])
        for line in ax.lines
        if len(line.get_xdata()) == 1
        and line.get_marker() not in ("None", ".")
        and (colour is None or to_hex(line.get_color()) == colour)
    ]
