"""Bad configurations: each ends with one line that names the key, before anything starts."""

import copy

import pytest
import yaml
from fixtures import small_config
from qmu import registry
from qmu.config.parse import parse
from qmu.data import dataset
from qmu.errors import ConfigError

REMOVED = object()
TRAINING = "models.basic_qnn.training"

# (dotted key, value, words that the message must hold); the message starts with the key itself.
UNKNOWN = [
    ("shadows.unlerned", 8, "Did you mean 'unlearned'?"),
    ("seedz", [0], "unknown key 'seedz'. Did you mean 'seeds'?"),
    ("forgot", {}, "Did you mean 'forget'?"),
    ("forget.labl", 4, "unknown key 'labl'. Did you mean 'label'?"),
    ("model", {}, "Did you mean 'models'?"),
    ("samples.trian", 10, "unknown key 'trian'. Did you mean 'train'?"),
    ("features.component", 10, "Did you mean 'components'?"),
    ("simulation.devise", "x", "Did you mean 'device'?"),
    ("fleet.size", 8, "Valid: device, precision, width."),
    ("evaluation.bootstraps", 500, "Did you mean 'bootstrap'?"),
    ("dataset.paht", "x", "unknown key 'paht'."),
    ("models.basic_qnn.layer", 5, "Did you mean 'layers'?"),
    (TRAINING + ".lr", 0.1, "unknown key 'lr'. Valid: batch_size, epochs, federated"),
    (TRAINING + ".batchsize", 8, "Did you mean 'batch_size'?"),
    (TRAINING + ".private", {"sigma": 1.0}, "models.basic_qnn.training.private.sigma: unknown"),
    ("unlearning.ga.step_lenght", 0.1, "Did you mean 'step_length'?"),
    ("unlearning.ga.stopping.max_step", 10, "Did you mean 'max_steps'?"),
    ("audit.rungs", [5], "unknown key 'rungs'. Valid: innocents, ladder, path."),
    ("attacks.loss_thr.treshold", 1, "Did you mean 'threshold'?"),
]

TYPES = [
    ("seeds", 0, "must be a list, found 0"),
    ("seeds", "0", "must be a list"),
    ("seeds", None, "must be a list, found nothing"),
    ("seeds", ["a"], "seeds.0: must be a valid integer, found 'a'"),
    ("seeds", [0, True], "seeds.1: must be a valid integer, found True"),
    ("root_seed", 1.0, "must be a valid integer, found 1.0"),
    ("forget", 4, "must be a mapping of keys to values, found int"),
    ("forget.label", "4", "must be a valid integer, found '4'"),
    ("forget.label", True, "must be a valid integer, found True"),
    ("forget.label", REMOVED, "this key is required"),
    ("forget", REMOVED, "must say what to forget, such as forget: {kind: class, label: 4}"),
    ("forget_class", 4, "is now forget: {kind: class, label: 4}"),
    ("memory_gib", True, "must be a valid number, found True"),
    ("memory_gib", "8 GiB", "must be a valid number, found '8 GiB'."),
    ("samples", 1000, "must be a mapping of keys to values, found 1000"),
    ("samples", None, "must be a mapping of keys to values, found nothing"),
    ("samples", [1000, 500], "must be a mapping of keys to values"),
    ("samples.train", "1000", "must be a valid integer"),
    ("samples.train", 99.5, "must be a valid integer"),
    ("features.fit_on", "publik", "must be 'public' or 'all_training', found 'publik'. Did you"),
    ("simulation.device", True, "must be a valid string"),
    ("simulation.precision", "doubel", "Did you mean 'double'?"),
    ("simulation.precision", 64, "must be 'single' or 'double', found 64. Valid: double, single."),
    ("dataset", "mnist_embedded", "must be a mapping of keys to values, found str"),
    ("dataset", None, "must be a mapping of keys to values, found nothing"),
    ("models", ["hqnn"], "needs at least one named entry"),
    ("models", None, "needs at least one named entry"),
    ("models.basic_qnn", "five layers", "must be a mapping of keys to values, found str"),
    ("models.basic_qnn", [], "must be a mapping of keys to values, found list"),
    ("models.basic_qnn.layers", 2.5, "must be a valid integer"),
    ("models.basic_qnn.layers", True, "must be a valid integer"),
    (TRAINING, None, "must be a mapping of keys to values, found nothing"),
    (TRAINING + ".learning_rate", "1e-3", "found '1e-3'. YAML reads a number only with a decimal"),
    (TRAINING + ".learning_rate", True, "must be a valid number"),
    (TRAINING + ".learning_rate", float("nan"), "must be a finite number"),
    (TRAINING + ".learning_rate", float("inf"), "must be a finite number"),
    (TRAINING + ".optimizer", "adamw", "Did you mean 'adam'?"),
    (TRAINING + ".loss", "cross_entropy", "must be 'ce' or 'bce_sum', found 'cross_entropy'"),
    ("unlearning.ga", 0.05, "must be a mapping of keys to values, found float"),
    ("unlearning.ga.stopping", 400, "must be a mapping of keys to values, found 400"),
    ("unlearning.ga.stopping.forget_loss", "high", "'shadows' or a valid number, found 'high'."),
    ("unlearning.ga.stopping.forget_loss", True, "'shadows' or a valid number, found True."),
    ("unlearning.ga.stopping.path", "yes", "must be a valid boolean, found 'yes'"),
    ("audit.ladder", 5, "must be a list, found 5"),
    ("audit.innocents", 1.5, "must be a valid integer, found 1.5"),
    ("experiment", 2024, "must be a valid string, found 2024"),
]

RANGES = [
    ("experiment", REMOVED, "this key is required"),
    ("seeds", REMOVED, "this key is required"),
    ("experiment", "", "must be a name of the form"),
    ("experiment", "a/b", "must be a name of the form"),
    ("experiment", "../x", "must be a name of the form"),
    ("experiment", "x" * 65, "must be a name of the form"),
    ("experiment", "two\nlines", "must be a name of the form"),
    ("seeds", [], "must be a list of at least 1"),
    ("seeds", [-1], "seeds.0: must be greater than or equal to 0, found -1"),
    ("seeds", [10**7], "seeds.0: must be less than or equal to 1000000"),
    ("root_seed", -1, "must be greater than or equal to 0"),
    ("root_seed", 2**63, "must be less than or equal to"),
    ("memory_gib", 0, "must be greater than 0, found 0"),
    ("samples.train", 0, "must be greater than 0, found 0"),
    ("samples.test", -5, "must be greater than 0, found -5"),
    ("features.components", 0, "must be greater than 0"),
    ("fleet.width", 0, "must be greater than or equal to 1"),
    ("fleet.width", 1000, "must be less than or equal to 256"),
    ("retrain.ensemble", 1, "must be greater than or equal to 2"),
    ("shadows.count", 1, "must be greater than or equal to 2"),
    ("shadows.block", 0, "must be greater than or equal to 1"),
    ("evaluation.confidence", 95, "must be less than 1, found 95"),
    ("evaluation.bootstrap", 10, "must be greater than or equal to 100"),
    ("models.basic_qnn.qubits", 1, "must be greater than or equal to 2"),
    ("models.basic_qnn.layers", -1, "must be greater than or equal to 0"),
    (TRAINING + ".momentum", 1.0, "must be less than 1"),
    (TRAINING + ".learning_rate", 0, "must be greater than 0"),
    (TRAINING + ".epochs", 0, "must be greater than 0"),
    ("unlearning.ga.step_length", -0.1, "must be greater than 0"),
    ("unlearning.ga.batch_size", 0, "must be greater than 0"),
    ("unlearning.ga.stopping.forget_loss", 0, "must be 'shadows' or greater than 0, found 0"),
    ("audit.ladder", [0], "audit.ladder.0: must be greater than 0, found 0"),
    ("audit.ladder", [5, 101], "audit.ladder.1: must be less than or equal to 100, found 101"),
    ("audit.ladder", [5, 2], "must ascend, each value once"),
    ("audit.ladder", [5, 5], "must ascend, each value once"),
    ("audit.path", [2, 0.5], "must ascend, each value once"),
    ("audit.path", [21], "audit.path.0: must be less than or equal to 20"),
    ("audit.innocents", -1, "must be greater than or equal to 0"),
    ("audit.innocents", 5, "5 retrained models to edit, retrain.ensemble is 4"),
    ("unlearning.ga.stopping.validation_drop", 2, "must be less than or equal to 1"),
]

NAMES = [
    ("models.Hqnn", {}, "a name starts with a lower-case letter"),
    ("models.my-model", {"model": "hqnn"}, "a name starts with a lower-case letter"),
    ("unlearning.1", {"method": "ga"}, "a name starts with a lower-case letter"),
    ("unlearning.True", {"method": "ga"}, "a name starts with a lower-case letter"),
    ("unlearning." + "x" * 41, {"method": "ga"}, "at most 40"),
    ("unlearning.a b", {"method": "ga"}, "a name starts with a lower-case letter"),
    ("unlearning.target", {"method": "ga"}, "the name 'target' is reserved"),
    ("unlearning.retrain", {"method": "ga"}, "the name 'retrain' is reserved"),
    ("unlearning.retrain_ensemble", {"method": "ga"}, "is reserved"),
    ("unlearning.residue", {"method": "ga"}, "the name 'residue' is reserved"),
    ("unlearning.innocent_head", {"method": "ga"}, "the name 'innocent_head' is reserved"),
    ("unlearning.ga@2", {"method": "ga"}, "a name starts with a lower-case letter"),
]

COMPONENTS = [
    ("models.hqn", {}, "models.hqn.model: no models component named 'hqn'. Did you mean 'hqnn'?"),
    ("models.a", {"model": "resnet"}, "models.a.model: no models component named 'resnet'. Valid:"),
    ("unlearning.gaa", {}, "unlearning.gaa.method: no unlearning component named 'gaa'. Did you"),
    ("unlearning.b", {"method": "_step"}, "unlearning.b.method: no unlearning component named"),
    ("unlearning.b", {"method": None}, "unlearning.b.method: no unlearning component named None"),
    ("unlearning.b", {"method": ["ga"]}, "unlearning.b.method: no unlearning component named"),
    ("unlearning.b", {"method": "../ga"}, "unlearning.b.method: no unlearning component named"),
    ("attacks.lira", {}, "attacks.lira.attack: no attacks component named 'lira'"),
    ("dataset.name", "mnist", "no data component named 'mnist'. Did you mean 'mnist_"),
]

DEVICES = [
    ("simulation.device", "lightning.qbit", "did you mean 'lightning.qubit'?"),
    ("fleet.device", "gpu", "unknown device 'gpu'"),
    ("simulation.device", "default.mixed", "'default.mixed' has no adjoint gradients"),
    ("simulation.device", "qiskit.remote", "'qiskit.remote' has no adjoint gradients"),
    ("fleet.device", "qiskit.aer", "'qiskit.aer' has no adjoint gradients"),
]

FURTHER = [
    ("devices", {"a": {"device": "default.qubit", "noise": {}}}, "devices.a: noise: default.qubit"),
    ("devices", {"a": {}}, "devices.a: noise: default.mixed is there for noise, state it"),
    ("devices", {"a": {"noise": {}, "shots": 0}}, "devices.a.shots: must be greater than or"),
    (
        "devices",
        {"a": {"noise": {"bit_flip": 0.6}}},
        "devices.a.noise: bit_flip times scale is 0.6",
    ),
    ("devices", {"a": {"noise": {"mod": 1}}}, "devices.a.noise.mod: unknown key 'mod'. Did you"),
    ("devices", {"a": {"kind": ["ibm"]}}, "devices.a.kind: no kind of device named ['ibm']"),
    ("devices", {"a": None}, "devices.a: must be a mapping"),
    ("devices", {"ga": {"noise": {}}}, "devices.ga: the name 'ga' is a model's or variant's"),
    ("devices", ["noisy"], "devices: needs named entries"),
    ("sweep", 3, "sweep: must be a mapping"),
    ("sweep", {"shots": [0]}, "sweep.shots.0: must be greater than or equal to 1"),
    ("sweep", {"scales": [100]}, "sweep: scales: at 100, bit_flip times scale is 1"),
    ("sweep", {"shots": [8, 8]}, "sweep: shots: a value stands there twice"),
]

COMBINATIONS = [
    ("seeds", [1, 2, 1], "1 stands there twice"),
    ("forget.label", 10, "10 is no class (classes 0 to 9)"),
    ("forget.kind", "clas", "no forget component named 'clas'. Did you mean 'class'?"),
    ("features.components", 300, "models.basic_qnn.qubits: 300 features do not fit the 256 amp"),
    ("models.basic_qnn.qubits", 7, "256 features do not fit the 128 amplitudes of 7 qubits"),
    ("features.components", 1001, "1001 principal components need at least as many public"),
    (
        "features",
        {"components": 785, "public": 2000},
        "features.components: 785 exceeds",
    ),
    (
        "features.scale",
        "log",
        "must be 'none', 'standard' or 'minmax', found 'log'",
    ),
    ("features.public", 255, "features.components: 256 principal components need at least"),
    ("features.public", 5000, "5000 leaves nothing of 5000"),
    ("features.pool", 4001, "4001 rows asked, mnist_embedded has 4000 beside the 1000 public"),
    ("features.fit_on", "all_training", "'all_training' needs a data set with a training part"),
    ("samples.train", 6000, "train + test + validation is 6700, the pool holds 4000 rows"),
    ("samples.test", 3000, "samples.train: train + test + validation is 4200"),
    ("samples.train", 2001, "allow at most 2000, found 2001"),
    ("samples.train", 99, "99 is too few for 10 classes (at least 100)"),
    ("features.pool", 1600, "samples.train: train + test + validation is 1700"),
    ("features.pool", 1800, "samples.train: shadow models leave at least half of the pool out"),
    (TRAINING + ".batch_size", 501, "501 exceeds half of samples.train (1000)"),
    ("memory_gib", 0.001, "models.basic_qnn.qubits: 8 qubits on lightning.qubit need about"),
    ("dataset", {"name": "mnist_full"}, "either path (a folder of IDX files or an npz file) or"),
    ("dataset", {"name": "mnist_full", "path": "/no/such", "openml": True}, "either path"),
    ("dataset", {"name": "mnist_full", "path": "/no/such/file"}, "dataset.path: /no/such/file: no"),
    ("dataset", {"name": "mnist_embedded", "path": "x"}, "dataset.path: unknown key 'path'."),
    ("unlearning", {"ssd": {"alphas": []}}, "unlearning.ssd.alphas: must be a list of at least 1"),
    ("unlearning", {"ssd": {"alphas": [3, 0]}}, "unlearning.ssd.alphas.1: must be greater than 0"),
    ("unlearning", {"ssd": {"alphas": 3}}, "unlearning.ssd.alphas: must be a list, found 3"),
    ("unlearning", {"rga": {"weight": -1}}, "unlearning.rga.weight: must be greater than or equal"),
    (
        "unlearning",
        {"rga": {"variant": "nrom"}},
        "unlearning.rga.variant: must be 'norm'",
    ),
    ("unlearning", {"logit_mask": {"x": 1}}, "unlearning.logit_mask.x: unknown key 'x'."),
    ("unlearning", {}, "unlearning: needs at least one named entry"),
    ("attacks", {}, "attacks: needs at least one named entry"),
    ("attacks", {"u_lira": {}}, "attacks.u_lira: needs shadow models that the methods have"),
    ("quality", {"klom": {}}, "quality.klom: needs shadow models that the methods have unlearned"),
    ("shadows", {"count": 16, "unlearned": 17}, "shadows.unlearned: 17 of only 16 shadow models"),
    (
        "attacks",
        {"label_only": {}, "again": {"attack": "label_only"}},
        "attacks.again: only one attack may ask about transformed images",
    ),
    ("models", {"reupload_vqc": {}}, "models.reupload_vqc.qubits: 256 features need as many"),
    ("models", {"rzz_vqc": {}}, "models.rzz_vqc.model: rzz_vqc tells two classes apart, the data"),
    (
        "models",
        {"mlp": {"reads": "states"}},
        "models.mlp.reads: reads states, which the data set mnist_embedded (image) does not have",
    ),
    ("models", {"angle_vqc": {"qubits": 8}}, "models.angle_vqc.qubits: 256 features need as many"),
    ("models", {"mlp": {"hidden": []}}, "models.mlp.hidden: must be a list of at least 1"),
    ("quality", {"probee": {}}, "quality.probee.measure: no quality component named 'probee'. Did"),
]

CASES = UNKNOWN + TYPES + RANGES + NAMES + COMPONENTS + DEVICES + FURTHER
CASES += COMBINATIONS


def changed(key, value):
    """The small configuration with one key set or removed."""
    raw = copy.deepcopy(small_config())
    *folders, last = key.split(".") if not key.startswith("experiment") else [key]
    section = raw
    for part in folders:
        section[part] = {} if section.get(part) is None else section[part]
        section = section[part]
    if value is REMOVED:
        del section[last]
    else:
        section[last] = value
    return raw


def message(raw):
    with pytest.raises(ConfigError) as caught:
        parse(raw)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 300
    return text


@pytest.mark.parametrize(
    ("key", "value", "words"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)]
)
def test_one_line_names_the_key(key, value, words):
    text = message(changed(key, value))
    assert words in text
    start = text.split(": ")[0]
    assert start.split(".")[0] in (key.split(".")[0], words.split(".")[0])
    if not words.startswith((start.split(".")[0] + ".", start + ":")):
        assert start == key


def test_more_than_a_hundred_are_covered():
    assert len(CASES) > 100


def test_several_errors_show_the_misspelt_key_first_and_count_the_rest():
    raw = small_config() | {"samples": {"train": -1, "tset": 5, "validation": "x"}}
    text = message(raw)
    assert text.startswith("samples.tset: unknown key 'tset'. Did you mean 'test'?")
    assert text.endswith("(and 2 more)")


def test_one_value_of_several_kinds_is_one_error():
    """Pydantic tells it once for every kind that the value might have been."""
    text = message(changed("unlearning.ga.stopping", {"forget_loss": "high", "max_steps": 0}))
    assert text.startswith("unlearning.ga.stopping.forget_loss: must be 'shadows' or a valid")
    assert text.endswith("(and 1 more)")


def test_a_value_in_a_list_of_several_kinds_is_named_by_its_place():
    raw = small_config() | {"forget": {"kind": "group", "column": "client", "values": ["a", None]}}
    text = message(raw)
    assert text.startswith("forget.values.1: must be a valid string or a valid integer")


def test_long_values_are_cut():
    raw = small_config() | {"forget": {"label": "x" * 500}}
    assert "xxx..." in message(raw)


def test_keys_that_are_no_text():
    assert message(small_config() | {3: 1}).startswith("3: unknown key '3'.")
    assert message(small_config() | {"a\nb": 1})
    assert message(changed("samples", {"a\nb": 1})).startswith("samples.a")


def test_a_device_that_is_not_installed_says_what_to_install(monkeypatch):
    from qmu.simulators import capabilities

    monkeypatch.setattr(capabilities, "_found", lambda module: "gpu" not in module)
    text = message(changed("simulation.device", "lightning.gpu"))
    assert text.startswith("simulation.device: device 'lightning.gpu' is not installed: pip ")


def test_a_wide_fleet_counts_all_its_models():
    raw = changed("fleet", {"device": "default.qubit", "precision": "double", "width": 256})
    raw["models"]["basic_qnn"] = {"qubits": 13}
    assert "13 qubits on default.qubit need about" in message(raw)
    raw["fleet"]["width"] = 1
    parse(raw)


@pytest.mark.parametrize(
    "text",
    [
        "experiment: x\nseeds: [yes]\n",
        "experiment: yes\nseeds: [0]\n",
        "experiment: x\nseeds: [0]\nforget: {label: .nan}\n",
        "experiment: x\nseeds: [0]\nmemory_gib: .inf\n",
        "experiment: x\nseeds: {0: 1}\n",
        "- experiment\n- x\n",
        "",
        "experiment: x\nseeds: [0]\nmodels:\nunlearning:\nattacks:\n",
        "experiment: x\nseeds: [2024-01-01]\n",
    ],
)
def test_what_yaml_makes_of_a_slip_is_refused(text):
    raw = yaml.safe_load(text)
    if isinstance(raw, dict) and "models" not in raw:
        raw = small_config() | raw
    message(raw)


@pytest.mark.parametrize("settings", [{"method": "logit_mask"}, {"method": "bias_shift"}])
def test_a_method_is_left_out_for_models_that_it_cannot_unlearn(settings):
    raw = small_config() | {
        "features": {"components": 10},
        "models": {"basic_qnn": {}, "mine": {"model": "reupload_vqc", "qubits": 10}},
        "unlearning": {"ga": {}, "control": settings},
    }
    experiment = parse(raw)
    assert experiment.variants("basic_qnn") == ["target", "retrain", "ga", "control"]
    assert experiment.variants("mine") == ["target", "retrain", "ga"]
    needed = "a head with a bias for every class"
    assert experiment.left_out == {"basic_qnn": {}, "mine": {"control": needed}}
    del raw["models"]["basic_qnn"]
    with pytest.raises(ConfigError) as raised:
        parse(raw)
    told = f"unlearning.control: needs {needed}, which no model of the experiment has"
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("scope", "without"),
    [("circuit", ["mlp"]), ("classical", ["mine"]), ("head", ["mine"]), ("all", [])],
)
def test_a_scope_needs_tensors_that_it_can_change(scope, without):
    raw = small_config() | {
        "features": {"components": 10},
        "models": {"basic_qnn": {}, "mlp": {}, "mine": {"model": "reupload_vqc", "qubits": 10}},
        "unlearning": {"ga": {"scope": scope}},
    }
    assert [name for name, words in parse(raw).left_out.items() if words] == without


@pytest.mark.parametrize(
    ("section", "settings", "message"),
    [
        ("attacks", {"label_only": {}}, "attacks.label_only: transforms pixels or features"),
        ("devices", {"torino": {"kind": "ibm", "backend": "fake_torino"}}, "devices.torino: prep"),
        ("signal", {}, "signal: prepares real amplitudes, and models.mine reads states"),
    ],
)
def test_what_states_cannot_do_is_said(monkeypatch, section, settings, message):
    described = dataset.Description(classes=2, rows=4000, kind="states", shape=(16,))
    monkeypatch.setattr(registry.load("data", "mnist_embedded"), "describe", lambda _: described)
    raw = small_config() | {
        "forget": {"kind": "class", "label": 1},
        "models": {"mine": {"model": "rzz_vqc", "qubits": 4, "reads": "states"}},
    }
    assert parse(raw).width("mine") == 16
    with pytest.raises(ConfigError) as raised:
        parse(raw | {section: settings})
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("section", "settings", "where"),
    [
        ("devices", {"noisy": {"device": "default.mixed", "noise": {}}}, "devices.noisy"),
        ("sweep", {}, "sweep"),
        ("signal", {}, "signal"),
    ],
)
def test_a_classical_model_alone_runs_on_no_device(section, settings, where):
    with pytest.raises(ConfigError) as raised:
        parse(small_config() | {"models": {"mlp": {}}, section: settings})
    message = f"{where}: runs circuits, and no model of the experiment has one"
    assert str(raised.value) == message
