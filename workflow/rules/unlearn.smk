# One job per method and model: on the targets of all seeds, and on blocks of shadow models.
from qmu.plan import unlearn


use rule job as unlearn with:
    input:
        pool=at(paths.POOL),
        samples=files.samples(),
        parameters=files.of_seeds("parameters", "target"),
        outputs=files.of_seeds("outputs", "target"),
    output:
        **{kind: files.of_seeds(kind) for kind in paths.MODEL_TABLES},
    log:
        files.log("unlearn/{model}/{variant}"),
    benchmark:
        files.benchmark("unlearn/{model}/{variant}")
    wildcard_constraints:
        variant=one_of(METHODS),
    priority: 9
    params:
        spec=told(unlearn.unlearn),
    message:
        "Unlearn with {wildcards.variant}: {wildcards.model}"


use rule job as unlearn_shadows with:
    input:
        pool=at(paths.POOL),
        request=at(paths.REQUEST),
        parameters=files.fleet(paths.SHADOWS, "fleet_parameters", "target"),
        members=files.fleet(paths.SHADOWS, "fleet_members", "target"),
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
        filled(files.variant("outputs"), model=MODELS, seed=SEEDS, variant=METHODS),


rule shadows:
    input:
        [
            filled(file, model=MODELS)
            for variant in VARIANTS
            for file in files.shadow_outputs(variant)
        ],
