# The figures of every variant, and all of them in one long table with what made them.
CELLS = {"model": MODELS, "seed": SEEDS, "variant": VARIANTS}
AUDITED = {"model": MODELS, "variant": VARIANTS}
AUDITED_ON = {"device": DEVICES, **AUDITED}


rule measure:
    input:
        outputs=of_seeds("outputs"),
        cost=of_seeds("cost"),
        timing=of_seeds("timing"),
        retrain_cost=of_seeds("cost", "retrain"),
        retrain_timing=of_seeds("timing", "retrain"),
        ensemble=ensembles("fleet_outputs"),
        scores=at(paths.SCORES),
        fitted=at(paths.FITTED),
    output:
        figures=at(paths.AUDIT),
        roc=at(paths.ROC),
    log:
        log_of("audit/{model}/{variant}"),
    benchmark:
        benchmark_of("audit/{model}/{variant}")
    priority: 2
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        spec=lambda w: specs.measure(w.model, w.variant),
    message:
        "Measure {wildcards.model}, {wildcards.variant}"
    script:
        "../scripts/measure.py"


rule examine:
    input:
        **known_fleets("quality_fleets" in NEEDS),
        pool=at(paths.POOL),
        samples=expand(at(paths.SAMPLES), seed=SEEDS),
        parameters=of_seeds("parameters"),
        original=of_seeds("parameters", "target"),
        retrain=of_seeds("parameters", "retrain"),
        outputs=of_seeds("outputs"),
        original_outputs=of_seeds("outputs", "target"),
        retrain_outputs=of_seeds("outputs", "retrain"),
        ensemble=ensembles("fleet_parameters"),
        ensemble_outputs=ensembles("fleet_outputs"),
    output:
        quality=at(paths.QUALITY),
    log:
        log_of("quality/{model}/{variant}"),
    benchmark:
        benchmark_of("quality/{model}/{variant}")
    priority: 4
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=15,
    params:
        spec=lambda w: specs.examine(w.model, w.variant),
    message:
        "Examine what {wildcards.variant} left in {wildcards.model}"
    script:
        "../scripts/examine.py"


rule evaluation:
    input:
        figures=expand(at(paths.AUDIT), **AUDITED),
        quality=expand(at(paths.QUALITY), **AUDITED) if experiment.quality else [],
        outputs=expand(variant_table("outputs"), **CELLS),
        devices=expand(at(paths.AUDIT_ON), **AUDITED_ON),
        jobs=[file for device in IBM for file in all_jobs(paths.SUBMITTED, device)],
        calibrations=[
            file for device in IBM for file in all_jobs(paths.CALIBRATION, device)
        ],
    output:
        summary=at(paths.SUMMARY),
        csv=report(
            at(paths.SUMMARY_CSV),
            caption="../report/summary.rst",
            category="Tables",
            labels={"table": "all figures, long format"},
        ),
        text=at(paths.SUMMARY_TEXT),
        verdicts=at(paths.VERDICTS),
        manifest=at(paths.MANIFEST),
    log:
        log_of("evaluation"),
    benchmark:
        benchmark_of("evaluation")
    priority: 1
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        spec=specs.summary(),
    message:
        "Put all figures together"
    script:
        "../scripts/summary.py"
