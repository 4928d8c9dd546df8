# One job per method and model: on the targets of all seeds, and on blocks of shadow models.
from qmu.plan import unlearn
from qmu.variants import level

# A further request of a sequence starts from what a method made of the shadow models.
UNLEARNED = (
    *paths.UNLEARNED_TABLES,
    *(("fleet_parameters",) if experiment.requests else ()),
)


use rule job as unlearn with:
    input:
        pool=POOL,
        samples=files.samples(),
        parameters=started_from("parameters"),
        outputs=started_from("outputs"),
        reference=lambda w: files.of_job(files.reference(w.variant), w),
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
        after("Unlearn with {wildcards.variant}: {wildcards.model}")


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
        pool=POOL,
        request=at(paths.REQUEST),
        parameters=lambda w: files.of_job(
            [files.shadows_started_from(w.variant, w.get("request"))], w
        )[0],
        members=files.fleet(paths.SHADOWS, "fleet_members", "target"),
        reference=lambda w: files.of_job(files.reference(w.variant), w),
    output:
        **files.fleet_tables(paths.SHADOWS, UNLEARNED),
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
        after(
            "Unlearn with {wildcards.variant}: shadow models of {wildcards.model}, block {wildcards.block}"
        )


rule unlearned:
    input:
        files.every(files.cells(files.variant("outputs"), without=BASELINES)),


rule shadows:
    input:
        [
            file
            for model in MODELS
            for variant in experiment.variants(model)
            for file in files.every(
                files.of_job(files.shadow_outputs(variant), {"model": model})
            )
        ],
