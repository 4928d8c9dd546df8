"""The HTML report: complete, self-contained, escaped, and the same for the same evidence."""

from __future__ import annotations

import re

import pytest
import report_example
from qmu import registry
from qmu.config.parse import parse
from qmu.report import catalogue
from qmu.report.build import build
from qmu.report.evidence.cards import Cards, cards
from qmu.report.evidence.results import gather
from qmu.report.page.configuration import as_yaml
from qmu.report.page.page import cite, render
from qmu.report.sentences import findings as findings_module
from qmu.unlearning.problem import MethodCard
from qmu.unlearning.stopping import Stopping
from report_reading import Page

SECTIONS = [
    *("summary", "question", "game", "variants", "attacks", "corners", "leakage"),
    *("utility", "cost", "tables", "reading", "limits", "reproduce"),
]


# Figures of what the example does not hold.
EMPTY = ("ladder", "path", "roc", "records", "quality", "devices", "signal", "sweep", "sequence")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return build(
        report_example.evidence(models=("hqnn",)), folder / "figures", folder / "report.html"
    )


@pytest.fixture(scope="module")
def source(built) -> str:
    return built.report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source) -> Page:
    return Page(source)


def test_build_writes_every_figure_and_the_page(built):
    assert set(built.figures) == set(catalogue.stems())
    for stem, (svg, png) in built.figures.items():
        assert svg.name == f"{stem}.svg"
        assert svg.read_bytes().startswith(b"<?xml")
        assert png.read_bytes().startswith(b"\x89PNG")


def test_a_figure_that_fails_leaves_the_report_that_was_there(tmp_path, monkeypatch):
    evidence = report_example.evidence(models=("hqnn",), attacks=("loss_thr",), seeds=(0,))
    build(evidence, tmp_path / "figures", tmp_path / "report.html")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.*")}

    def failing(results):
        raise ValueError("no")

    monkeypatch.setattr("qmu.report.figures.dag.draw", failing)
    other = report_example.evidence(models=("basic_qnn",), attacks=("loss_thr",), seeds=(0,))
    with pytest.raises(ValueError, match="no"):
        build(other, tmp_path / "figures", tmp_path / "report.html")
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*")} == before
    # Snakemake removes what the job declares; the copy of the last whole page stays.
    assert before[tmp_path / "report.last.html"] == before[tmp_path / "report.html"]


def test_every_section_is_there_and_in_the_contents(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [a.get("href") for tag, a in page.tags if tag == "a"]
    assert len(ids) == len(set(ids))
    assert set(SECTIONS) <= set(ids)
    assert {f"#{name}" for name in SECTIONS if name != "summary"} <= set(links)
    assert not page.open


def test_nothing_is_fetched_from_elsewhere(source, page):
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "img", "iframe")]
    assert "@import" not in source
    assert not re.search(r"url\((?!#)", source)
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "data"):
            address = attributes.get(name) or "#"
            cited = tag == "a" and address.startswith("https://arxiv.org/abs/")
            assert address.startswith("#") or cited, (tag, address)


def test_figures_are_described_and_tables_have_headers(page):
    pictures = [a for tag, a in page.tags if tag == "svg"]
    shown = [entry for entry in catalogue.figures() if entry.stem not in EMPTY]
    assert len(pictures) == len(shown)
    ids = {attributes.get("id") for _, attributes in page.tags}
    for attributes in pictures:
        assert attributes["role"] == "img"
        assert set(attributes["aria-labelledby"].split()) <= ids
    assert sum(tag == "table" for tag, _ in page.tags) <= sum(
        tag == "thead" for tag, _ in page.tags
    )
    assert all("scope" in a for tag, a in page.tags if tag == "th")
    for entry in shown:
        assert entry.alt in page.text


def test_the_numbers_are_those_of_the_summary(page):
    evidence = report_example.evidence(models=("hqnn",))
    for variant in ("target", "retrain", "logit_mask"):
        found = evidence.summary.get("hqnn", variant, "mia_success", "forget_train", "su_graybox")
        assert findings_module.rate(found) in page.text
    assert "reconstructed" in page.text
    assert "jax" in page.text
    assert "mnist_embedded" in page.text
    assert report_example.MANIFEST["tables"]["results/example/a.parquet"]["sha256"] in page.text


def test_the_same_evidence_gives_the_same_page(built, source):
    pictures = {stem: svg.read_text(encoding="utf-8") for stem, (svg, _) in built.figures.items()}
    for empty in EMPTY:
        del pictures[empty]
    assert render(report_example.evidence(models=("hqnn",)), pictures) == source


def test_words_suit_every_request_and_data_set():
    """A forget set need not be a class and a row need not be an image: only what is said of the
    published experiment, of pixels and of transformed copies speaks of those."""
    captions = [f"{one.title} {one.alt} {one.text}" for one in catalogue.figures()]
    template = catalogue.TEMPLATE.read_text(encoding="utf-8")
    for said in ("one class of images", "whether an image was used", "transformed images"):
        assert said in template
        template = template.replace(said, "")
    template = template.replace('"image": "pixels"', "")
    for text in (*captions, template):
        found = re.search(
            r"forget[- ]class|other classes|retained classes|same[- ]class|\bimages?\b", text
        )
        assert found is None, f"{found[0]}: {text[max(0, found.start() - 60) : found.end()]}"


def test_the_caption_of_training_says_where_runs_end():
    """By default at what retrained shadow models read, which a uniform guess is not."""
    assert Stopping().forget_loss == "shadows"
    (caption,) = (one.text for one in catalogue.figures() if one.stem == "training")
    done = re.search("is done when this reaches ([^.]*)", caption)
    assert done is not None
    assert "mean loss of retrained shadow models" in done[1]
    assert "uniform guess" not in done[1]


def test_a_model_reads_what_its_settings_say():
    """`mlp` reads principal components by default, and pixels where it is set to."""
    for setting, words in (({}, "principal components"), ({"reads": "image"}, "pixels")):
        models = {"control": {"model": "mlp", **setting}}
        raw = {"experiment": "e", "seeds": [0], "models": models, "unlearning": {"ga": {}}}
        config = parse(
            raw | {"attacks": {"gap": {}}, "forget": {"kind": "class", "label": 4}}
        ).model_dump(mode="json")
        text = render(gather(report_example.summary(), config=config, cards=cards(config)), {})
        row = re.search(r'<th scope="row">control</th>(.*?)</tr>', text, re.DOTALL)
        assert f"<td>{words}</td>" in row[1]


def test_methods_that_a_model_cannot_take_are_named():
    lacks = {"hqnn": {}, "basic_qnn": {"squ": "a <quantum> circuit", "ewp": "a <quantum> circuit"}}
    text = Page(render(gather(report_example.summary(), left_out=lacks), {})).text
    assert "Not run on basic_qnn: squ and ewp (needs a <quantum> circuit)." in text
    assert "Not run on hqnn" not in text


def test_text_is_escaped():
    methods = {"ga": MethodCard("<script>alert(1)</script>", "a < b & arXiv:2308.07707", "forget")}
    evidence = gather(
        report_example.summary(models=("hqnn",)),
        cards=Cards(methods=methods),
        manifest={"<b>": "<i>"},
        config={"experiment": "</title><script>"},
    )
    text = render(evidence, {})
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>&lt;b" not in text
    assert not Page(text).open
    assert str(cite("a < arXiv:2308.07707")) == (
        'a &lt; <a href="https://arxiv.org/abs/2308.07707">arXiv:2308.07707</a>'
    )


@pytest.mark.parametrize(
    "options",
    [
        {"models": (), "variants": ()},
        {"models": ("hqnn",), "attacks": ()},
        {"models": ("hqnn",), "variants": ("target",)},
        {"models": ("hqnn",), "variants": ("ga",), "attacks": ("loss_thr",)},
    ],
)
def test_missing_pieces_leave_a_whole_page(options):
    page = Page(render(gather(report_example.summary(**options)), {}))
    assert not page.open
    assert set(SECTIONS) <= {attributes.get("id") for _, attributes in page.tags}


def test_the_printed_config_gives_the_same_experiment():
    import yaml

    raw = {
        "experiment": "x",
        "seeds": [0],
        "forget": {"label": 4},
        "models": {"hqnn": {}, "deep": {"model": "hqnn", "layers": 7}},
        "unlearning": {"ga_strong": {"method": "ga", "step_length": 0.5}},
        "attacks": {"loss_thr": {}},
    }
    if not registry.names("attacks"):
        pytest.skip("no attack is installed")
    experiment = parse(raw)
    dumped = experiment.model_dump(mode="json")
    assert parse(yaml.safe_load(as_yaml(dumped))) == experiment
    found = cards(dumped)
    assert list(found.models) == ["hqnn", "deep"]
    assert found.methods["ga_strong"].title == registry.load("unlearning", "ga").CARD.title
