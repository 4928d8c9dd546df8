# Figures as SVG and PNG, the self-contained page, and the entries of `snakemake --report`.
from qmu.errors import QmuError
from qmu.plan import report as _report
from qmu.report import catalogue

try:
    FIGURES = catalogue.figures()
except QmuError as error:
    sys.exit(f"Error in a figure of the report: {error}")


use rule job as report with:
    input:
        summary=at(paths.SUMMARY),
        manifest=at(paths.MANIFEST),
        verdicts=at(paths.VERDICTS),
        records=at(paths.RECORDS),
        roc=files.cells(at(paths.ROC).replace("{group}", "{variant}")),
        history=files.made("history"),
        outputs=files.cells(files.variant("outputs")),
        cost=files.made("cost", without=BASELINES),
        earlier=lambda w: files.until([at(paths.SUMMARY)], w.get("request")),
        sweep=[at(paths.SWEEP)] if experiment.sweep else [],
        signal=filled(at(paths.SIGNAL_OF), model=QUANTUM) if experiment.signal else [],
        trials=[at(paths.TRIALS)] if experiment.tune else [],
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
        files.log("report"),
    benchmark:
        files.benchmark("report")
    resources:
        **asks(mem_mb=1500, runtime=15),
    params:
        spec=told(_report.report),
    message:
        after("Draw the figures and write the report")
