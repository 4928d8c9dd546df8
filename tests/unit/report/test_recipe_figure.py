"""A new figure of the report is two files, the drawing and its caption; nothing else is edited."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FIGURE = '''"""How many variants every model has."""

from matplotlib.figure import Figure

from qmu.report.drawing import theme
from qmu.report.evidence.results import Results


@theme.styled
def draw(results: Results) -> Figure:
    """One bar per model."""
    figure, axes = theme.grid(1, 1, 6.0, 2.0)
    models = list(results.summary.models)
    axes[0, 0].barh(models, [len(results.summary.variants(model)) for model in models])
    return figure
'''
CAPTION = """.. title: Variants of every model
.. category: {category}
.. order: {order}
.. alt: Bars: the number of variants
   of each model.

The *number* of variants: ``target`` and ``retrain`` count.

A second paragraph.
"""
BUILD = """
import json, sys
from pathlib import Path
import report_example, yaml
import qmu
from qmu.config.parse import parse
from qmu.plan.report import report
from qmu.report import catalogue
from qmu.report.build import build

root = Path(sys.argv[1])
assert Path(qmu.__file__).is_relative_to(root), qmu.__file__
evidence = report_example.evidence(models=("hqnn",), attacks=("loss_thr",), seeds=(0,))
built = build(evidence, root / "figures", root / "report.html")
config = yaml.safe_load((Path.cwd() / "config.yaml").read_text())
found = {"stems": catalogue.stems(), "code": report(parse(config)).code_digest}
found["svg"] = [path.name for path in built.figures["variants"]]
print(json.dumps(found))
"""


@pytest.fixture
def built(tmp_path):
    """Builds the example's report with the figure's two files: the page and what was found."""

    def make(figure=FIGURE, **fields):
        copy = tmp_path / "workflow"
        shutil.copytree(
            ROOT / "workflow",
            copy,
            ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )
        (copy / "qmu/report/figures/variants.py").write_text(figure)
        (copy / "report/variants.rst").write_text(CAPTION.format(**fields))
        paths = os.pathsep.join([str(copy), str(ROOT / "tests/examples")])
        ran = subprocess.run(
            [sys.executable, "-c", BUILD, str(tmp_path)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        return (tmp_path / "report.html").read_text(), json.loads(ran.stdout)

    return make


def test_two_files_make_a_figure_of_the_report(built, tmp_path):
    page, found = built(category="Utility", order=85)
    assert found["svg"] == ["variants.svg", "variants.png"]
    assert found["stems"].index("variants") == found["stems"].index("accuracy") + 1
    start = page.index('<figure id="figure-variants">')
    figure = page[start : page.index("</figure>", start)]
    assert "<strong>Variants of every model.</strong>" in figure
    assert '<desc id="variants-d">Bars: the number of variants of each model.</desc>' in figure
    assert "<p>The <em>number</em> of variants: <code>target</code> and " in figure
    assert "<code>retrain</code> count.</p>\n<p>A second paragraph.</p>" in figure
    assert figure.count("<svg") == 1
    assert page.index('id="figure-accuracy"') < start < page.index('id="figure-distance"')
    assert (tmp_path / "figures/variants.svg").read_text().startswith("<?xml")


def test_the_report_is_made_again_when_the_figure_is_edited(built):
    _, before = built(category="Utility", order=85)
    _, after = built(FIGURE.replace("6.0, 2.0", "6.0, 3.0"), category="Utility", order=85)
    assert before["code"] != after["code"]


def test_a_figure_of_a_new_category_has_a_section_of_its_own(built):
    page, _ = built(category="Something else", order=1)
    assert '<li><a href="#further">Further figures</a></li>' in page
    section = page[page.index('<section id="further"') :]
    assert '<figure id="figure-variants">' in section[: section.index("</section>")]
