# The attack data from the shadow models, the attacks fitted on it, and their scores.


rule attack_data:
    input:
        blocks=expand(
            fleet_table(paths.SHADOWS, "fleet_outputs", "target"),
            block=BLOCKS,
            allow_missing=True,
        ),
    output:
        data=at(paths.ATTACK_DATA),
    log:
        log_of("attacks/{model}/attack_data"),
    benchmark:
        benchmark_of("attacks/{model}/attack_data")
    priority: 7
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
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
        outputs=of_seeds("outputs", "target"),
    output:
        fitted=at(paths.FITTED),
    log:
        log_of("attacks/{model}/fit_attacks"),
    benchmark:
        benchmark_of("attacks/{model}/fit_attacks")
    priority: 6
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        spec=lambda w: specs.fit_attacks(w.model),
    message:
        "Fit the attacks on {wildcards.model}"
    script:
        "../scripts/fit_attacks.py"


rule query:
    input:
        pool=at(paths.POOL),
        parameters=of_seeds("parameters"),
        # Shadow model 0 calibrates, the same for all variants: the target's job asks it.
        shadow=lambda w: (
            fleet_table(paths.SHADOWS, "fleet_parameters", "target")
            .replace("{block}", "0")
            .replace("{model}", w.model)
            if w.variant == "target"
            else []
        ),
        asked=lambda w: (
            []
            if w.variant == "target"
            else at(paths.QUERIES)
            .replace("{model}", w.model)
            .replace("{variant}", "target")
        ),
    output:
        queries=at(paths.QUERIES),
    log:
        log_of("queries/{model}/{variant}"),
    benchmark:
        benchmark_of("queries/{model}/{variant}")
    priority: 5
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        spec=lambda w: specs.query(w.model),
    message:
        "Ask {wildcards.model}, {wildcards.variant}, about transformed images"
    script:
        "../scripts/query.py"


rule score:
    input:
        **known_fleets(NEEDS & {"unlearned_shadows", "queries"}),
        fitted=at(paths.FITTED),
        outputs=of_seeds("outputs"),
        original=of_seeds("outputs", "target"),
        queries=at(paths.QUERIES) if "queries" in NEEDS else [],
    output:
        scores=at(paths.SCORES),
    log:
        log_of("scores/{model}/{variant}"),
    benchmark:
        benchmark_of("scores/{model}/{variant}")
    priority: 3
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        spec=lambda w: specs.score(w.model, w.variant),
    message:
        "Attack {wildcards.model}, {wildcards.variant}"
    script:
        "../scripts/score.py"


rule attacks:
    input:
        expand(at(paths.FITTED), model=MODELS),


rule scores:
    input:
        expand(at(paths.SCORES), model=MODELS, variant=VARIANTS),
