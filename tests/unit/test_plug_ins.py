"""Components of other packages, found by their entry points."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import qmu
import yaml
from attack_example import evidence, for_fitting, view
from qmu import registry
from qmu.config.parse import parse
from qmu.errors import ConfigError
from qmu.plan import attack, digest
from qmu.plan.reasons import differences

EXAMPLE = Path(__file__).parents[1] / "examples" / "plug_in"
TINY = yaml.safe_load((Path(__file__).parents[2] / "experiments" / "tiny.yaml").read_text())
KEY = "qmu-margin:qmu_margin.lead"


def forget():
    """As in a process that has looked for nothing yet."""
    for cached in (registry._installed, registry._plug_ins, registry.names, digest._read):
        cached.cache_clear()
    for name in [n for n in sys.modules if n.partition(".")[0] == "qmu_margin"]:
        del sys.modules[name]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder on the path, and a function that installs the example there as pip does."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(value="qmu_margin.lead", *, kind="attacks", name="lead", version="0.1.0", of=""):
        shutil.copytree(EXAMPLE / "qmu_margin", tmp_path / "qmu_margin", dirs_exist_ok=True)
        project = f"qmu-margin{of}"
        info = tmp_path / f"{project.replace('-', '_')}-0.dist-info"
        info.mkdir(exist_ok=True)
        text = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
        (info / "METADATA").write_text(text)
        (info / "entry_points.txt").write_text(f"[qmu.{kind}]\n{name} = {value}\n")
        forget()
        return tmp_path / "qmu_margin"

    yield install
    monkeypatch.undo()
    forget()


def test_a_plug_in_is_a_component_like_any_other(installed):
    installed()
    assert "lead" in registry.names("attacks")
    assert registry.module("attacks", "lead") == KEY
    module = registry.load("attacks", "lead")
    settings = module.Config(quantile=0.25)
    original = view(memory=4.0)
    fitted = module.fit(for_fitting(original), settings, ())
    scored = module.score(fitted, evidence(memory=4.0), settings, ())
    assert 0 < np.mean(scored.decision) < 1


def test_its_settings_are_checked_as_others_are(installed):
    installed()
    attacks = {"lead": {"quantile": 0.25}}
    experiment = parse(TINY | {"attacks": attacks})
    assert experiment.attacks["lead"].settings == {"quantile": 0.25}
    with pytest.raises(ConfigError, match=r"attacks\.lead\.quantil: unknown key .*'quantile'"):
        parse(TINY | {"attacks": {"lead": {"quantil": 1}}})


def test_looking_for_names_imports_nothing(installed):
    installed()
    assert "lead" in registry.names("attacks")
    assert "qmu_margin" not in sys.modules


@pytest.mark.parametrize("name", ["gap", "lead"])
def test_a_name_that_exists_twice_is_one_clear_error(installed, name):
    installed(name=name)
    installed(name=name, of="-too", version="3")
    own = "qmu itself and " if name == "gap" else ""
    both = f"there are two, of {own}qmu-margin(-too 3|) "
    with pytest.raises(ConfigError, match=f"attacks component '{name}': {both}"):
        registry.load("attacks", name)
    assert registry.load("attacks", "loss_thr")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("qmu_margin.nothing", "ModuleNotFoundError: No module named 'qmu_margin.nothing'"),
        ("qmu_margin.lead:CARD", "ModuleNotFoundError"),
        ("qmu_margin.margins", "its file must define Config"),
    ],
)
def test_a_broken_plug_in_is_one_clear_line(installed, value, expected):
    installed(value)
    with pytest.raises(ConfigError, match=f"attacks component 'lead'.*{expected}"):
        registry.load("attacks", "lead")


@pytest.mark.parametrize("line", ["1 / 0", "raise SystemExit(3)", "def ("])
def test_a_plug_in_that_fails_to_import_is_named_with_its_version(installed, line):
    (installed(version="0.7") / "lead.py").write_text(line + "\n")
    with pytest.raises(ConfigError, match=r"'lead' of qmu-margin 0\.7 cannot be imported"):
        registry.load("attacks", "lead")


def specs():
    """What two jobs of the tiny experiment read, one of which runs the plug-in."""
    forget()
    experiment = parse(TINY | {"attacks": {"lead": {}, "gap": {}}})
    fitting = attack.fit_attacks(experiment, "basic_qnn")
    return fitting.plain(), attack.attack_data(experiment, "basic_qnn").plain()


def test_an_edit_of_a_plug_in_runs_its_jobs_again_and_no_others(installed):
    folder = installed()
    before = specs()
    assert {KEY, "qmu-margin:qmu_margin.margins", "qmu-margin:qmu_margin"} <= set(before[0]["code"])
    file = folder / "margins.py"
    text = file.read_text()
    file.write_text(text.replace("others.max", "others.min"))
    after = specs()
    assert before[1] == after[1]
    assert differences(before[0], after[0]) == ["code changed: qmu_margin.margins of qmu-margin"]
    file.write_text(text.replace("What the attack", "Whatever it"))
    assert specs() == before


def test_another_version_runs_its_jobs_again(installed):
    installed()
    before = specs()
    installed(version="0.2.0")
    after = specs()
    assert before[1] == after[1]
    assert before[0]["code"][KEY] != after[0]["code"][KEY]


USE = """
import numpy as np, yaml
from qmu.config.parse import parse
from qmu import registry
from attack_example import evidence, for_fitting, view
config = yaml.safe_load(open({tiny!r})) | {{"attacks": {{"lead": {{}}}}}}
entry = parse(config).attacks["lead"]
module = registry.load("attacks", entry.component)
settings = module.Config(**entry.settings)
fitted = module.fit(for_fitting(view()), settings, ())
print("scored", len(module.score(fitted, evidence(), settings, ()).score))
"""


def test_a_package_that_pip_installed_is_used(tmp_path):
    """No index, no network: into a folder of its own."""
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target"]
    pip = [sys.executable, "-m", "pip", "install", *options, str(target), str(source)]
    subprocess.run(pip, check=True, capture_output=True, timeout=120)
    folders = [target, Path(qmu.__file__).parents[1], EXAMPLE.parent]
    tiny = str(Path(__file__).parents[2] / "experiments" / "tiny.yaml")
    ran = subprocess.run(
        [sys.executable, "-c", USE.format(tiny=tiny)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("scored ")
