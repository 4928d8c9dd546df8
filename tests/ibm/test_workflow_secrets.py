"""After a run with a marked token no file of it holds that token, packed or not."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loopback_platform import TOKEN
from paid_project import complaints, file, files
from qmu import paths
from qmu.ibm.jobs.secrets import HIDDEN
from test_secrets import find_leaks


def unpacked(name: str, data: bytes) -> list[bytes]:
    """What a file holds beside its bytes: tables, archives, compressed streams."""
    if name.endswith(".parquet"):
        table = pq.read_table(pa.BufferReader(data))
        cells = "\n".join(str(column.to_pylist()) for column in table.columns)
        return [str(table.schema.metadata).encode(), cells.encode()]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [(entry, archive.read(entry)) for entry in archive.namelist()]
        return [part for entry, part in inside for part in [part, *unpacked(entry, part)]]
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return [pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()]
    if data.startswith(b"\x1f\x8b"):
        return [gzip.decompress(data)]
    if data[:1] == b"\x78":
        try:
            return [zlib.decompress(data)]
        except zlib.error:
            return []
    return []


def every_leak(folder: Path, texts: list[str], access_tokens: set[str]) -> list[str]:
    """Where a token stands: in files, their names and what they hold packed, and in texts."""
    names = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    found = find_leaks(folder, [*texts, *names], access_tokens)
    for path in folder.rglob("*"):
        if path.is_file():
            inside = [part.decode("latin-1") for part in unpacked(path.name, path.read_bytes())]
            if find_leaks(Path("none"), inside, access_tokens):
                found.append(str(path))
    return found


def test_the_search_looks_into_what_is_packed(tmp_path):
    """The tests below can fail."""
    pq.write_table(pa.table({"text": [f"a {TOKEN} b"] * 3}), tmp_path / "t.parquet")
    with zipfile.ZipFile(tmp_path / "r.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "t.parquet", "inside/t.parquet")
        archive.writestr("page.html", f"<p>{TOKEN}</p>")
    (tmp_path / "t.gz").write_bytes(gzip.compress(TOKEN.encode()))
    (tmp_path / "z").write_bytes(zlib.compress(TOKEN.encode()))
    (tmp_path / "zstd").write_bytes(pa.compress(2 * TOKEN.encode(), "zstd", asbytes=True))
    (tmp_path / "innocent").write_text("nothing")
    found = {Path(name).name for name in every_leak(tmp_path, [], set())}
    assert found == {"t.parquet", "r.zip", "t.gz", "z", "zstd"}
    assert set(every_leak(tmp_path / "innocent", [f"x{TOKEN}"], set())) == {"text"}


def test_no_file_of_a_whole_run_holds_the_token(paid, whole):
    """Results, logs, Snakemake's own metadata, the report and its archive, all that was printed."""
    zipped = paid.run("--report", "report.zip")
    assert zipped.code == 0, zipped.text
    with zipfile.ZipFile(paid.folder / "report.zip") as archive:
        assert len(archive.namelist()) > 5
    assert (paid.folder / file(paths.REPORT)).is_file()
    assert (paid.folder / file(paths.MANIFEST)).is_file()
    assert list((paid.folder / ".snakemake" / "metadata").rglob("*"))
    assert list((paid.folder / ".snakemake" / "log").glob("*.log"))
    texts = [whole.ran.text, zipped.text]
    tokens = set(whole.record["access_tokens"])
    assert tokens
    assert every_leak(paid.folder, texts, tokens) == []
    assert every_leak(paid.home, [], tokens) == []
    # The search covers these very files.
    (paid.folder / ".snakemake" / "metadata" / "planted").write_text(min(tokens))
    assert every_leak(paid.folder, texts, tokens) != []


@pytest.mark.fault(
    "answers of IBM that quote the token",
    "the job ends with one line in which the token is hidden; no file holds it",
)
def test_answers_that_quote_the_token(prepared, platform):
    """A job that failed, and a request that was refused."""
    body = f'{{"errors": [{{"message": "bad apikey {TOKEN}"}}]}}'.encode()
    platform.faults.add("post", times=9, status=400, body=body)
    target = ("--cores", "2", "--", *files(paths.OUTPUTS_ON, ("target",)))
    refused = prepared.run(*target)
    assert HIDDEN in "".join(complaints(refused))
    platform.faults.clear()
    platform.outcome, platform.reason = "Failed", f"environment held {TOKEN} inside"
    failed = prepared.run(*target)
    assert f"environment held {HIDDEN} inside" in "".join(complaints(failed))
    assert every_leak(prepared.folder, [refused.text, failed.text], platform.access_tokens) == []
