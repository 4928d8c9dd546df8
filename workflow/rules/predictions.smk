# Models that were made elsewhere: one job writes from a table of their predictions what the rules of
# data, training and unlearning would have written.
from qmu.plan import predictions

IMPORTED = {"model": MODELS[0]}


use rule job as import_predictions with:
    input:
        predictions=experiment.predictions.path,
    output:
        pool=at(paths.POOL),
        request=at(paths.REQUEST),
        samples=files.samples(),
        outputs=files.of_job(
            files.of_variants("outputs", predictions.variants(experiment)), IMPORTED
        ),
        shadows=files.of_job(
            files.imported_shadows(predictions.shadows(experiment)), IMPORTED
        ),
    log:
        files.log("import_predictions"),
    benchmark:
        files.benchmark("import_predictions")
    priority: 14
    params:
        spec=told(predictions.import_predictions),
    message:
        "Read the table of predictions"
