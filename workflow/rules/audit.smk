# The measurements of every variant, and all of them in one long table with what made them.
from qmu.plan import audit


use rule job as measure with:
    input:
        **({} if experiment.predictions else costs()),
        outputs=grouped("outputs"),
        retrained=files.retrained("outputs"),
        scores=at(paths.SCORES),
        fitted=at(paths.FITTED),
    output:
        measurements=at(paths.MEASUREMENTS),
        roc=at(paths.ROC),
        records=at(paths.RECORDS_OF),
    log:
        files.log("audit/{model}/{group}"),
    benchmark:
        files.benchmark("audit/{model}/{group}")
    priority: 2
    resources:
        **asks(mem_mb=1000, runtime=15),
    params:
        spec=told(audit.measure),
    message:
        after("Measure {wildcards.model}, {wildcards.group}")


use rule job as examine with:
    input:
        **(compared_fleets() if audit.needs_fleets(experiment) else {}),
        **({} if experiment.predictions else known_parameters()),
        pool=POOL,
        samples=files.samples(),
        outputs=grouped("outputs", audit.examined),
        original_outputs=files.of_seeds("outputs", "target"),
        retrain_outputs=files.of_seeds("outputs", "retrain"),
        further_outputs=files.retrained("outputs"),
    output:
        quality=at(paths.QUALITY),
    log:
        files.log("quality/{model}/{group}"),
    benchmark:
        files.benchmark("quality/{model}/{group}")
    priority: 4
    resources:
        **asks(mem_mb=2500, runtime=15),
    params:
        spec=told(audit.examine),
    message:
        after("Examine what {wildcards.group} left in {wildcards.model}")


use rule job as evaluation with:
    input:
        measurements=audited(paths.MEASUREMENTS),
        quality=audited(paths.QUALITY) if experiment.quality else [],
        records=audited(paths.RECORDS_OF),
        devices=files.cells(
            *filled(at(paths.MEASUREMENTS_ON), device=DEVICES), models=QUANTUM
        ),
        outputs=files.cells(files.variant("outputs")),
        cost=files.made("cost", without=BASELINES),
        jobs=[
            file for device in IBM for file in files.all_jobs(paths.SUBMITTED, device)
        ],
        calibrations=[
            file
            for device in IBM
            for file in files.all_jobs(paths.CALIBRATION, device)
        ],
    output:
        summary=at(paths.SUMMARY),
        csv=report(
            at(paths.SUMMARY_CSV),
            caption="../report/summary.rst",
            category="Tables",
            labels={"table": "all measurements, long format"},
        ),
        text=at(paths.SUMMARY_TEXT),
        verdicts=at(paths.VERDICTS),
        records=at(paths.RECORDS),
        manifest=at(paths.MANIFEST),
    log:
        files.log("evaluation"),
    benchmark:
        files.benchmark("evaluation")
    priority: 1
    resources:
        **asks(mem_mb=1000, runtime=15),
    params:
        spec=told(audit.evaluation),
    message:
        after("Put all figures together")
