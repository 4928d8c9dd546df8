"""The token stays where it is: in no file, no log, no message, in no encoding."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import urllib.parse
import warnings
from pathlib import Path

import pytest
from circuit_example import submission
from loopback_platform import TOKEN
from qmu.errors import QmuError
from qmu.ibm.jobs.secrets import HIDDEN, Redactor, discreet
from qmu.ibm.jobs.service import open_service

WORKER = Path(__file__).parent / "worker.py"


def _encoded(token: str) -> list[tuple[str, str]]:
    """(text that holds the token, part of it that gives it away), apart from the Redactor."""
    raw = token.encode()
    same = [
        token,
        urllib.parse.quote(token),
        urllib.parse.quote(token, safe=""),
        urllib.parse.quote_plus(token),
        raw.hex(),
        json.dumps(token)[1:-1],
    ]
    shifted = []
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in (b"", b"x", b"xy", b"apikey:"):
            text = encode(before + raw + b"xyz").decode()
            # Characters at the ends also hold bits of the neighbours.
            first = -(-len(before) * 8 // 6)
            shifted.append((text, text[first : first + len(raw) * 8 // 6 - 2]))
    return [(text, text) for text in same] + shifted


def find_leaks(folder: Path, texts: list[str], access_tokens: set[str]) -> list[str]:
    """Where a token stands: file names, and ``text`` for output."""
    needles = [*(part for _, part in _encoded(TOKEN)), *access_tokens]
    leaks = ["text" for text in texts for needle in needles if needle in text]
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        leaks += [str(path) for needle in needles if needle.encode() in content]
    return leaks


def _process(server, folder: Path) -> subprocess.CompletedProcess:
    environment = {
        **server.process_environment(),
        "HOME": str(folder / "home"),
        # The client's own debugging output, which logs requests and answers.
        "QISKIT_IBM_RUNTIME_LOG_LEVEL": "DEBUG",
    }
    return subprocess.run(
        [sys.executable, str(WORKER), str(folder / "job")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_search_finds_a_leak(tmp_path):
    """The test below can fail: every encoding is found in a file and in a text."""
    for text, _ in _encoded(TOKEN):
        (tmp_path / "file").write_text(f"before{text}after")
        assert find_leaks(tmp_path, [], set())
        (tmp_path / "file").unlink()
        assert find_leaks(tmp_path, [f"before{text}after"], set())
    assert find_leaks(tmp_path, ["an innocent text"], set()) == []


def test_no_token_in_files_or_output_of_a_process(server, platform, tmp_path):
    """Two processes: one meets errors that repeat the token, one finishes."""
    (tmp_path / "job").mkdir()
    echo = json.dumps({"error": {"code": 1, "message": f"bad key {TOKEN} apikey {TOKEN}"}})
    platform.faults.add("post", times=9, status=400, body=echo.encode())
    first = _process(server, tmp_path)
    assert first.returncode == 1
    assert f"bad key {HIDDEN}" in first.stderr
    platform.faults.clear()
    platform.faults.add("job", times=1, status=429, body=echo.encode())
    second = _process(server, tmp_path)
    assert second.returncode == 0, second.stderr
    assert "DEBUG" in second.stderr
    output = [first.stdout, first.stderr, second.stdout, second.stderr]
    assert not any("Traceback" in text for text in output)
    assert find_leaks(tmp_path, output, platform.access_tokens) == []


def test_no_token_in_messages(run, platform, caplog, capsys):
    """A failed job and a rejected token whose answers repeat it."""
    caplog.set_level(logging.DEBUG)
    job_id = run.submit()
    platform.outcome, platform.reason = "Failed", f"environment held {TOKEN}"
    with pytest.raises(QmuError, match="environment held <token>") as failed:
        run.collect(job_id)
    reject = json.dumps({"errorCode": "BXNIM0415E", "errorMessage": f"not found: {TOKEN}"})

    def expire() -> None:
        platform.expired = True
        platform.faults.add("token", times=99, status=400, body=reject.encode())

    # Between opening the service and its first request the key is revoked: the client warns,
    # quotes the answer, and sends the key itself.
    platform.faults.once("answered", "catalog", expire)
    with pytest.raises(QmuError, match="token is expired, revoked") as rejected:
        run.collect(job_id)
    assert run.said("warning from IBM's client: Unable to retrieve IBM Cloud access token")
    captured = capsys.readouterr()
    texts = [*run.lines, str(failed.value), str(rejected.value), captured.out, captured.err]
    texts += [record.getMessage() + str(record.exc_info or "") for record in caplog.records]
    assert find_leaks(run.folder, texts, platform.access_tokens) == []


def test_saved_account_is_redacted_too(platform, monkeypatch):
    """The token of a service is known even where the environment has none."""
    service = open_service(submission().waiting, print)
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    assert TOKEN not in Redactor.of(service)(f"about {TOKEN}")
    assert TOKEN in Redactor.of()(f"about {TOKEN}")


@pytest.mark.parametrize("place", range(len(_encoded(TOKEN))))
def test_redactor_knows_every_encoding(place):
    """In the middle of a text."""
    text, part = _encoded(TOKEN)[place]
    assert part not in Redactor([TOKEN])(f"a {text} b")
    assert HIDDEN in Redactor([TOKEN])(f"a {text} b")


def test_redactor_leaves_other_text_alone():
    """No token, nothing to hide; and one line when asked for."""
    text = "job job-1234 on ibmq_manila: DONE\nnext"
    assert Redactor([TOKEN])(text) == text
    assert Redactor([""])(text) == text
    assert Redactor([]).line(text) == "job job-1234 on ibmq_manila: DONE next"
    assert len(Redactor([]).line("x" * 1000, longest=50)) == 50


def test_redactor_hides_headers_and_bearer_tokens():
    """Tokens that were never told to it."""
    hidden = Redactor([])(
        "Authorization: Bearer abcdefghijk, x apikey 0123456789 eyJhbGci.eyJleHAi.sig"
    )
    for secret in ("abcdefghijk", "0123456789", "eyJhbGci"):
        assert secret not in hidden


def test_discreet_redacts_logs_and_warnings(caplog):
    """While it lasts; afterwards logging is as before."""
    lines: list[str] = []
    usual = logging.getLogRecordFactory()
    with discreet(Redactor([TOKEN]), lines.append):
        logging.getLogger("client").warning("key %s", TOKEN)
        warnings.warn(f"key {TOKEN}", stacklevel=1)
        try:
            raise ValueError(TOKEN)
        except ValueError:
            logging.getLogger("client").exception("failed")
    assert logging.getLogRecordFactory() is usual
    assert lines == [f"warning from IBM's client: key {HIDDEN}"]
    assert TOKEN not in caplog.text
    assert f"failed ({HIDDEN})" in caplog.text
