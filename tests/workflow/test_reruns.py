"""What an edit runs again, by dry runs on the finished tiny run: what it touches, nothing else.

Code is edited in the project's own copy and put back.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager

import pytest
from pipeline import (
    END,
    EVALUATE,
    GROUPS,
    PATHS,
    REPORT,
    REQUEST,
    RESULTS,
    TARGETS,
    TINY,
    attacking,
    auditing,
    blocks,
    counts,
    each,
    edited,
    editing,
    laddering,
    measuring,
    pairs,
    planned,
    redone,
    retraining,
    unlearning,
)

MODELS, SEEDS, SHADOWS = list(TINY["models"]), TINY["seeds"], TINY["shadows"]
METHODS = tuple(TINY["unlearning"])
TRAINED = ("target", "retrain")
NEW_SEED = {
    "Draw the training and test images of seed 7",
    *(f"Train {m}, {v}, seed 7" for m in MODELS for v in TRAINED),
    *retraining([7]),
    *laddering([7]),
    *attacking(),
    *auditing(*GROUPS),
    # One job runs a method on all seeds, and one edits retrained models of all.
    *unlearning(*METHODS),
    *editing(),
}
COLLECT = {f"Collect the attack data of {m} from its shadow models" for m in MODELS}


def shadow_jobs(*variants, numbers=None):
    """Messages of the jobs that train shadow models."""
    numbers = blocks() if numbers is None else numbers
    return {
        line
        for b in numbers
        for line in each(f"Train shadow models of {{m}}, {{v}}, block {b}", variants)
    }


EVERYTHING = {
    *shadow_jobs(*TRAINED),
    *COLLECT,
    *(f"Train {m}, {v}, seed {s}" for v in TRAINED for m, s in pairs()),
    *retraining(),
    *laddering(),
    *editing(),
    *attacking(),
    *auditing("target", "retrain", "residue", "innocent"),
    *redone(*METHODS),
}
OF_HQNN = {message for message in EVERYTHING if "hqnn" in message}

SETTINGS = {
    "one method's step length": ({"unlearning.ga.step_length": 0.01}, redone("ga")),
    "one method's stopping rule": ({"unlearning.rga.stopping.max_steps": 9}, redone("rga")),
    "one attack's threshold": ({"attacks.loss_thr.threshold": "mean_train_loss"}, attacking()),
    "a further attack": ({"attacks.mean": {"attack": "loss_thr"}}, attacking()),
    "a measure's setting": (
        {"quality.relearn.cap": 7},
        each("Examine what {v} left in {m}"),
    ),
    "a further seed": ({"seeds": [*SEEDS, 7]}, NEW_SEED),
    "a further method": (
        {"unlearning.ga_long": {"method": "ga", "step_length": 0.02}},
        redone("ga_long"),
    ),
    "a further block of shadow models": (
        {"shadows.count": SHADOWS["count"] + 2},
        shadow_jobs("target", numbers=[len(blocks())]) | COLLECT | attacking(),
    ),
    "a larger retrain ensemble": (
        {"retrain.ensemble": 3},
        retraining() | editing() | auditing("retrain", "innocent") | measuring(),
    ),
    "another rung of the ladder": (
        {"audit.ladder": [20, 50, 100]},
        laddering() | auditing("residue"),
    ),
    "no ladder": ({"audit.ladder": []}, set()),
    "a further retrained model to edit": (
        {"audit.innocents": 2},
        editing() | auditing("innocent"),
    ),
    "another level of the paths": (
        {"audit.path": [0.5, 1, 2]},
        unlearning(*PATHS) | auditing(*PATHS),
    ),
    "one method's path": (
        {"unlearning.ga.stopping.path": False},
        redone("ga"),
    ),
    "a goal of a method's own": ({"unlearning.ssd.stopping": {"forget_loss": 1.0}}, redone("ssd")),
    "one model's layers": ({"models.hqnn.layers": 2}, OF_HQNN),
    "the forget set": (
        {"forget.label": 3},
        {REQUEST, *(f"Draw the training and test images of seed {s}" for s in SEEDS)}
        | EVERYTHING - COLLECT - shadow_jobs("target"),
    ),
    "bootstrap resamples": ({"evaluation.bootstrap": 300}, measuring()),
    "the memory limit": ({"memory_gib": 6}, set()),
    "fewer seeds": (
        {"seeds": SEEDS[:1]},
        unlearning(*METHODS) | editing() | attacking() | auditing(*GROUPS),
    ),
    "fewer attacks": ({"attacks": {"loss_thr": {}}}, attacking()),
}


@pytest.mark.parametrize(("changes", "jobs"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_runs_again_what_reads_it(finished, changes, jobs):
    assert finished.project.plan(config=edited(changes)) == jobs | END


QMU = "workflow/qmu/"
STATEMENT = "\nUNUSED = 1\n"
CODE = {
    "one method": (QMU + "unlearning/methods/ga.py", redone("ga") | END),
    "a helper of three methods": (
        QMU + "unlearning/scaled_steps.py",
        redone("ga", "rga", "ssd") | END,
    ),
    "the edits that stay innocent": (
        QMU + "models/innocent.py",
        editing() | auditing("innocent") | END,
    ),
    "how further models are retrained": (
        QMU + "steps/train/further.py",
        retraining()
        | laddering()
        | editing()
        | auditing("retrain", "residue", "innocent")
        | measuring()
        | END,
    ),
    "one attack": (QMU + "attacks/methods/gap.py", attacking() | END),
    "the attack that asks about transformed images": (
        QMU + "attacks/methods/label_only.py",
        attacking() | each("Ask {m}, {v}, about transformed images") | END,
    ),
    "the step that collects": (QMU + "steps/attack/attack_data.py", COLLECT | attacking() | END),
    "the forget scenario": (
        QMU + "forget/scenarios/class.py",
        {REQUEST, *(f"Draw the training and test images of seed {s}" for s in SEEDS)}
        | EVERYTHING - COLLECT - shadow_jobs("target")
        | END,
    ),
    "one model": (QMU + "models/kinds/hqnn.py", OF_HQNN | END),
    "an engine": (QMU + "simulators/fused/engine.py", EVERYTHING | END),
    "the evaluation": (QMU + "audit/measurement.py", measuring() | END),
    "a verdict's rule": (QMU + "audit/verdicts/verdicts.py", END),
    "a measure of quality": (
        QMU + "quality/measures/probe.py",
        each("Examine what {v} left in {m}") | END,
    ),
    "a figure": (QMU + "report/figures/auc.py", {REPORT}),
    "a caption": ("workflow/report/auc.rst", {REPORT}),
    "the page's template": (QMU + "report/templates/report.html.j2", {REPORT}),
}


@contextmanager
def inserted(finished, file, text, before=None):
    """The project while ``text`` stands in a file, at its end or before the first ``before``."""
    path = finished.project.folder / file
    kept = path.read_text()
    place = len(kept) if before is None else kept.index(before)
    path.write_text(kept[:place] + text + kept[place:])
    try:
        yield finished.project
    finally:
        path.write_text(kept)


# A column more in the schema of one table: (before what, the jobs that write or read the table).
SCHEMAS = {
    "of what measuring writes and the report reads": (
        '"fpr": "double"',
        each("Measure {m}, {v}") | END,
    ),
    "of what no job here writes": ('"noise_scale": "double"', {REPORT}),
}


@pytest.mark.parametrize(("before", "jobs"), SCHEMAS.values(), ids=SCHEMAS)
def test_the_schema_of_a_table_runs_again_what_names_it(finished, before, jobs):
    file = QMU + "tables/schemas.py"
    with inserted(finished, file, '"more": "double*", ', before) as project:
        assert project.plan() == jobs


def test_a_new_component_runs_nothing_again(finished):
    methods = finished.project.folder / "workflow" / "qmu" / "unlearning" / "methods"
    new = methods / "another.py"
    new.write_text((methods / "ga.py").read_text())
    try:
        assert finished.project.plan() == set()
    finally:
        new.unlink()


@pytest.mark.parametrize(("file", "jobs"), CODE.values(), ids=CODE)
def test_code_runs_again_what_imports_it(finished, file, jobs):
    with inserted(finished, file, STATEMENT) as project:
        assert project.plan() == jobs


SILENT = (
    (QMU + "errors.py", STATEMENT, None),
    (QMU + "paths.py", STATEMENT, None),
    (QMU + "audit/membership.py", "Really: ", "a membership score is NaN"),
    (QMU + "models/model.py", "    import decimal\n", "    from jax import Array"),
    (QMU + "unlearning/methods/ga.py", "\n# As long as it takes.\n", None),
    (QMU + "unlearning/methods/ssd.py", "\n\n\n", "def unlearn"),
    (QMU + "unlearning/methods/rga.py", "Once more: ", "`rga`: "),
    ("workflow/scripts/step.py", "# A job.\n", "execute("),
    ("experiments/tiny.yaml", "\n# As small as can be.\n", None),
    ("config.yaml", "root_seed: 5\n", "experiment: "),
    ("Snakefile", "# All.\n", "rule all"),
    ("workflow/rules/unlearn.smk", "# All methods.\n", "rule unlearned"),
)


def test_comments_formatting_and_other_experiments_run_nothing_again(finished):
    with ExitStack() as edits:
        for file, text, before in SILENT:
            edits.enter_context(inserted(finished, file, text, before))
        assert finished.project.plan() == set()


def test_nothing_changed_or_all_put_back_plans_nothing(finished):
    ran = finished.project.snakemake("-n")
    assert planned(ran) == set()
    assert "Nothing to be done" in ran.text
    assert finished.project.plan(*TARGETS, *RESULTS) == set()


def test_a_lost_result_is_made_again_with_what_follows(finished):
    file = finished.project.tiny / "summary.parquet"
    stat, content = file.stat(), file.read_bytes()
    file.unlink()
    try:
        assert finished.project.plan() == END
    finally:
        file.write_bytes(content)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("target", [*TARGETS, *RESULTS])
def test_every_named_target_plans_its_rules(fresh, target):
    rules = {**TARGETS, **RESULTS}[target]
    ran = fresh.snakemake("-n", target)
    assert ran.code == 0, ran.text
    # A target without a message is a rule of its own in the table; the others do the work.
    assert set(counts(ran)) == {*rules, target}
    assert EVALUATE in planned(ran) or "evaluation" not in rules


def test_a_reason_names_the_key_or_the_file_that_changed(finished):
    ran = finished.project.snakemake("-n", config=edited({"unlearning.ga.step_length": 0.01}))
    assert "settings changed: unlearning.ga.step_length" in ran.text
    with inserted(finished, QMU + "unlearning/methods/ga.py", STATEMENT) as project:
        text = project.snakemake("-n").text
    assert "code changed: unlearning/methods/ga.py" in text
    assert max(len(line) for line in text.splitlines() if "eason:" in line) < 1000
