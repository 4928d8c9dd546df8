"""Dependencies: pinned with hashes, complete, and audited for known vulnerabilities where possible.

The audit needs pip-audit, which is no dependency, and a database of vulnerabilities: one that a
file names (QMU_AUDIT_FILE, the JSON that `pip-audit -f json` wrote elsewhere) or one that pip-audit
can reach. Where neither is there the test is skipped and says so.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "lock.txt"
SECONDS = 120
# Vulnerabilities that are known and do not concern this project: id -> why.
ACCEPTED: dict[str, str] = {}


def requirements(text):
    """(name, version, hashes) of every requirement; continuation lines belong to it."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*$", "", text, flags=re.M))
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, _, rest = line.partition("==")
        yield normal(name), rest.split()[0].rstrip(";"), re.findall(r"--hash=(\S+)", line)


def normal(name):
    return re.sub(r"[-_.]+", "-", name.split("[")[0].strip()).lower()


LOCKED = list(requirements(LOCK.read_text(encoding="utf-8")))


def test_the_lock_file_is_read():
    assert len(LOCKED) > 100
    text = "a==1 \\\n    --hash=sha256:00\n    # via b\nb[x]==2 ; python_version < '3'\n"
    assert list(requirements(text)) == [("a", "1", ["sha256:00"]), ("b", "2", [])]


def test_every_pin_is_one_version_with_hashes():
    for name, version, hashes in LOCKED:
        assert re.fullmatch(r"\d[\w.!+]*", version), name
        assert hashes, f"{name} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), name


def test_no_package_is_pinned_twice():
    names = [name for name, _, _ in LOCKED]
    assert len(names) == len(set(names))


def test_nothing_comes_from_an_address_or_a_folder():
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        assert not re.match(r"\s*(-e|-f|-i|--index|--extra-index|--find|--trusted|git\+|\.)", line)
        assert "://" not in line.partition("#")[0]


def test_every_dependency_of_the_project_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in ("dev", "ibm"):
        wanted += project["optional-dependencies"][extra]
    names = {name for name, _, _ in LOCKED}
    missing = [w for w in wanted if normal(re.split(r"[<>=!~\[; ]", w)[0]) not in names]
    assert not missing


def test_what_is_installed_is_what_is_locked():
    """Of the packages that are installed here; the lock also serves other extras."""
    from importlib import metadata

    found = {normal(d.metadata["Name"]): d.version for d in metadata.distributions()}
    here = [(name, version) for name, version, _ in LOCKED if name in found]
    assert len(here) > 80
    assert [(n, found[n], v) for n, v in here if found[n] != v] == []


def test_setup_checks_the_hashes():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements/lock.txt" in makefile
    assert "--generate-hashes" in makefile


def audited():
    """pip-audit's report as JSON, from a file or from pip-audit; skips with the reason."""
    if "QMU_AUDIT_FILE" in os.environ:
        return json.loads(Path(os.environ["QMU_AUDIT_FILE"]).read_text(encoding="utf-8"))
    if importlib.util.find_spec("pip_audit") is None:
        pytest.skip("no audit of known vulnerabilities: pip-audit is not installed")
    options = ["--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", *options, "--progress-spinner", "off"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"no audit of known vulnerabilities: no answer within {SECONDS} s")
    if not ran.stdout.strip():
        last = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"no audit of known vulnerabilities: the database is out of reach ({last})")
    return json.loads(ran.stdout)


def vulnerable(report):
    """(package, version, id) of every known vulnerability that is not accepted."""
    return [
        (package["name"], package["version"], fault["id"])
        for package in report["dependencies"]
        for fault in package.get("vulns", ())
        if not {fault["id"], *fault.get("aliases", ())} & set(ACCEPTED)
    ]


def test_no_known_vulnerability():
    assert vulnerable(audited()) == []


def test_the_audit_sees_a_vulnerability(tmp_path, monkeypatch):
    fault = {"id": "PYSEC-0000-1", "fix_versions": [], "aliases": ["CVE-0000-1"]}
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": [fault]}], "fixes": []}
    (tmp_path / "audit.json").write_text(json.dumps(report))
    monkeypatch.setenv("QMU_AUDIT_FILE", str(tmp_path / "audit.json"))
    assert vulnerable(audited()) == [("a", "1", "PYSEC-0000-1")]
    monkeypatch.setitem(ACCEPTED, "CVE-0000-1", "a test")
    assert vulnerable(audited()) == []
