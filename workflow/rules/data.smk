# The pool with its features, what is to be forgotten, and each seed's splits.
from qmu.plan import data


use rule job as pool with:
    output:
        pool=at(paths.POOL),
    log:
        files.log("pool"),
    benchmark:
        files.benchmark("pool")
    priority: 14
    params:
        spec=told(data.pool),
    message:
        "Load the data, project and scale it by its public part"


use rule job as request with:
    input:
        pool=at(paths.POOL),
        shadows=files.memorised(),
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
        "Mark what is to be forgotten"


use rule job as samples with:
    input:
        pool=at(paths.POOL),
        request=at(paths.REQUEST),
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
        "Draw the training and test images of seed {wildcards.seed}"


rule data:
    input:
        files.samples(),
