# One job per method, model and seed.


rule unlearn:
    input:
        pool=at(paths.POOL),
        samples=at(paths.SAMPLES),
        parameters=variant_table("parameters", variant="target"),
        outputs=variant_table("outputs", variant="target"),
    output:
        **tables(paths.model_tables()),
    log:
        log_of("unlearn/{model}/seed-{seed}/{variant}"),
    benchmark:
        benchmark_of("unlearn/{model}/seed-{seed}/{variant}")
    wildcard_constraints:
        variant="|".join(METHODS),
    priority: 9
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        spec=lambda w: specs.unlearn(w.model, int(w.seed), w.variant),
    message:
        "Unlearn with {wildcards.variant}: {wildcards.model}, seed {wildcards.seed}"
    script:
        "../scripts/unlearn.py"


rule unlearned:
    input:
        expand(
            variant_table("outputs"),
            model=MODELS,
            seed=SEEDS,
            variant=METHODS,
        ),
