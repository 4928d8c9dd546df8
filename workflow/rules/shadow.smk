# Fleets: shadow models for the attacks, and further retrained models for the floor of distances.


rule train_shadows:
    input:
        pool=at(paths.POOL),
    output:
        **tables(paths.fleet_tables(paths.SHADOW_BLOCK)),
    log:
        log_of("shadows/{model}/block-{block}"),
    benchmark:
        benchmark_of("shadows/{model}/block-{block}")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=lambda w: specs.shadows(w.model, int(w.block)),
    message:
        "Train shadow models of {wildcards.model}, block {wildcards.block}"
    script:
        "../scripts/fleet.py"


rule train_retrain_ensemble:
    input:
        pool=at(paths.POOL),
        samples=at(paths.SAMPLES),
    output:
        **tables(paths.fleet_tables(paths.ENSEMBLE)),
    log:
        log_of("train/{model}/seed-{seed}/retrain_ensemble"),
    benchmark:
        benchmark_of("train/{model}/seed-{seed}/retrain_ensemble")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=lambda w: specs.ensemble(w.model, int(w.seed)),
    message:
        "Train the retrain ensemble of {wildcards.model}, seed {wildcards.seed}"
    script:
        "../scripts/fleet.py"


rule shadows:
    input:
        expand(
            fleet_table(paths.SHADOW_BLOCK, "fleet_outputs"),
            model=MODELS,
            block=BLOCKS,
        ),
