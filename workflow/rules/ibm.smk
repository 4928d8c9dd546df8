# Models on an IBM backend as jobs that survive kills and are never paid twice: prepare the
# circuits, estimate what all of them cost, submit, collect, decode. A backend whose name begins
# with `fake` goes the same way, and `collect` executes what would be a paid job.
from qmu.ibm import account
from qmu.plan import devices as _devices
from qmu.plan import ibm

IBM = _devices.of_kind(experiment, "ibm")
PAYING = [device for device in IBM if not ibm.is_fake(experiment, device)]


# What speaks to IBM stays on the machine where snakemake was started: the network is there, and
# the token does not travel to a cluster's nodes.
if PAYING:

    localrules:
        prepare,
        submit,
        collect,


onstart:
    # Before hours of training: without an account the jobs for IBM would only fail at their end.
    needed = {job.rule.name for job in workflow.persistence.dag.needrun_jobs()}
    if (
        needed & {"prepare", "submit", "collect"}
        and PAYING
        and not account.has_account()
    ):
        sys.exit(f"Error: {account.MISSING}")


use rule job as prepare with:
    input:
        pool=POOL,
        samples=at(paths.SAMPLES),
        parameters=files.variant("parameters"),
    output:
        prepared=at(paths.PREPARED),
    log:
        files.log("ibm/{model}/seed-{seed}/{variant}/on-{device}/prepare-{part}"),
    benchmark:
        files.benchmark("ibm/{model}/seed-{seed}/{variant}/on-{device}/prepare-{part}")
    wildcard_constraints:
        device=one_of(IBM),
    priority: 8
    resources:
        **asks(mem_mb=4000, runtime=60),
    params:
        spec=told(ibm.prepare),
    message:
        "Prepare {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, for {wildcards.device}"


use rule job as estimate with:
    input:
        prepared=lambda w: files.all_jobs(paths.PREPARED, w.device),
    output:
        estimate=at(paths.ESTIMATE),
    log:
        files.log("ibm/estimate-{device}"),
    benchmark:
        files.benchmark("ibm/estimate-{device}")
    wildcard_constraints:
        device=one_of(IBM),
    priority: 8
    resources:
        **asks(mem_mb=2000, runtime=30),
    params:
        spec=told(ibm.estimate),
    message:
        "Estimate what {wildcards.device} costs"


# `qpu` limits how many jobs are under way: `collect` comes before further submissions, and both
# hold one until they end.
use rule job as submit with:
    input:
        prepared=at(paths.PREPARED),
        # An estimate of more jobs is no reason to submit this one again.
        estimate=ancient(at(paths.ESTIMATE)),
    output:
        job=at(paths.SUBMITTED),
    log:
        files.log("ibm/{model}/seed-{seed}/{variant}/on-{device}/submit-{part}"),
    benchmark:
        files.benchmark("ibm/{model}/seed-{seed}/{variant}/on-{device}/submit-{part}")
    wildcard_constraints:
        device=one_of(IBM),
    priority: 7
    resources:
        **asks(mem_mb=2000, runtime=120),
        qpu=lambda w: int(w.device in PAYING),
    params:
        spec=told(ibm.submit),
    message:
        "Submit {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, to {wildcards.device}"


use rule job as collect with:
    input:
        job=at(paths.SUBMITTED),
        prepared=at(paths.PREPARED),
    output:
        result=at(paths.RESULT),
        calibration=at(paths.CALIBRATION),
    log:
        files.log("ibm/{model}/seed-{seed}/{variant}/on-{device}/collect-{part}"),
    benchmark:
        files.benchmark("ibm/{model}/seed-{seed}/{variant}/on-{device}/collect-{part}")
    wildcard_constraints:
        device=one_of(IBM),
    priority: 10
    resources:
        **asks(mem_mb=4000, runtime=1440),
        qpu=lambda w: int(w.device in PAYING),
    params:
        spec=told(ibm.collect),
    message:
        "Collect {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, from {wildcards.device}"


use rule job as decode with:
    input:
        pool=POOL,
        samples=at(paths.SAMPLES),
        parameters=files.variant("parameters"),
        prepared=lambda w: files.jobs(paths.PREPARED, w.device),
        result=lambda w: files.jobs(paths.RESULT, w.device),
    output:
        outputs=at(paths.OUTPUTS_ON),
    log:
        files.log("ibm/{model}/seed-{seed}/{variant}/on-{device}/decode"),
    benchmark:
        files.benchmark("ibm/{model}/seed-{seed}/{variant}/on-{device}/decode")
    wildcard_constraints:
        device=one_of(IBM),
    priority: 4
    resources:
        **asks(mem_mb=4000, runtime=30),
    params:
        spec=told(ibm.decode),
    message:
        "Decode {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, from {wildcards.device}"


rule collected:
    input:
        [files.all_jobs(paths.RESULT, device) for device in IBM],
