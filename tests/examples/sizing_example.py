"""A small run that looks like one of the pipeline's, with times that can be added up by hand."""

import json
import os

from qmu.sizing.dag import Planned
from qmu.sizing.measured import Measured

# Shadow models, those unlearned, and the size of the blocks.
SHADOWS = (4, 2, 2)


def planned(rule, needs=(), benchmark=True, threads=1, mem_mb=1000, runtime=15, **wildcards):
    """A job whose measurements stand in results/toy/benchmarks/<rule>/<wildcards>.tsv."""
    name = "/".join([rule, *wildcards.values()])
    file = f"results/toy/benchmarks/{name}.tsv" if benchmark else None
    return Planned(rule, wildcards, file, tuple(needs), threads, mem_mb, runtime, 0)


def plan(size=2):
    """The pool, blocks of ``size`` of four shadow models, a report of them, and the target."""
    count = -(-SHADOWS[0] // size)
    blocks = [planned("train_shadows", [0], variant="target", block=str(i)) for i in range(count)]
    end = len(blocks)
    return [
        planned("pool"),
        *blocks,
        planned("report", range(1, end + 1), mem_mb=None, runtime=None),
        planned("all", [end + 1], benchmark=False),
    ]


def measured(seconds, end, fixed=1.0, cpu=None, rss=100.0):
    """Measurements of one job."""
    return Measured(seconds, seconds if cpu is None else cpu, fixed, rss, end)


def run():
    """The measurements of `plan` on two cores: blocks of 11 s and 9 s, with pauses of 0.5 s."""
    return [
        measured(2.0, 1002.0),
        measured(11.0, 1013.5),
        measured(9.0, 1011.5, rss=300.0),
        measured(4.0, 1018.0),
        None,
    ]


def write(folder, jobs, taken):
    """Benchmark files and the jobs' records as Snakemake and the jobs leave them."""
    head = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
    for job, m in zip(jobs, taken, strict=True):
        if m is None:
            continue
        inside = job.benchmark.removeprefix("results/toy/benchmarks/")
        file = folder / "benchmarks" / inside
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{head}{m.seconds}\t0:00:01\t{m.rss_mb}\t1\t1\t1\t0\t0\t50\t0.5\n")
        os.utime(file, (m.end, m.end))
        record = (folder / "logs" / inside).with_suffix(".timing.json")
        record.parent.mkdir(parents=True, exist_ok=True)
        values = {
            "cpu_seconds": m.cpu,
            "startup_cpu_seconds": m.fixed - 0.5,
            "compile_seconds": 0.25,
            "finished": m.end - 0.25,
        }
        record.write_text(json.dumps(values))
