"""What the evaluation prints of the verdicts."""

from qmu.audit.verdicts.verdicts import verdicts
from qmu.steps.audit.evaluation import verdict_lines
from verdict_tables import CONFIG, Table


def test_methods_and_controls_by_line_and_the_ladder_and_the_innocent_in_one_each():
    table = Table().add("ga", 0.0).add("ga@2", 0.0).add("logit_mask", 1.0)
    table.add("innocent_bias@1", 0.0)
    lines = verdict_lines(verdicts(table.rows(), CONFIG), 0.95)
    assert [line.split("  ")[1] for line in lines[1:]] == [
        "hqnn, ga",
        "hqnn, logit_mask",
        "hqnn: smallest residue seen: 5% of the forget set",
        "hqnn: false accusations: 0 of 5 [0, 0.52]",
    ]
    assert "Indistinguishable from retraining: a residue of 5%" in lines[1]
    assert "A control: has not forgotten" in lines[2]


def test_without_ladder_and_innocent_models_nothing_is_said_of_them():
    lines = verdict_lines(verdicts(Table(ensemble=0, ladder=()).add("ga").rows(), CONFIG), 0.95)
    assert len(lines) == 2
