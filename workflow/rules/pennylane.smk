# Models on a PennyLane device of any name, one execution per image: for few images.
PENNYLANE = [n for n, e in experiment.devices.items() if e.component == "pennylane"]


# What speaks to IBM stays on the machine where snakemake was started: the network is there, and
# the token does not travel to a cluster's nodes.
if not all(map(specs.here, PENNYLANE)):

    localrules:
        evaluate_with,


rule evaluate_with:
    input:
        pool=at(paths.POOL),
        samples=at(paths.SAMPLES),
        parameters=variant_table("parameters"),
    output:
        outputs=at(paths.OUTPUTS_ON),
    log:
        log_of("models/{model}/seed-{seed}/{variant}/on-{device}"),
    benchmark:
        benchmark_of("models/{model}/seed-{seed}/{variant}/on-{device}")
    wildcard_constraints:
        device=one_of(PENNYLANE),
    priority: 4
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        qpu=lambda w: 0 if specs.here(w.device) else 1,
    params:
        spec=lambda w: specs.evaluate_with(w.model, int(w.seed), w.variant, w.device),
    message:
        "Evaluate {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}, on {wildcards.device}"
    script:
        "../scripts/evaluate_with.py"
