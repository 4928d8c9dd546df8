"""The sum of what jobs cost, from the files they leave beside their logs."""

import json

from qmu.sizing import costs as job_costs


def test_totals_add_up_over_folders_and_ignore_other_files(tmp_path):
    for name, cpu in (("pool", 4.0), ("train/hqnn/target", 16.0)):
        file = tmp_path / f"{name}.timing.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        times = {"cpu_seconds": cpu, "startup_cpu_seconds": 2.0, "compile_seconds": 0.5}
        file.write_text(json.dumps(times))
    (tmp_path / "pool.log").write_text("not a timing")
    assert job_costs.totals(tmp_path) == {"jobs": 2, "cpu": 20, "startup": 4, "compile": 1}
    assert job_costs.line(tmp_path).startswith("2 jobs took 20 s of CPU time; of it 5 s (25%)")


def test_a_run_without_timings_is_told_as_nothing(tmp_path):
    assert job_costs.line(tmp_path).startswith("0 jobs took 0 s")
