"""The HTML report: complete, self-contained, escaped, and its sentences follow the numbers."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
import report_example
from qmu import registry
from qmu import verdicts as verdicts_module
from qmu.cards import MethodCard
from qmu.config import parse
from qmu.report import catalogue, html_verdicts, measures
from qmu.report import findings as findings_module
from qmu.report.build import build
from qmu.report.evidence import Cards, Estimate, cards, gather
from qmu.report.html import as_yaml, cite, render
from qmu.report.html_tables import flat, small
from qmu.report.strength import strength

SECTIONS = [
    *("summary", "question", "game", "variants", "attacks", "corners", "leakage"),
    *("utility", "cost", "tables", "reading", "limits", "reproduce"),
]


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


def test_build_writes_every_figure_and_the_page(built):
    assert set(built.figures) == set(catalogue.STEMS)
    for stem, (svg, png) in built.figures.items():
        assert svg.name == f"{stem}.svg"
        assert svg.read_bytes().startswith(b"<?xml")
        assert png.read_bytes().startswith(b"\x89PNG")


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
    shown = [entry for entry in catalogue.FIGURES if entry.stem not in ("roc", "quality", "sweep")]
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
    for empty in ("roc", "quality", "sweep"):
        del pictures[empty]
    assert render(report_example.evidence(models=("hqnn",)), pictures) == source


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


def test_published_number_is_set_beside_the_false_positives():
    text = sentence(changed("mia_success", "forget_train", 0.95), "published")
    assert "95% [93–97]" in text
    assert "57%" in text
    assert "points, speaks of membership" in text


def test_overlapping_rates_are_no_evidence():
    evidence = changed("mia_success", "forget_train", 0.58, variant="target", attack="su_graybox")
    assert "no evidence of membership" in sentence(evidence, "published")


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.7, "above guessing"), (0.5, "nothing to unlearn"), (0.2, "below guessing")],
)
def test_chance_is_judged_by_the_interval(value, words):
    evidence = changed("auc", "forget_train", value, variant="target")
    assert words in sentence(evidence, "chance")


def test_a_silent_control_and_a_confident_retrain_are_named():
    silent = sentence(changed("mia_success", "forget_train", 0.0), "zero")
    assert "The control logit_mask unlearns nothing" in silent
    loud = sentence(changed("mia_success", "forget_train", 0.9), "zero")
    assert "never saw the class" in loud
    assert "unlearns nothing" not in loud


def test_methods_are_split_at_the_stated_threshold():
    text = sentence(changed("mia_success", "forget_train", 0.3, variant="ga"), "methods")
    forgotten, rest = text.split("do not read as forgotten")
    assert "ssd" in forgotten
    assert "ga 30%" in rest
    assert "rga (reconstructed)" in text


def test_traces_name_the_method_and_its_strongest_attack():
    evidence = changed("auc", "forget_train", 0.9, variant="ssd", attack="loss_thr")
    text = sentence(evidence, "trace")
    assert "loss_thr 0.90 [0.88–0.92]" in text
    clean = changed("auc", "forget_train", 0.5)
    assert sentence(clean, "trace").startswith("After no method")


def test_utility_and_cost_compare_with_retraining():
    evidence = changed("accuracy", "retain_test", 0.9, variant="ga")
    base = evidence.summary.get("hqnn", "retrain", "accuracy", "retain_test").value
    assert f"ga −{100 * (base - 0.9):.1f}" in sentence(evidence, "utility")
    assert "Not economical" not in sentence(evidence, "cost")
    columns = report_example.summary(models=("hqnn",))
    rows = (columns["metric"] == "gradient_evaluations") & (columns["variant"] == "ssd")
    columns["value"][rows] = 1e6
    assert "Not economical: ssd." in sentence(gather(columns), "cost")


def test_without_intervals_nothing_is_claimed_about_chance():
    columns = report_example.summary(models=("hqnn",))
    columns["ci_low"][:] = None
    columns["ci_high"][:] = np.nan
    topics = {f.topic for f in findings_module.findings(gather(columns))}
    assert "published" in topics
    assert not {"chance", "trace"} & topics


def test_numbers_are_written_as_stated():
    assert findings_module.rate(Estimate(0.948, 0.9, 0.98)) == "95% [90–98]"
    assert findings_module.number(Estimate(0.634)) == "0.63"
    assert findings_module.signed(-2.14) == "−2.1"
    assert findings_module.signed(-0.01) == "0.0"
    assert findings_module.listed(["a", "b", "c"]) == "a, b and c"
    assert flat({"a": {"b": 1, "c": [1, 2]}}) == [("a.b", "1"), ("a.c", "1, 2")]


def test_the_printed_config_gives_the_same_experiment():
    import yaml

    raw = {
        "experiment": "x",
        "seeds": [0],
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


@pytest.fixture(scope="module")
def full():
    return report_example.full(models=("hqnn",))


@pytest.fixture(scope="module")
def full_page(full):
    return Page(render(full, {}))


def rows_of(page_text: str, caption: str) -> list[list[str]]:
    """The cells of the table of that caption."""
    table = page_text[page_text.index(f"<caption>{caption}</caption>") :]
    rows = re.findall(r"<tr>(.*?)</tr>", table[: table.index("</table>")], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def test_verdicts_stand_near_the_top_with_their_evidence(full, full_page):
    text = render(full, {})
    assert text.index("hqnn: verdicts") < text.index('id="contents"')
    known = {rule.name: rule.words for rule in html_verdicts.rules()}
    shown = html_verdicts.rows(full, "hqnn")
    assert [row.variant for row in shown] == [
        "logit_mask (control)",
        "ga",
        "ssd",
        "rga (reconstructed)",
    ]
    for row, judgement in zip(shown, full.judgements, strict=True):
        assert row.words == known.get(judgement.verdict, judgement.verdict.replace("_", " "))
        assert judgement.sentence in full_page.text
        assert row.figures == (f"AUC of {judgement.variant} 0.6", "probe 0.9")
        assert set(row.figures) <= {word.strip() for word in full_page.words}
    assert "<said>" not in text


def test_rules_of_the_verdicts_are_stated(full_page, monkeypatch):
    for rule in html_verdicts.rules():
        assert " ".join(rule.rule.split()) in full_page.text
    monkeypatch.delattr(verdicts_module, "RULES", raising=False)
    page = Page(render(report_example.full(models=("hqnn",)), {}))
    assert html_verdicts.rules() == []
    assert "The rules of the verdicts" not in page.text
    assert "not forgotten" in page.text


def test_without_verdicts_curves_and_quality_their_sections_are_absent(page, full_page):
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert not {"quality", "figure-roc", "figure-quality"} & ids
    assert "#quality" not in {a.get("href") for _, a in page.tags}
    for text in (": verdicts", "The rules of the verdicts", "every measure of every variant"):
        assert text not in page.text
        assert text in full_page.text
    assert "None of the measures here opens the model" in page.text
    assert "None of the measures here opens the model" not in full_page.text
    assert not full_page.open


def test_few_false_alarms_table_says_what_cannot_be_resolved(full):
    rows = rows_of(render(full, {}), "hqnn: members found at few false alarms")
    columns, first = rows[0], rows[1]
    assert len(rows) == 1 + len(report_example.ALL_ATTACKS) * len(report_example.VARIANTS)
    assert first[:2] == ["su_graybox", "target"]
    get = full.summary.get
    found = get("hqnn", "target", "tpr_at_fpr_1pct", "forget_train", "su_graybox")
    assert first[columns.index("members found at 1% FPR")] == (
        f"{found.value:.1%} [{100 * found.low:.1f}–{100 * found.high:.1f}]"
    )
    unresolved = first[columns.index("members found at 0.1% FPR")]
    assert unresolved == "not resolvable with 279 non-members"
    bound = get("hqnn", "target", "epsilon_lower_bound", "forget_train", "su_graybox")
    assert first[columns.index("ε at least")] == f"{bound.value:.2f}"
    assert "ε at least, other classes" not in columns


def test_quality_table_holds_every_measure_and_no_other(full):
    rows = rows_of(render(full, {}), "hqnn: measures of unlearning quality")
    body = {row[0]: row for row in rows[1:]}
    titles = {measures.title(name) for name in report_example.QUALITY}
    assert titles == set(body)
    assert "home_made" in body
    row = body[measures.title("klom_mean")]
    own = full.summary.get("hqnn", "ssd", "klom_mean", "forget_train")
    assert row[1] == "forget class, trained on"
    assert row[rows[0].index("ssd")] == small(own)
    floors = [cell for row in rows[1:] for cell in row if cell.startswith("floor")]
    assert len(floors) == len(report_example.QUALITY) // 2


def test_the_published_number_stands_beside_its_controls(full):
    rows = rows_of(render(full, {}), "hqnn: called “member”")
    assert [row[0] for row in rows[1:]] == ["target", "retrain", "logit_mask (control)"]
    members = full.summary.get("hqnn", "target", "mia_success", "forget_train", "su_graybox")
    _, others = full.non_members("hqnn", "target", "su_graybox")
    assert rows[1][1:] == [findings_module.rate(members), findings_module.rate(others)]


def test_strength_names_the_shadow_models_and_the_strongest_attack(full):
    text = " ".join(strength(full))
    assert text.startswith("14 attacks ran")
    assert "16 shadow models" in text
    assert "12 of them also went through each unlearning method" in text
    assert "lira_online, lira_offline, rmia and u_lira" in text
    assert "fewer than the 64 to 256" in text
    areas = {
        a: full.summary.get("hqnn", "target", "auc", "forget_train", a)
        for a in report_example.ALL_ATTACKS
    }
    best = max(areas, key=lambda a: abs(areas[a].value - 0.5))
    assert f"on hqnn {best} (AUC {findings_module.number(areas[best])})" in text
    few = " ".join(strength(report_example.evidence(models=("hqnn",))))
    assert "None of these attacks judges each image" in few
    assert "went through" not in few
    assert strength(gather(report_example.summary(models=("hqnn",), attacks=()))) == []


def test_a_method_that_is_cleared_wrongly_is_named():
    """The published rate reads zero while the loss ranks members as before unlearning."""
    columns = report_example.summary(models=("hqnn",), attacks=("su_graybox", "loss_thr"))
    area = (columns["metric"] == "auc") & (columns["split"] == "forget_train")
    for variant, value in (("target", 0.73), ("ssd", 0.71), ("ga", 0.55), ("rga", 0.52)):
        rows = area & (columns["variant"] == variant) & (columns["attack"] == "loss_thr")
        columns["value"][rows] = value
        columns["ci_low"][rows], columns["ci_high"][rows] = value - 0.03, value + 0.03
    other = area & (columns["attack"] == "su_graybox")
    columns["value"][other], columns["ci_low"][other], columns["ci_high"][other] = 0.5, 0.47, 0.53
    text = sentence(gather(columns, cards=report_example.CARDS), "misread")
    assert "ssd reads" in text
    assert "AUC 0.71 [0.68–0.74] against 0.73 [0.70–0.76] before" in text
    assert "ga" not in text.replace("against", "")


def test_many_attacks_are_summed_up(full):
    text = sentence(full, "chance")
    assert "of 14 attacks, the furthest from 0.5" in text
    assert "entr_thr" not in text
