"""A job computes on one thread, whatever its environment asks for.

Nothing is timed: each library says how many threads it may use, and XLA's are counted in the
process. A control without the job's preparation, asked for three threads, must show three, so that
a library that stops listening to its variable is noticed, also on a machine with one core.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).parents[3] / "workflow"
ASKED = 3
GREEDY = {
    name: str(ASKED)
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NPROC",
    )
}

LIBRARIES = """
import numpy as np
import pennylane as qml
import jax, jax.numpy as jnp
from pathlib import Path
from threadpoolctl import threadpool_info

x = np.ones((600, 600))
x @ x
jax.jit(lambda a: jnp.sin(a @ a).sum())(jnp.ones((600, 600))).block_until_ready()
device = qml.device("lightning.qubit", wires=4)

@qml.qnode(device, diff_method="adjoint")
def circuit(angles):
    for wire in range(4):
        qml.RX(angles[wire], wires=wire)
    return [qml.expval(qml.PauliZ(wire)) for wire in range(4)]

qml.jacobian(lambda a: qml.math.stack(circuit(a)))(qml.numpy.ones(4, requires_grad=True))
names = [task.joinpath("comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
pools = [[pool["internal_api"], pool["num_threads"]] for pool in threadpool_info()]
print(json.dumps({"pools": pools, "xla": names.count("tf_XLAEigen")}))
"""
PREPARE = (
    "from qmu.steps.frame.environment import prepare_environment; "
    "prepare_environment(sys.argv[1])\n"
)

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc, which Linux has"
)


def threads(cache, prepared, **environment):
    """What a fresh Python says of its threads after it used every library."""
    code = "import json, sys\n" + (PREPARE if prepared else "") + LIBRARIES
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XLA_", "JAX_"))}
    ran = subprocess.run(
        [sys.executable, "-c", code, str(cache)],
        env=kept | GREEDY | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(WORKFLOW)} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def test_a_job_uses_one_thread_of_every_library(tmp_path):
    found = threads(tmp_path, prepared=True)
    apis = {api for api, _ in found["pools"]}
    assert {"openblas", "openmp"} <= apis
    assert [pool for pool in found["pools"] if pool[1] != 1] == []
    assert found["xla"] == 1


def test_xla_flags_of_the_user_do_not_bring_more_threads(tmp_path):
    asked = "--xla_cpu_multi_thread_eigen=true --xla_force_host_platform_device_count=1"
    assert threads(tmp_path, prepared=True, XLA_FLAGS=asked)["xla"] == 1


def test_without_the_preparation_the_libraries_take_what_is_asked(tmp_path):
    found = threads(tmp_path, prepared=False)
    counts = dict(found["pools"])
    assert found["xla"] == ASKED
    assert counts["openmp"] == ASKED
    # OpenBLAS takes no more than there are cores.
    assert counts["openblas"] == min(ASKED, len(os.sched_getaffinity(0)))


CALLED_BACK = """
import jax
import jax.numpy as jnp
import numpy as np
from qmu.models import model as models
from qmu.models.gradients import outputs
from qmu.seeds import generator

model = models.build(
    "basic_qnn", {"qubits": 8, "layers": 1, "embedding": "angle"}, 2, "lightning.qubit", "double", 8
)
parameters = model.initial_parameters(generator("threads"))
inputs = model.inputs({"features": np.ones((512, 8))})
forward = outputs(model)
# Parameters that are still being computed put the program off to the other thread.
busy = jax.jit(lambda x: jax.lax.fori_loop(0, 300, lambda i, y: jnp.tanh(y @ y), x)[0, 0])
for _ in range(3):
    late = 1 + 0 * busy(jnp.ones((300, 300)))
    parameters = {name: late * value for name, value in parameters.items()}
    print(np.shape(forward(parameters, inputs)[1]))
"""


def test_a_simulator_that_a_program_calls_back_finds_a_thread(tmp_path):
    """With one thread for both, the program and the callback's arrays waited for one another."""
    ran = subprocess.run(
        [sys.executable, "-c", "import sys\n" + PREPARE + CALLED_BACK, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(WORKFLOW)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.stdout.split() == ["(512,", "2)"] * 3, ran.stderr
