# The trained, unlearned and retrained models on further devices, attacked there; and the sweep of
# every variant over noise and shots. A kind of device that is no simulator has rules of its own
# for the table of outputs; all that follows is the same.


rule evaluate_on:
    input:
        pool=at(paths.POOL),
        samples=expand(at(paths.SAMPLES), seed=SEEDS),
        parameters=of_seeds("parameters"),
    output:
        outputs=outputs_on(),
    log:
        log_of("models/{model}/{variant}/on-{device}"),
    benchmark:
        benchmark_of("models/{model}/{variant}/on-{device}")
    wildcard_constraints:
        device=one_of(SIMULATED),
    priority: 4
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=lambda w: specs.evaluate_on(w.model, w.variant, w.device),
    message:
        "Evaluate {wildcards.model}, {wildcards.variant}, on {wildcards.device}"
    script:
        "../scripts/evaluate_on.py"


rule correct:
    input:
        measured=corrected_from,
        exact=of_seeds("outputs"),
        parameters=of_seeds("parameters"),
    output:
        outputs=outputs_on(),
    log:
        log_of("models/{model}/{variant}/on-{device}"),
    benchmark:
        benchmark_of("models/{model}/{variant}/on-{device}")
    wildcard_constraints:
        device=one_of(CORRECTED),
    priority: 4
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=lambda w: specs.correct(w.model),
    message:
        "Correct {wildcards.model}, {wildcards.variant}, as {wildcards.device}"
    script:
        "../scripts/correct.py"


rule fit_attacks_on:
    input:
        data=at(paths.ATTACK_DATA),
        outputs=outputs_on("target"),
    output:
        fitted=at(paths.FITTED_ON),
    log:
        log_of("attacks/{model}/on-{device}/fit_attacks"),
    benchmark:
        benchmark_of("attacks/{model}/on-{device}/fit_attacks")
    priority: 4
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=lambda w: specs.fit_attacks_on(w.model),
    message:
        "Fit the attacks on {wildcards.model} on {wildcards.device}"
    script:
        "../scripts/fit_attacks.py"


rule score_on:
    input:
        fitted=at(paths.FITTED_ON),
        outputs=outputs_on(),
        original=outputs_on("target"),
    output:
        scores=at(paths.SCORES_ON),
    log:
        log_of("scores/{model}/on-{device}/{variant}"),
    benchmark:
        benchmark_of("scores/{model}/on-{device}/{variant}")
    priority: 3
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=lambda w: specs.score_on(w.model),
    message:
        "Attack {wildcards.model}, {wildcards.variant}, on {wildcards.device}"
    script:
        "../scripts/score.py"


rule measure_on:
    input:
        outputs=outputs_on(),
        ideal=of_seeds("outputs"),
        scores=at(paths.SCORES_ON),
        fitted=at(paths.FITTED_ON),
    output:
        figures=at(paths.AUDIT_ON),
        roc=at(paths.ROC_ON),
    log:
        log_of("audit/{model}/{variant}/on-{device}"),
    benchmark:
        benchmark_of("audit/{model}/{variant}/on-{device}")
    priority: 2
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=lambda w: specs.measure_on(w.model, w.variant, w.device),
    message:
        "Measure {wildcards.model}, {wildcards.variant}, on {wildcards.device}"
    script:
        "../scripts/measure.py"


rule sweep:
    input:
        pool=at(paths.POOL),
        samples=expand(at(paths.SAMPLES), seed=SEEDS),
        parameters=of_seeds("parameters"),
        outputs=of_seeds("outputs"),
        fitted=at(paths.FITTED),
    output:
        sweep=at(paths.SWEEP_OF),
    log:
        log_of("sweep/{model}/{variant}"),
    benchmark:
        benchmark_of("sweep/{model}/{variant}")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=lambda w: specs.sweep(w.model, w.variant),
    message:
        "Sweep noise and shots of {wildcards.model}, {wildcards.variant}"
    script:
        "../scripts/sweep.py"


rule join_sweep:
    input:
        sweeps=expand(at(paths.SWEEP_OF), model=MODELS, variant=VARIANTS),
    output:
        sweep=at(paths.SWEEP),
    log:
        log_of("sweep"),
    benchmark:
        benchmark_of("sweep")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=specs.join_sweep(),
    message:
        "Join the sweeps over noise and shots"
    script:
        "../scripts/join_sweep.py"


rule devices:
    input:
        expand(at(paths.AUDIT_ON), model=MODELS, variant=VARIANTS, device=DEVICES),
        [at(paths.SWEEP)] if experiment.sweep else [],
