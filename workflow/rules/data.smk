# The pool with its features, what is to be forgotten, and each seed's splits.
from qmu.plan import data


use rule job as pool with:
    output:
        pool=POOL,
    log:
        shared.log("pool"),
    benchmark:
        shared.benchmark("pool")
    priority: 14
    params:
        spec=told(data.pool),
    message:
        "Load the data, project and scale it by its public part"


# All seeds of a sequence train on the same rows: who asks later is among them, or was never there.
SHARED_SAMPLES = [shared.at(paths.SHARED_SAMPLES)] if experiment.requests else []

if SHARED_SAMPLES:

    use rule job as shared_samples with:
        input:
            pool=POOL,
        output:
            samples=SHARED_SAMPLES[0],
        log:
            shared.log("samples/shared"),
        benchmark:
            shared.benchmark("samples/shared")
        priority: 14
        resources:
            **asks(mem_mb=1000, runtime=15),
        params:
            spec=told(data.shared_samples),
        message:
            "Draw the images that the targets of all seeds train on"


use rule job as request with:
    input:
        pool=POOL,
        shadows=files.memorised(),
        shared=SHARED_SAMPLES,
        before=lambda w: files.before([at(paths.REQUEST)], w.get("request")),
    output:
        request=at(paths.REQUEST),
    log:
        files.log("request"),
    benchmark:
        files.benchmark("request")
    priority: 14
    resources:
        **asks(mem_mb=1000, runtime=15),
    params:
        spec=told(data.request),
    message:
        after("Mark what is to be forgotten")


use rule job as samples with:
    input:
        pool=POOL,
        request=at(paths.REQUEST),
        shared=SHARED_SAMPLES,
    output:
        samples=at(paths.SAMPLES),
    log:
        files.log("samples/seed-{seed}"),
    benchmark:
        files.benchmark("samples/seed-{seed}")
    priority: 13
    resources:
        **asks(mem_mb=1000, runtime=15),
    params:
        spec=told(data.samples),
    message:
        after("Draw the training and test images of seed {wildcards.seed}")


rule data:
    input:
        files.every(files.samples()),
