# Figures as SVG and PNG, the self-contained page, and the entries of `snakemake --report`.
from qmu.errors import QmuError
from qmu.report import catalogue

try:
    FIGURES = catalogue.figures()
except QmuError as error:
    sys.exit(f"Error in a figure of the report: {error}")


rule report:
    input:
        summary=at(paths.SUMMARY),
        manifest=at(paths.MANIFEST),
        verdicts=at(paths.VERDICTS),
        roc=expand(at(paths.ROC), **AUDITED),
        history=expand(variant_table("history"), **CELLS),
        outputs=expand(variant_table("outputs"), **CELLS),
        sweep=[at(paths.SWEEP)] if experiment.sweep else [],
        signal=expand(at(paths.SIGNAL_OF), model=MODELS) if experiment.signal else [],
    output:
        report=at(paths.REPORT),
        svg=[
            report(
                f"{at(paths.FIGURES)}/{entry.stem}.svg",
                caption=f"../report/{entry.caption}",
                category=entry.category,
                labels=entry.labels,
            )
            for entry in FIGURES
        ],
        png=[f"{at(paths.FIGURES)}/{entry.stem}.png" for entry in FIGURES],
    log:
        log_of("report"),
    benchmark:
        benchmark_of("report")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        spec=specs.report(),
    message:
        "Draw the figures and write the report"
    script:
        "../scripts/report.py"
