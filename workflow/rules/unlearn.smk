# One job per method and model: on the targets of all seeds, and on blocks of shadow models.
from qmu.plan import unlearn
from qmu.variants import level


use rule job as unlearn with:
    input:
        pool=at(paths.POOL),
        samples=files.samples(),
        parameters=files.of_seeds("parameters", "target"),
        outputs=files.of_seeds("outputs", "target"),
        reference=lambda w: files.for_model(files.reference(w.variant), w.model),
    output:
        **{kind: files.of_seeds(kind) for kind in paths.MODEL_TABLES},
    log:
        files.log("unlearn/{model}/{variant}"),
    benchmark:
        files.benchmark("unlearn/{model}/{variant}")
    wildcard_constraints:
        variant=one_of(m for m in METHODS if not experiment.levels(m)),
    priority: 9
    params:
        spec=told(unlearn.unlearn),
    message:
        "Unlearn with {wildcards.variant}: {wildcards.model}"


# The same, and the states on the way that are audited too.
use rule unlearn as unlearn_along_path with:
    output:
        **{
            kind: files.of_seeds(kind)
            + files.of_variants(kind, [level("{variant}", x) for x in PATH])
            for kind in paths.MODEL_TABLES
        },
    wildcard_constraints:
        variant=one_of(m for m in METHODS if experiment.levels(m)),


use rule job as unlearn_shadows with:
    input:
        pool=at(paths.POOL),
        request=at(paths.REQUEST),
        parameters=files.fleet(paths.SHADOWS, "fleet_parameters", "target"),
        members=files.fleet(paths.SHADOWS, "fleet_members", "target"),
        reference=lambda w: files.for_model(files.reference(w.variant), w.model),
    output:
        **files.fleet_tables(paths.SHADOWS, paths.UNLEARNED_TABLES),
    log:
        files.log("shadows/{model}/{variant}/block-{block}"),
    benchmark:
        files.benchmark("shadows/{model}/{variant}/block-{block}")
    wildcard_constraints:
        variant=one_of(METHODS),
    priority: 8
    params:
        spec=told(unlearn.unlearn_shadows),
    message:
        "Unlearn with {wildcards.variant}: shadow models of {wildcards.model}, block {wildcards.block}"


rule unlearned:
    input:
        cells(files.variant("outputs"), without=TRAINED),


rule shadows:
    input:
        [
            file
            for model in MODELS
            for variant in experiment.variants(model)
            for file in files.for_model(files.shadow_outputs(variant), model)
        ],
