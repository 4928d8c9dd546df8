# Models that were made elsewhere: one job writes from a table of their predictions what the rules of
# data, training and unlearning would have written.
from qmu.plan import predictions


use rule job as import_predictions with:
    input:
        predictions=experiment.predictions.path,
    output:
        pool=at(paths.POOL),
        request=at(paths.REQUEST),
        samples=files.samples(),
        outputs=files.for_model(
            files.of_variants("outputs", predictions.variants(experiment)), MODELS[0]
        ),
        shadows=files.for_model(
            files.imported_shadows(predictions.shadows(experiment)), MODELS[0]
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
