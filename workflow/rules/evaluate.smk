# Every figure in one long table, with the manifest of what made it.
CELLS = {"model": MODELS, "seed": SEEDS, "variant": VARIANTS}


rule evaluation:
    input:
        outputs=expand(variant_table("outputs"), **CELLS),
        cost=expand(variant_table("cost"), **CELLS),
        timing=expand(variant_table("timing"), **CELLS),
        scores=expand(at(paths.SCORES), **CELLS),
        fitted=expand(at(paths.FITTED), model=MODELS, seed=SEEDS),
        ensemble=expand(
            fleet_table(paths.ENSEMBLE, "fleet_outputs"), model=MODELS, seed=SEEDS
        ),
    output:
        summary=at(paths.SUMMARY),
        csv=report(
            at(paths.SUMMARY_CSV),
            caption="../report/summary.rst",
            category="Tables",
            labels={"table": "all figures, long format"},
        ),
        text=at(paths.SUMMARY_TEXT),
        manifest=at(paths.MANIFEST),
    log:
        log_of("evaluation"),
    benchmark:
        benchmark_of("evaluation")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=specs.summary(),
    message:
        "Evaluate every variant of every model"
    script:
        "../scripts/summary.py"
