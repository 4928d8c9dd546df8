# The original model, and the gold standard: the same recipe without the forget set.


rule train:
    input:
        pool=at(paths.POOL),
        samples=at(paths.SAMPLES),
    output:
        **tables(paths.model_tables()),
    log:
        log_of("train/{model}/seed-{seed}/{variant}"),
    benchmark:
        benchmark_of("train/{model}/seed-{seed}/{variant}")
    wildcard_constraints:
        variant="target|retrain",
    priority: 12
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=lambda w: specs.train(w.model, int(w.seed), w.variant),
    message:
        "Train {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}"
    script:
        "../scripts/train.py"


rule target:
    input:
        expand(
            variant_table("outputs"),
            model=MODELS,
            seed=SEEDS,
            variant="target",
        ),


rule retrain:
    input:
        expand(
            variant_table("outputs"),
            model=MODELS,
            seed=SEEDS,
            variant="retrain",
        ),
