# Studies beside the audit: every variant over noise and shots, and what a fake backend leaves of
# every model's signal, by embedding.
from qmu.plan import studies


use rule job as sweep with:
    input:
        pool=POOL,
        samples=files.samples(),
        parameters=files.of_seeds("parameters"),
        outputs=files.of_seeds("outputs"),
        fitted=at(paths.FITTED),
    output:
        sweep=at(paths.SWEEP_OF),
    log:
        files.log("sweep/{model}/{variant}"),
    benchmark:
        files.benchmark("sweep/{model}/{variant}")
    resources:
        **asks(mem_mb=4000, runtime=60),
    params:
        spec=told(studies.sweep),
    message:
        "Sweep noise and shots of {wildcards.model}, {wildcards.variant}"


use rule job as join_sweep with:
    input:
        sweeps=files.cells(at(paths.SWEEP_OF), models=QUANTUM),
    output:
        sweep=at(paths.SWEEP),
    log:
        files.log("sweep"),
    benchmark:
        files.benchmark("sweep")
    resources:
        **asks(mem_mb=1000, runtime=15),
    params:
        spec=told(studies.join_sweep),
    message:
        "Join the sweeps over noise and shots"


use rule job as signal with:
    input:
        pool=POOL,
        samples=files.samples()[0],
        parameters=files.of_seeds("parameters", "target")[0],
    output:
        signal=at(paths.SIGNAL_OF),
    log:
        files.log("signal/{model}"),
    benchmark:
        files.benchmark("signal/{model}")
    resources:
        **asks(mem_mb=4000, runtime=60),
    params:
        spec=told(studies.signal),
    message:
        "Measure what is left of the signal of {wildcards.model}"


rule signals:
    input:
        filled(at(paths.SIGNAL_OF), model=QUANTUM) if experiment.signal else [],
