"""Figures are found by file name, and what is wrong with a caption is said in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest
from docutils.core import publish_parts
from qmu.errors import QmuError
from qmu.report import build, catalogue

CAPTION = ".. title: A\n.. category: B\n.. order: 5\n.. alt: C\n   and D.\n\nText *here*.\n"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A catalogue of its own: returns what writes a figure and its caption."""
    captions, drawn = tmp_path / "workflow" / "report", tmp_path / "figures"
    captions.mkdir(parents=True)
    drawn.mkdir()
    monkeypatch.setattr(catalogue, "CAPTIONS", captions)
    monkeypatch.setattr(catalogue, "DRAWN", drawn)

    def write(stem: str, caption: str | None = CAPTION) -> None:
        (drawn / f"{stem}.py").write_text("")
        if caption is not None:
            (captions / f"{stem}.rst").write_text(caption)

    catalogue.figures.cache_clear()
    yield write
    catalogue.figures.cache_clear()


def test_every_figure_has_its_caption_and_its_order():
    entries = catalogue.figures()
    assert [entry.order for entry in entries] == sorted(entry.order for entry in entries)
    assert {entry.stem for entry in entries} == {
        file.stem for file in catalogue.DRAWN.glob("[!_]*.py")
    }
    for entry in entries:
        assert entry.labels == {"figure": entry.title}
        assert "\n" not in entry.alt


@pytest.mark.filterwarnings("ignore:Argument .writer_name:PendingDeprecationWarning")
def test_snakemake_shows_the_caption_alone():
    """Snakemake renders captions with this writer; comments of HTML are not shown."""
    for entry in catalogue.figures():
        text = (catalogue.CAPTIONS / entry.caption).read_text(encoding="utf-8")
        shown = publish_parts(text, writer_name="html")["body"]
        head, _, body = shown.partition("<p>")
        assert head.count("<!--") == head.count("-->") == len(catalogue.FIELDS)
        assert "<!--" not in body
        assert "system-message" not in shown


def test_the_catalogue_imports_nothing_heavy():
    code = (
        "import sys, qmu.report.catalogue as catalogue; catalogue.figures(); "
        "print(sorted({'matplotlib', 'numpy', 'jax', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_caption_is_read(folders):
    folders("late", CAPTION.replace("order: 5", "order: 12"))
    folders("early")
    early, late = catalogue.figures()
    assert (early.stem, late.stem, late.order) == ("early", "late", 12)
    assert (early.title, early.category, early.alt) == ("A", "B", "C and D.")
    assert early.text == "Text *here*."


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        (None, "cannot be read; the figure x needs this caption"),
        ("Text alone.\n", "'Text alone.' is no comment such as '.. title: ...'"),
        (CAPTION.replace(".. alt: C\n   and D.\n", ""), "no comment '.. alt: ...' at its top"),
        (CAPTION.replace("alt: C\n   and D.", "alt:"), "'.. alt:' is no comment"),
        (
            CAPTION.replace("order: 5", "order: first"),
            "order: a whole number is needed, not 'first'",
        ),
        (CAPTION.replace(".. order", ".. place"), "the comment 'place' is none of title, category"),
        (".. title: twice\n" + CAPTION, "the comment 'title' stands twice"),
        (CAPTION.partition("\n\n")[0], "no caption after its comments"),
    ],
)
def test_what_is_wrong_with_a_caption_is_said(folders, caption, words):
    folders("x", caption)
    with pytest.raises(QmuError) as raised:
        catalogue.figures()
    assert str(raised.value).startswith("workflow/report/x.rst: ")
    assert words in str(raised.value)


def test_a_figure_that_cannot_be_drawn_is_named(monkeypatch):
    monkeypatch.delattr("qmu.report.figures.dag.draw")
    with pytest.raises(QmuError, match=r"figures/dag.py: has no function draw\(results\)"):
        build.draw("dag", None)
