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
    REPORT,
    RESULTS,
    TARGETS,
    TINY,
    attacking,
    counts,
    edited,
    pairs,
    planned,
    unlearning,
)

MODELS, SEEDS = list(TINY["models"]), TINY["seeds"]
METHODS = tuple(TINY["unlearning"])
NEW_SEED = {
    "Draw the training and test images of seed 7",
    *(f"Train {m}, {v}, seed 7" for m in MODELS for v in ("target", "retrain")),
    *(f"Train the retrain ensemble of {m}, seed 7" for m in MODELS),
    *attacking(seeds=[7]),
    *unlearning(*METHODS, seeds=[7]),
}
COLLECT = {f"Collect the attack data of {m} from its shadow models" for m in MODELS}
SCORES = {message for message in attacking() if message.startswith("Attack")}
OF_HQNN = {
    *(f"Train shadow models of hqnn, block {b}" for b in (0, 1)),
    "Collect the attack data of hqnn from its shadow models",
    *(f"Train hqnn, {v}, seed {s}" for v in ("target", "retrain") for s in SEEDS),
    *(f"Train the retrain ensemble of hqnn, seed {s}" for s in SEEDS),
    *(m for m in attacking() | unlearning(*METHODS) if "hqnn" in m),
}

SETTINGS = {
    "one method's step length": ({"unlearning.ga.step_length": 0.01}, unlearning("ga") | END),
    "one method's stopping rule": ({"unlearning.rga.stopping.max_steps": 9}, unlearning("rga")),
    "one attack's threshold": ({"attacks.loss_thr.threshold": "mean_train_loss"}, attacking()),
    "a further attack": ({"attacks.mean": {"attack": "loss_thr"}}, attacking()),
    "a further seed": ({"seeds": [*SEEDS, 7]}, NEW_SEED),
    "a further method": (
        {"unlearning.ga_long": {"method": "ga", "step_length": 0.02}},
        unlearning("ga_long"),
    ),
    "a further block of shadow models": (
        {"shadows.count": 6},
        {f"Train shadow models of {m}, block 2" for m in MODELS} | COLLECT | attacking(),
    ),
    "a larger retrain ensemble": (
        {"retrain.ensemble": 3},
        {f"Train the retrain ensemble of {m}, seed {s}" for m, s in pairs()},
    ),
    "one model's layers": ({"models.hqnn.layers": 2}, OF_HQNN),
    "bootstrap resamples": ({"evaluation.bootstrap": 300}, set()),
    "the memory limit": ({"memory_gib": 6}, set()),
    "fewer seeds": ({"seeds": SEEDS[:1]}, set()),
    "fewer attacks": ({"attacks": {"loss_thr": {}}}, attacking()),
}


@pytest.mark.parametrize(("changes", "jobs"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_runs_again_what_reads_it(finished, changes, jobs):
    config = edited(changes)
    kept = {m for m in jobs if f"seed {SEEDS[-1]}" not in m} if len(config["seeds"]) == 1 else jobs
    assert finished.project.plan(config=config) == kept | END


@contextmanager
def changed(finished, file, old, new):
    """The project while ``old`` stands as ``new`` in a file; the file's time moves as well."""
    path = finished.project.folder / file
    before, stat = path.read_text(), path.stat()
    assert before.count(old) >= 1, f"{old!r} is not in {file}"
    path.write_text(before.replace(old, new, 1))
    try:
        yield finished.project
    finally:
        path.write_text(before)
        assert path.stat().st_mtime > stat.st_mtime


QMU = "workflow/qmu/"
CODE = {
    "one method": (
        QMU + "unlearning/ga.py",
        "step += 1",
        "step += 1 + 0",
        unlearning("ga") | END,
    ),
    "a helper of two methods": (
        QMU + "unlearning/_step.py",
        "TINY = 1e-30",
        "TINY = 2e-30",
        unlearning("ga", "rga") | END,
    ),
    "one attack": (
        QMU + "attacks/loss_thr.py",
        "return float(middle if",
        "return 1 * float(middle if",
        attacking() | END,
    ),
    "the step that collects": (
        QMU + "steps/attack_data.py",
        "merged = {name: column[rows] for",
        "merged = {name: column[rows, ...] for",
        COLLECT | attacking() | END,
    ),
    "one model": (
        QMU + "models/hqnn.py",
        "SLOPE = 0.01",
        "SLOPE = 0.02",
        OF_HQNN | END,
    ),
    "the evaluation": (
        QMU + "audit_figures.py",
        "FPR = 0.01",
        "FPR = 0.02",
        END,
    ),
    "a figure": (
        QMU + "report/fig_auc.py",
        "import annotations\n",
        "import annotations\n\nUNUSED = 1\n",
        {REPORT},
    ),
    "a caption": ("workflow/report/auc.rst", ".", ", as an edit.", {REPORT}),
    "the page's template": (
        QMU + "report/templates/report.html.j2",
        "</body>",
        " </body>",
        {REPORT},
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "jobs"), CODE.values(), ids=CODE)
def test_code_runs_again_what_imports_it(finished, file, old, new, jobs):
    with changed(finished, file, old, new) as project:
        assert project.plan() == jobs


SILENT = (
    (QMU + "unlearning/ga.py", "    while not", "    # As long as it takes.\n    while not"),
    (QMU + "unlearning/rga.py", '"""Follow the relative', '"""Go along the relative'),
    (QMU + "unlearning/ssd.py", "    n_f, n_r = ", "    n_f, n_r  =   "),
    ("workflow/scripts/unlearn.py", "execute(", "# A job.\nexecute("),
    ("experiments/tiny.yaml", "experiment: tiny", "experiment: tiny  # as small as can be"),
    ("config.yaml", "bootstrap: 1000", "bootstrap: 2000"),
    ("Snakefile", "rule all", "# All.\nrule all"),
)


def test_comments_formatting_and_other_experiments_run_nothing_again(finished):
    with ExitStack() as edits:
        for file, old, new in SILENT:
            edits.enter_context(changed(finished, file, old, new))
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
