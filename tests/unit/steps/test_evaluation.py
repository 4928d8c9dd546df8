"""What the evaluation prints of the verdicts."""

from dataclasses import replace

from qmu.audit.verdicts.verdicts import verdicts
from qmu.report.sentences.words import opening
from qmu.steps.audit.evaluation import WIDTH, verdict_lines
from verdict_tables import CONFIG, Table


def test_methods_and_controls_by_line_and_the_ladder_and_the_innocent_in_one_each():
    table = Table().add("ga", 0.0).add("ga@2", 0.0).add("logit_mask", 1.0)
    table.add("innocent_bias@1", 0.0)
    lines = verdict_lines(verdicts(table.rows(), CONFIG), 0.95)
    begun = [line for line in lines[1:] if not line.startswith("   ")]
    assert [line.split("  ")[1] for line in begun] == [
        "hqnn, ga",
        "hqnn, logit_mask",
        "hqnn: smallest residue seen: 5% of the forget set",
        "hqnn: false accusations: 0 of 5 [0, 0.52]",
    ]
    assert "Indistinguishable from retraining: a residue of 5%" in begun[0]
    assert "A control: has not forgotten" in begun[1]


def test_without_ladder_and_innocent_models_nothing_is_said_of_them():
    lines = verdict_lines(verdicts(Table(ensemble=0, ladder=()).add("ga").rows(), CONFIG), 0.95)
    assert all(line.startswith("   ") for line in lines[2:])


def test_a_long_reason_is_wrapped_and_never_cut_inside_a_bracket():
    reason = "Has not forgotten (AUC 0.7 [0.6; 0.8]; retrained 0.5), as " + "attacks say, " * 20
    (one,) = verdicts(Table(ensemble=0, ladder=()).add("ga").rows(), CONFIG)
    lines = verdict_lines([replace(one, sentence=f"{reason}end; also more.")], 0.95)[1:]
    assert len(lines) > 2
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(" ".join(lines).split()) == f"hqnn, ga {' '.join(reason.split())} end"


def test_what_holds_of_several_alike_is_said_once_per_model():
    (one,) = verdicts(Table(ensemble=0, ladder=()).add("ga").rows(), CONFIG)
    others = [("hqnn", "rga"), ("mlp", "ga")]
    alike = [one, *(replace(one, model=model, variant=variant) for model, variant in others)]
    text = opening(one.sentence).rstrip(".")
    said = " ".join(" ".join(verdict_lines(alike, 0.95)[1:]).split())
    assert said == f"hqnn, ga {text} hqnn, rga As ga mlp, ga {text}"


def test_the_opening_ends_at_a_semicolon_outside_brackets():
    assert opening("a (b; c) [d; e] f; g; h") == "a (b; c) [d; e] f"
    assert opening("a (b; c)") == "a (b; c)"
