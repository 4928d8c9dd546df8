"""Damaged tables are refused by name; removed, they are made again bit by bit."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from disturbed import CACHE, EXPERIMENT, complaints, differences, leftovers, require_same
from qmu import paths, seeds
from qmu.tables import parquet as tables
from qmu.tables.parquet import TableError

MODEL = "models/basic_qnn/seed-0"
# A table -> the target whose job reads it first.
READERS = {
    "data/pool.parquet": "data/seed-0/samples.parquet",
    "data/seed-0/samples.parquet": f"{MODEL}/retrain/outputs.parquet",
    f"{MODEL}/target/parameters.parquet": f"{MODEL}/ga/outputs.parquet",
    "shadows/basic_qnn/target/block-1/outputs.parquet": "attacks/basic_qnn/attack_data.parquet",
    "scores/basic_qnn/retrain.parquet": "audit/basic_qnn/retrain/measurements.parquet",
    "audit/basic_qnn/ga/measurements.parquet": "summary.parquet",
}


def footer_length(data: bytes) -> int:
    """The length of a Parquet file's footer, from its last bytes."""
    return int.from_bytes(data[-8:-4], "little")


def flipped(data: bytes, first: int, last: int) -> bytes:
    """All bits of a few bytes between two positions inverted."""
    middle = (first + last) // 2
    return data[:middle] + bytes(255 - b for b in data[middle : middle + 8]) + data[middle + 8 :]


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped_data(data: bytes) -> bytes:
    return flipped(data, 4, len(data) - footer_length(data) - 8)


def flipped_footer(data: bytes) -> bytes:
    start = len(data) - footer_length(data) - 8
    return flipped(data, start, start + 30)


def foreign(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"x": [1]}), sink)
    return sink.getvalue().to_pybytes()


DAMAGES = (truncated, flipped_data, flipped_footer, foreign)


# Tables that one run can find damaged: no job that reads one waits for the reader of another.
TOGETHER = (
    ("data/pool.parquet",),
    ("data/seed-0/samples.parquet", "shadows/basic_qnn/target/block-1/outputs.parquet"),
    (f"{MODEL}/target/parameters.parquet", "scores/basic_qnn/retrain.parquet"),
    ("audit/basic_qnn/ga/measurements.parquet",),
)


def damage(kind, good, file) -> None:
    """Put a damaged copy of a table into a file, as a failing disk would: without a new time."""
    file.write_bytes(kind(good.read_bytes()))
    shutil.copystat(good, file)


def refused(project, names) -> int:
    """How many of the damaged tables are named, each by the one job that reads it, with what to
    do; fails where a job wrote something all the same."""
    targets = [f"results/{EXPERIMENT}/{READERS[name]}" for name in names]
    ran = project.local("--cores", "2", *targets)
    told = complaints(ran)
    assert len(told) == len(names), ran.text
    assert not any((project.folder / target).exists() for target in targets)
    assert leftovers(project) == []
    ends = "; remove the file and run again"
    starts = [f"qmu: results/{EXPERIMENT}/{name}: " for name in names]
    assert all(line.startswith(tuple(starts)) and line.endswith(ends) for line in told), told
    return sum(any(line.startswith(start) for line in told) for start in starts)


@pytest.mark.fault(
    "a truncated, flipped or foreign Parquet file",
    "the job that reads it names it and writes nothing; removed, it is made again bit by bit",
)
def test_damaged_tables_are_named_and_made_again(undisturbed, carried, tries):
    for number, names in enumerate(TOGETHER):
        for name in names:
            (carried.small / READERS[name]).unlink()
        # Two of the four kinds for each table; the cheap test below tries single bits.
        for shift in (0, 1):
            tries.tried += len(names)
            for place, name in enumerate(names):
                kind = DAMAGES[(number + place + shift) % 4]
                damage(kind, undisturbed.small / name, carried.small / name)
            tries.held += refused(carried, names)
        # Snakemake removes what is left of a failed job, and its folders: also those of the states
        # on a method's path.
        touched = (*names, *(READERS[name] for name in names))
        for folder in {MODEL, *(str(Path(name).parent) for name in touched)}:
            shutil.copytree(undisturbed.small / folder, carried.small / folder, dirs_exist_ok=True)
    for name in READERS:
        (carried.small / name).unlink()
    carried.finish("all", *(f"results/{EXPERIMENT}/{name}" for name in READERS))
    require_same(carried, undisturbed)
    assert tries.held == tries.tried == 2 * len(READERS)


def equal(first, second) -> bool:
    """Two tables' columns, to the last bit."""
    return all(
        repr(first[name].tolist()) == repr(second[name].tolist())
        and first[name].dtype == second[name].dtype
        for name in first
    )


@pytest.mark.fault(
    "one flipped bit in a Parquet file", "refused with the file's name, or it changes no value"
)
@pytest.mark.parametrize("name", READERS)
def test_no_flipped_bit_passes_as_another_number(undisturbed, tmp_path, tries, name):
    good = undisturbed.small / name
    kind = tables.metadata(good)["qmu.table"]
    rng = seeds.generator("tests", "faults", "bits", name)
    data, expected = good.read_bytes(), tables.read(good, kind, experiment=EXPERIMENT)
    file, refusals = tmp_path / "damaged.parquet", 0
    places = rng.choice(len(data), min(len(data), 150), replace=False)
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        file.write_bytes(damaged)
        tries.tried += 1
        refusal = None
        try:
            found = tables.read(file, kind, experiment=EXPERIMENT)
        except TableError as error:
            refusal = str(error)
        if refusal is None:
            assert equal(found, expected), place
        else:
            assert str(file) in refusal
            assert "\n" not in refusal
            refusals += 1
        tries.held += 1
    assert refusals > len(places) / 3


@pytest.mark.fault(
    "truncated or flipped compiled programs in the cache",
    "compiled again; the damaged ones are removed, the tables are bit-identical",
)
def test_damaged_compiled_programs_are_replaced(undisturbed, fresh, tries):
    cache = fresh.results / CACHE / "xla"
    programs = sorted(cache.glob("*-cache"))
    assert len(programs) > 5
    for number, file in enumerate(programs):
        data = file.read_bytes()
        file.write_bytes((b"", data[: len(data) // 2], flipped(data, 0, len(data)))[number % 3])
    target = f"results/{EXPERIMENT}/{MODEL}/ga/outputs.parquet"
    for _ in range(2):
        # The second time the programs are back.
        tries.tried += 1
        ran = fresh.local("--cores", "2", target, "--forceall")
        assert ran.code == 0, ran.text
        made = tables.read(fresh.folder / target, "outputs", experiment=EXPERIMENT)
        first = tables.read(undisturbed.folder / target, "outputs", experiment=EXPERIMENT)
        assert equal(made, first)
        tries.held += 1
    log = fresh.small / "logs/unlearn/basic_qnn/ga.log"
    used = [line for line in log.read_text().splitlines() if "compilation cache entry" in line]
    assert used == []
    whole = sum(is_whole(file.read_bytes()) for file in programs if file.exists())
    assert whole > 0


def is_whole(data: bytes) -> bool:
    """Whether a cache entry can be unpacked."""
    try:
        return bool(zlib.decompress(data))
    except zlib.error:
        return False


@pytest.mark.fault(
    "damaged records of what jobs cost",
    "left out of the sum at the end of a run; no figure changes",
)
def test_damaged_timings_do_not_spoil_the_end_of_a_run(undisturbed, carried):
    from qmu.sizing import costs as job_costs

    logs = carried.small / "logs"
    jobs = job_costs.totals(logs)["jobs"]
    for text, name in (("", "pool"), ("[1]", "evaluation"), ('{"cpu_seconds": "x"}', "report")):
        (logs / f"{name}.timing.json").write_text(text)
    (carried.folder / paths.SUMMARY.format(experiment=EXPERIMENT)).unlink()
    ran = carried.finish()
    assert "Traceback" not in ran.text
    assert np.isclose(job_costs.totals(logs)["jobs"], jobs - 1)
    assert differences(carried, undisturbed) == []
