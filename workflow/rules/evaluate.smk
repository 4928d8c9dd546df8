# Every figure in one long table, with the manifest of what made it.
CELLS = {"model": MODELS, "seed": SEEDS, "variant": VARIANTS}


rule evaluation:
    input:
        outputs=expand(at(paths.VARIANT) + "/outputs.parquet", **CELLS),
        cost=expand(at(paths.VARIANT) + "/cost.parquet", **CELLS),
        timing=expand(at(paths.VARIANT) + "/timing.parquet", **CELLS),
        scores=expand(at(paths.SCORES), **CELLS),
        fitted=expand(at(paths.FITTED), model=MODELS, seed=SEEDS),
        ensemble=expand(
            at(paths.ENSEMBLE) + "/outputs.parquet", model=MODELS, seed=SEEDS
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
