# Images, principal components, and each seed's splits.


rule pool:
    output:
        pool=at(paths.POOL),
    log:
        log_of("pool"),
    benchmark:
        benchmark_of("pool")
    priority: 14
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        spec=specs.pool(),
    message:
        "Load the images and project them on their principal components"
    script:
        "../scripts/pool.py"


rule samples:
    input:
        pool=at(paths.POOL),
    output:
        samples=at(paths.SAMPLES),
    log:
        log_of("samples/seed-{seed}"),
    benchmark:
        benchmark_of("samples/seed-{seed}")
    priority: 13
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        spec=lambda w: specs.samples(int(w.seed)),
    message:
        "Draw the training and test images of seed {wildcards.seed}"
    script:
        "../scripts/samples.py"


rule data:
    input:
        expand(at(paths.SAMPLES), seed=SEEDS),
