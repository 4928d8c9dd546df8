# The trained, unlearned and retrained models on further devices, attacked there. A kind of device
# has a rule of its own for the table of outputs; all that follows is the same.
from qmu.plan import devices

SIMULATED = devices.of_kind(experiment, "simulated")
CORRECTED = devices.of_kind(experiment, "corrected")
PENNYLANE = devices.of_kind(experiment, "pennylane")


use rule job as evaluate_on with:
    input:
        pool=POOL,
        samples=files.samples(),
        parameters=files.of_seeds("parameters"),
    output:
        outputs=files.outputs_on(),
    log:
        files.log("models/{model}/{variant}/on-{device}"),
    benchmark:
        files.benchmark("models/{model}/{variant}/on-{device}")
    wildcard_constraints:
        device=one_of(SIMULATED),
    priority: 4
    resources:
        **asks(mem_mb=4000, runtime=60),
    params:
        spec=told(devices.evaluate_on),
    message:
        "Evaluate {wildcards.model}, {wildcards.variant}, on {wildcards.device}"


# One execution per image: for few images.
use rule job as evaluate_with with:
    input:
        pool=POOL,
        samples=at(paths.SAMPLES),
        parameters=files.variant("parameters"),
    output:
        outputs=at(paths.OUTPUTS_ON),
    log:
        files.log("models/{model}/seed-{seed}/{variant}/on-{device}"),
    benchmark:
        files.benchmark("models/{model}/seed-{seed}/{variant}/on-{device}")
    wildcard_constraints:
        device=one_of(PENNYLANE),
    priority: 4
    resources:
        **asks(mem_mb=4000, runtime=240),
        qpu=lambda w: 0 if devices.stays_here(experiment, w.device) else 1,
    params:
        spec=told(devices.evaluate_with),
    message:
        "Evaluate {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, on {wildcards.device}"


use rule job as correct with:
    input:
        measured=lambda w: files.corrected(w.device),
        exact=files.of_seeds("outputs"),
        parameters=files.of_seeds("parameters"),
    output:
        outputs=files.outputs_on(),
    log:
        files.log("models/{model}/{variant}/on-{device}"),
    benchmark:
        files.benchmark("models/{model}/{variant}/on-{device}")
    wildcard_constraints:
        device=one_of(CORRECTED),
    priority: 4
    resources:
        **asks(mem_mb=4000, runtime=30),
    params:
        spec=told(devices.correct),
    message:
        "Correct {wildcards.model}, {wildcards.variant}, as {wildcards.device}"


use rule fit_attacks as fit_attacks_on with:
    input:
        data=at(paths.ATTACK_DATA),
        outputs=files.outputs_on("target"),
    output:
        fitted=at(paths.FITTED_ON),
    log:
        files.log("attacks/{model}/on-{device}/fit_attacks"),
    benchmark:
        files.benchmark("attacks/{model}/on-{device}/fit_attacks")
    priority: 4
    resources:
        **asks(mem_mb=4000, runtime=30),
    params:
        spec=told(devices.fit_attacks_on),
    message:
        "Fit the attacks on {wildcards.model} on {wildcards.device}"


use rule job as score_on with:
    input:
        fitted=at(paths.FITTED_ON),
        outputs=files.outputs_on(),
        original=files.outputs_on("target"),
    output:
        scores=at(paths.SCORES_ON),
    log:
        files.log("scores/{model}/on-{device}/{variant}"),
    benchmark:
        files.benchmark("scores/{model}/on-{device}/{variant}")
    priority: 3
    resources:
        **asks(mem_mb=4000, runtime=30),
    params:
        spec=told(devices.score_on),
    message:
        "Attack {wildcards.model}, {wildcards.variant}, on {wildcards.device}"


use rule job as measure_on with:
    input:
        outputs=files.outputs_on(),
        ideal=files.of_seeds("outputs"),
        scores=at(paths.SCORES_ON),
        fitted=at(paths.FITTED_ON),
    output:
        measurements=at(paths.MEASUREMENTS_ON),
        roc=at(paths.ROC_ON),
        records=at(paths.RECORDS_ON),
    log:
        files.log("audit/{model}/{variant}/on-{device}"),
    benchmark:
        files.benchmark("audit/{model}/{variant}/on-{device}")
    priority: 2
    resources:
        **asks(mem_mb=2000, runtime=30),
    params:
        spec=told(devices.measure_on),
    message:
        "Measure {wildcards.model}, {wildcards.variant}, on {wildcards.device}"


# What speaks to IBM stays on the machine where snakemake was started: the network is there, and
# the token does not travel to a cluster's nodes.
if not all(devices.stays_here(experiment, device) for device in PENNYLANE):

    localrules:
        evaluate_with,


rule devices:
    input:
        files.cells(*filled(at(paths.MEASUREMENTS_ON), device=DEVICES), models=QUANTUM),
        [at(paths.SWEEP)] if experiment.sweep else [],
