"""What every kind of device brings, and what its card says of it."""

import pytest
from qmu import registry
from qmu.attacks.game import AttackCard
from qmu.circuits.ansatz import reupload, u3_cnot_ring
from qmu.devices import checks
from qmu.devices.checks import Context, DeviceCard, configured
from qmu.errors import ConfigError

SIMPLE = {
    "simulated": {"device": "default.qubit"},
    "ibm": {"backend": "fake_manila"},
    "pennylane": {"device": "default.qubit"},
    "corrected": {"of": "other"},
}
CIRCUITS = {"ring": u3_cnot_ring.circuit(3, 1)}
LOSS = AttackCard("", "", "")
SIZES = {"train": 1000, "test": 500, "validation": 200, "unseen": 3000}


def context(**devices):
    """All devices of a run, in double precision and 8 GiB."""
    return Context({n: configured(*one) for n, one in devices.items()}, "double", 8, SIZES, 3)


def checked(kind, settings, circuits=CIRCUITS, **others):
    """The check of one device beside others."""
    given = context(dut=(kind, settings), **others)
    kinds = {"dut": kind} | {name: other for name, (other, _) in others.items()}
    checks.check(kinds, circuits, [LOSS], ("ring", "target"), given)


@pytest.mark.parametrize("kind", registry.names("devices"))
def test_every_kind_has_a_card_settings_and_a_check(kind):
    module = registry.load("devices", kind)
    assert isinstance(module.CARD, DeviceCard)
    assert module.CARD.title
    assert module.CARD.source
    assert module.CARD.statement.endswith(".")
    config = module.Config(**SIMPLE[kind])
    # Which images are asked about is a setting exactly where the card says so.
    assert module.CARD.chosen_images == hasattr(config, "images")
    checked(kind, SIMPLE[kind], other=("simulated", SIMPLE["simulated"]))


def test_a_correction_needs_a_device_that_executes():
    checked("corrected", {"of": "qpu"}, qpu=("ibm", SIMPLE["ibm"]))
    with pytest.raises(ConfigError, match=r"devices\.dut\.of: no device named 'dut'"):
        checked("corrected", {"of": "dut"})
    few = SIMPLE["ibm"] | {"images": {"validation": 3}}
    with pytest.raises(ConfigError, match=r"devices\.qpu\.images\.validation: devices\.dut needs"):
        checked("corrected", {"of": "qpu"}, qpu=("ibm", few))


def test_a_known_backend_must_be_able_to_do_the_work():
    wide = {"wide": u3_cnot_ring.circuit(6, 1)}
    with pytest.raises(ConfigError, match=r"devices\.dut\.backend: fake_manila has 5 qubits"):
        checked("ibm", SIMPLE["ibm"], wide)
    with pytest.raises(ConfigError, match=r"devices\.dut\.job\.max_total_seconds: the jobs"):
        checked("ibm", {"backend": "ibm_x", "shots": 100_000})
    checked("ibm", {"backend": "ibm_x", "shots": 100_000, "job": {"max_total_seconds": 1e6}})


def test_noise_needs_amplitudes():
    data = {"angles": reupload.circuit(3, 2, 2, 1, 2)}
    with pytest.raises(ConfigError, match=r"devices\.dut\.noise: models\.angles: noise is"):
        checked("simulated", {"noise": {}}, data)
    checked("simulated", {"noise": {}})


def test_a_device_needs_a_name_and_an_attack_of_its_own():
    device = context(ring=("simulated", SIMPLE["simulated"]))
    with pytest.raises(ConfigError, match=r"devices\.ring: the name 'ring' is a model's"):
        checks.check({"ring": "simulated"}, CIRCUITS, [LOSS], ("ring",), device)
    needy = AttackCard("", "", "", needs=("queries",))
    with pytest.raises(ConfigError, match=r"devices\.ring: none of the configured attacks"):
        checks.check({"ring": "simulated"}, CIRCUITS, [needy], (), device)


@pytest.mark.parametrize(
    ("needs", "portable"),
    [((), True), (("shadows",), True), (("queries",), False), (("unlearned_shadows",), False)],
)
def test_attacks_that_need_more_than_answers_stay_with_the_simulation(needs, portable):
    assert AttackCard("", "", "", needs=needs).portable is portable


def test_the_attacks_of_the_sweep_judge_single_images():
    """Fitted once, then asked about one image at a time: none that compares models."""
    cards = {name: registry.load("attacks", name).CARD for name in registry.names("attacks")}
    single = {name for name, card in cards.items() if card.freezable}
    assert single == {"su_graybox", "loss_thr", "conf_thr", "entr_thr", "mentr_thr", "gap"}
    assert all(cards[name].portable for name in single)
