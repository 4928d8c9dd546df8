# The original models and the gold standard, the same recipe without the forget set; and fleets:
# shadow models for the attacks, further retrained models for the floor of distances.
from qmu.plan import train

# A sequence's targets and their shadow models are trained once, and belong to no request.
FRESH = ["retrain"] if experiment.requests else ["target", "retrain"]


use rule job as train with:
    input:
        pool=POOL,
        samples=at(paths.SAMPLES),
    output:
        **files.variant_tables(),
    log:
        files.log("train/{model}/seed-{seed}/{variant}"),
    benchmark:
        files.benchmark("train/{model}/seed-{seed}/{variant}")
    wildcard_constraints:
        variant=one_of(FRESH),
    priority: 12
    resources:
        **asks(mem_mb=2000, runtime=30),
    params:
        spec=told(train.train),
    message:
        after("Train {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}")


use rule job as train_shadows with:
    input:
        pool=POOL,
        request=lambda w: (
            [] if w.variant == "target" else files.of_job([at(paths.REQUEST)], w)[0]
        ),
    output:
        **files.fleet_tables(paths.SHADOWS, paths.FLEET_TABLES),
    log:
        files.log("shadows/{model}/{variant}/block-{block}"),
    benchmark:
        files.benchmark("shadows/{model}/{variant}/block-{block}")
    wildcard_constraints:
        variant=one_of(FRESH),
    priority: 11
    resources:
        **asks(mem_mb=2000, runtime=30),
    params:
        spec=told(train.shadows),
    message:
        after(
            "Train shadow models of {wildcards.model}, {wildcards.variant}, block {wildcards.block}"
        )


if experiment.requests:

    use rule train as train_target with:
        input:
            pool=POOL,
            samples=SHARED_SAMPLES[0],
        output:
            **shared.variant_tables(),
        log:
            shared.log("train/{model}/seed-{seed}/{variant}"),
        benchmark:
            shared.benchmark("train/{model}/seed-{seed}/{variant}")
        wildcard_constraints:
            variant="target",
        message:
            "Train {wildcards.model}, {wildcards.variant}, seed {wildcards.seed}"

    use rule train_shadows as train_target_shadows with:
        output:
            **shared.fleet_tables(paths.SHADOWS, paths.FLEET_TABLES),
        log:
            shared.log("shadows/{model}/{variant}/block-{block}"),
        benchmark:
            shared.benchmark("shadows/{model}/{variant}/block-{block}")
        wildcard_constraints:
            variant="target",
        message:
            "Train shadow models of {wildcards.model}, {wildcards.variant}, block {wildcards.block}"

    use rule job as original with:
        input:
            **{kind: shared.variant(kind, "target") for kind in paths.MODEL_TABLES},
            pool=POOL,
            samples=at(paths.SAMPLES),
        output:
            **{kind: files.variant(kind, "target") for kind in paths.MODEL_TABLES},
        log:
            files.log("train/{model}/seed-{seed}/target"),
        benchmark:
            files.benchmark("train/{model}/seed-{seed}/target")
        priority: 12
        resources:
            **asks(mem_mb=1000, runtime=15),
        params:
            spec=told(train.original),
        message:
            after("Look at {wildcards.model}, target, seed {wildcards.seed}")


use rule job as train_retrained with:
    input:
        pool=POOL,
        samples=at(paths.SAMPLES),
    output:
        **{
            kind: files.tables(kind, train.further(experiment))
            for kind in paths.MODEL_TABLES
        },
    log:
        files.log("train/{model}/seed-{seed}/retrained"),
    benchmark:
        files.benchmark("train/{model}/seed-{seed}/retrained")
    priority: 10
    resources:
        **asks(mem_mb=2000, runtime=30),
    params:
        spec=told(train.retrained),
    message:
        after(
            "Train further retrained models of {wildcards.model}, seed {wildcards.seed}"
        )


if LADDER:

    use rule job as train_ladder with:
        input:
            pool=POOL,
            samples=at(paths.SAMPLES),
        output:
            **{kind: files.tables(kind, LADDER) for kind in paths.MODEL_TABLES},
        log:
            files.log("train/{model}/seed-{seed}/ladder"),
        benchmark:
            files.benchmark("train/{model}/seed-{seed}/ladder")
        priority: 10
        resources:
            **asks(mem_mb=2000, runtime=30),
        params:
            spec=told(train.ladder),
        message:
            after(
                "Train models with a known residue of {wildcards.model}, seed {wildcards.seed}"
            )


# Models differ in what can be edited, and a rule's files in the names of the edits: one rule for
# each set of edits. A rule that is made from `job` could have no computed name.
EDITED = [
    (request, edited, models)
    for request, one in AUDITS.items()
    for edited, models in one.edited.items()
]
for number, (request, edited, models) in enumerate(EDITED):

    rule:
        name:
            f"edit_retrained{number or ''}"
        input:
            pool=POOL,
            samples=files.samples(),
            parameters=files.retrained("parameters"),
            outputs=files.retrained("outputs"),
        output:
            **{kind: files.of_variants(kind, edited) for kind in paths.MODEL_TABLES},
        log:
            files.log("train/{model}/innocents"),
        benchmark:
            files.benchmark("train/{model}/innocents")
        wildcard_constraints:
            model=one_of(models),
            request=one_of([request] if request else []),
        priority: 9
        conda:
            "../../envs/qmu.yaml"
        resources:
            **asks(mem_mb=2000, runtime=15),
        params:
            spec=told(train.innocents),
        message:
            after("Edit retrained models of {wildcards.model} that stay innocent")
        script:
            "../scripts/step.py"


rule target:
    input:
        files.every(
            filled(files.variant("outputs", "target"), model=MODELS, seed=SEEDS)
        ),


rule retrain:
    input:
        files.every(
            filled(files.variant("outputs", "retrain"), model=MODELS, seed=SEEDS)
        ),
