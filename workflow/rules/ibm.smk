# Models on an IBM backend as jobs that survive kills and are never paid twice: prepare the
# circuits, estimate what all of them cost, submit, collect, decode. A backend whose name begins
# with `fake` goes the same way, and `collect` executes what would be a paid job.


# What speaks to IBM stays on the machine where snakemake was started: the network is there, and
# the token does not travel to a cluster's nodes.
if not all(map(specs.fake, IBM)):

    localrules:
        prepare,
        submit,
        collect,


onstart:
    # Before hours of training: without an account the jobs for IBM would only fail at their end.
    needed = {job.rule.name for job in workflow.persistence.dag.needrun_jobs()}
    if needed & {"prepare", "submit", "collect"} and not all(map(specs.fake, IBM)):
        if not ibm_account.has_account():
            sys.exit(f"Error: {ibm_account.MISSING}")


rule prepare:
    input:
        pool=at(paths.POOL),
        samples=at(paths.SAMPLES),
        parameters=variant_table("parameters"),
    output:
        prepared=at(paths.PREPARED),
    log:
        log_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/prepare-{part}"),
    benchmark:
        benchmark_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/prepare-{part}")
    wildcard_constraints:
        device=one_of(IBM),
        part="[0-9]+",
    priority: 8
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=lambda w: specs.prepare(
            w.model, int(w.seed), w.variant, w.device, int(w.part)
        ),
    message:
        "Prepare {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, for {wildcards.device}"
    script:
        "../scripts/prepare.py"


rule estimate:
    input:
        prepared=lambda w: all_jobs(paths.PREPARED, w.device),
    output:
        estimate=at(paths.ESTIMATE),
    log:
        log_of("ibm/estimate-{device}"),
    benchmark:
        benchmark_of("ibm/estimate-{device}")
    wildcard_constraints:
        device=one_of(IBM),
    priority: 8
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=lambda w: specs.estimate(w.device),
    message:
        "Estimate what {wildcards.device} costs"
    script:
        "../scripts/estimate.py"


# `qpu` limits how many jobs are under way: `collect` comes before further submissions, and both
# hold one until they end.
rule submit:
    input:
        prepared=at(paths.PREPARED),
        # An estimate of more jobs is no reason to submit this one again.
        estimate=ancient(at(paths.ESTIMATE)),
    output:
        job=at(paths.SUBMITTED),
    log:
        log_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/submit-{part}"),
    benchmark:
        benchmark_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/submit-{part}")
    wildcard_constraints:
        device=one_of(IBM),
        part="[0-9]+",
    priority: 7
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
        qpu=qpus,
    params:
        spec=lambda w: specs.submit(w.device),
    message:
        "Submit {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, to {wildcards.device}"
    script:
        "../scripts/submit.py"


rule collect:
    input:
        job=at(paths.SUBMITTED),
        prepared=at(paths.PREPARED),
    output:
        result=at(paths.RESULT),
        calibration=at(paths.CALIBRATION),
    log:
        log_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/collect-{part}"),
    benchmark:
        benchmark_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/collect-{part}")
    wildcard_constraints:
        device=one_of(IBM),
        part="[0-9]+",
    priority: 10
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=1440,
        qpu=qpus,
    params:
        spec=lambda w: specs.collect(w.device),
    message:
        "Collect {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, from {wildcards.device}"
    script:
        "../scripts/collect.py"


rule decode:
    input:
        pool=at(paths.POOL),
        samples=at(paths.SAMPLES),
        parameters=variant_table("parameters"),
        prepared=jobs_of(paths.PREPARED),
        result=jobs_of(paths.RESULT),
    output:
        outputs=at(paths.OUTPUTS_ON),
    log:
        log_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/decode"),
    benchmark:
        benchmark_of("ibm/{model}/seed-{seed}/{variant}/on-{device}/decode")
    wildcard_constraints:
        device=one_of(IBM),
    priority: 4
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=lambda w: specs.decode(w.model, w.device),
    message:
        "Decode {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, from {wildcards.device}"
    script:
        "../scripts/decode.py"


rule collected:
    input:
        [all_jobs(paths.RESULT, device) for device in IBM],
