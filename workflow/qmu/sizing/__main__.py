"""``python -m qmu.sizing RUN``: the table of resources, and with ``--page`` the page and plot."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from qmu.config import file as config_file
from qmu.config.experiment import Experiment
from qmu.config.parse import parse
from qmu.errors import ConfigError, QmuError

from . import dag, measured, page, resources
from .study import study


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of a finished run; with ``--page`` also simulate it and write the page."""
    parser = argparse.ArgumentParser(prog="python -m qmu.sizing", description=__doc__)
    parser.add_argument("run", type=Path, help="results folder of a finished run")
    parser.add_argument(
        "--configfile", type=Path, help="its experiment; found by its name where not given"
    )
    parser.add_argument("--page", type=Path, help="page to fill, its plot is written beside it")
    options = parser.parse_args(arguments)
    try:
        _report(options.run, options.configfile, options.page)
    except QmuError as error:
        sys.exit(f"qmu: {error}")


def _report(run: Path, configfile: Path | None, target: Path | None) -> None:
    if not (run / "benchmarks").is_dir():
        raise QmuError(f"{run}: holds no folder `benchmarks`: not the results of a run")
    file = configfile or _experiment_file(run.name)
    experiment = _experiment(file)
    jobs = dag.plan(file)
    taken = measured.read(run, jobs)
    rows = resources.rows(jobs, taken)
    print(page.resources(rows))
    if target is None:
        return
    shadows = experiment.common.shadows
    sizes = shadows.count, shadows.unlearned, shadows.block
    found = study(
        experiment.common.experiment,
        jobs,
        taken,
        sizes,
        lambda size: dag.plan(file, {"shadows": {"block": size}}),
    )
    from qmu.report.drawing import theme  # late: Matplotlib takes a second

    from . import figure as fig_scaling

    page.fill(target, page.parts(found, rows))
    theme.save(fig_scaling.draw(found), target.with_suffix(""))
    print(f"\n{page.limits(found)}\n\nWritten: {target}, and the plot beside it")


def _experiment_file(name: str) -> Path:
    for file in (Path("config.yaml"), *sorted(Path("experiments").glob("*.yaml"))):
        if file.is_file() and _values(file).get("experiment") == name:
            return file
    raise QmuError(
        f"neither config.yaml nor a file in experiments/ has the experiment {name!r}: "
        "name its file with --configfile"
    )


def _experiment(file: Path) -> Experiment:
    try:
        return parse(_values(file))
    except ConfigError as error:
        raise QmuError(f"{file}: {error}") from None


def _values(file: Path) -> dict:
    reason = config_file.fault(file) if file.exists() else "no such file"
    if reason:
        raise QmuError(f"{file}: {reason}")
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise QmuError(f"{file}: must hold keys and values")
    return values


if __name__ == "__main__":
    main()
