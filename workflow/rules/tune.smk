# Settings of the methods, tried on shadow models: one job per method and model, and their best.
from qmu.plan import tune as tuning

TUNED = tuning.tuned_methods(experiment)


use rule job as tune with:
    input:
        pool=at(paths.POOL),
        request=at(paths.REQUEST),
        samples=files.samples(),
        parameters=files.tuned_on("target", "fleet_parameters"),
        members=files.tuned_on("target", "fleet_members"),
        retrained=files.tuned_on("retrain", "fleet_outputs"),
        reference=lambda w: files.for_model(files.reference(w.variant), w.model),
    output:
        trials=at(paths.TRIALS_OF),
    log:
        files.log("tune/{model}/{variant}"),
    benchmark:
        files.benchmark("tune/{model}/{variant}")
    wildcard_constraints:
        variant=one_of(METHODS),
    resources:
        **asks(mem_mb=2000, runtime=60),
    params:
        spec=told(tuning.tune),
    message:
        "Tune {wildcards.variant} on shadow models of {wildcards.model}"


use rule job as tuned with:
    input:
        trials=[
            file
            for model, variants in TUNED.items()
            for file in filled(at(paths.TRIALS_OF), model=[model], variant=variants)
        ],
    output:
        trials=at(paths.TRIALS),
        tuned=at(paths.TUNED),
    log:
        files.log("tuned"),
    benchmark:
        files.benchmark("tuned")
    params:
        spec=told(tuning.tuned),
    message:
        "Write the best settings of every method and model"
