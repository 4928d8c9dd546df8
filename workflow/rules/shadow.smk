# Fleets: shadow models for the attacks, and further retrained models for the floor of distances.


rule train_shadows:
    input:
        pool=at(paths.POOL),
    output:
        **tables(paths.fleet_tables(paths.SHADOWS)),
    log:
        log_of("shadows/{model}/{variant}/block-{block}"),
    benchmark:
        benchmark_of("shadows/{model}/{variant}/block-{block}")
    wildcard_constraints:
        variant="target|retrain",
    priority: 11
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=lambda w: specs.shadows(w.model, w.variant, int(w.block)),
    message:
        "Train shadow models of {wildcards.model}, {wildcards.variant}, block {wildcards.block}"
    script:
        "../scripts/fleet.py"


rule unlearn_shadows:
    input:
        pool=at(paths.POOL),
        parameters=fleet_table(paths.SHADOWS, "fleet_parameters", "target"),
        members=fleet_table(paths.SHADOWS, "fleet_members", "target"),
    output:
        **tables(paths.fleet_tables(paths.SHADOWS, paths.UNLEARNED_TABLES)),
    log:
        log_of("shadows/{model}/{variant}/block-{block}"),
    benchmark:
        benchmark_of("shadows/{model}/{variant}/block-{block}")
    wildcard_constraints:
        variant="|".join(METHODS),
    priority: 8
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        spec=lambda w: specs.unlearn_shadows(w.model, w.variant, int(w.block)),
    message:
        "Unlearn with {wildcards.variant}: shadow models of {wildcards.model}, block {wildcards.block}"
    script:
        "../scripts/unlearn_shadows.py"


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
    priority: 10
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=lambda w: specs.ensemble(w.model, int(w.seed)),
    message:
        "Train the retrain ensemble of {wildcards.model}, seed {wildcards.seed}"
    script:
        "../scripts/fleet.py"


rule shadows:
    input:
        expand(
            fleet_table(paths.SHADOWS, "fleet_outputs"),
            model=MODELS,
            variant="target",
            block=BLOCKS,
        ),
        expand(
            fleet_table(paths.SHADOWS, "fleet_outputs"),
            model=MODELS,
            variant=["retrain", *METHODS],
            block=UNLEARNED_BLOCKS,
        ),
