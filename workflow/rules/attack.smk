# The attack data from the shadow models, the attacks fitted on the target, and their scores.


rule attack_data:
    input:
        blocks=expand(
            fleet_table(paths.SHADOW_BLOCK, "fleet_outputs"),
            block=BLOCKS,
            allow_missing=True,
        ),
    output:
        data=at(paths.ATTACK_DATA),
    log:
        log_of("attacks/{model}/attack_data"),
    benchmark:
        benchmark_of("attacks/{model}/attack_data")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        spec=lambda w: specs.attack_data(w.model),
    message:
        "Collect the attack data of {wildcards.model} from its shadow models"
    script:
        "../scripts/attack_data.py"


rule fit_attacks:
    input:
        data=at(paths.ATTACK_DATA),
        outputs=variant_table("outputs", variant="target"),
    output:
        fitted=at(paths.FITTED),
    log:
        log_of("attacks/{model}/seed-{seed}"),
    benchmark:
        benchmark_of("attacks/{model}/seed-{seed}")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=lambda w: specs.attacks("fit_attacks", w.model, int(w.seed)),
    message:
        "Fit the attacks on {wildcards.model}, seed {wildcards.seed}"
    script:
        "../scripts/fit_attacks.py"


rule score:
    input:
        fitted=at(paths.FITTED),
        outputs=variant_table("outputs"),
    output:
        scores=at(paths.SCORES),
    log:
        log_of("scores/{model}/seed-{seed}/{variant}"),
    benchmark:
        benchmark_of("scores/{model}/seed-{seed}/{variant}")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=lambda w: specs.attacks("score", w.model, int(w.seed)),
    message:
        "Attack {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}"
    script:
        "../scripts/score.py"


rule attacks:
    input:
        expand(at(paths.FITTED), model=MODELS, seed=SEEDS),


rule scores:
    input:
        expand(at(paths.SCORES), model=MODELS, seed=SEEDS, variant=VARIANTS),
