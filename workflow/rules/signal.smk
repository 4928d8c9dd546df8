# What a fake backend leaves of every model's signal, by embedding.


rule signal:
    input:
        pool=at(paths.POOL),
        samples=at(paths.SAMPLES).replace("{seed}", str(SEEDS[0])),
        parameters=variant_table("parameters", "target").replace(
            "{seed}", str(SEEDS[0])
        ),
    output:
        signal=at(paths.SIGNAL_OF),
    log:
        log_of("signal/{model}"),
    benchmark:
        benchmark_of("signal/{model}")
    conda:
        "../../envs/qmu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=lambda w: specs.signal(w.model),
    message:
        "Measure what is left of the signal of {wildcards.model}"
    script:
        "../scripts/signal.py"


rule signals:
    input:
        expand(at(paths.SIGNAL_OF), model=MODELS) if experiment.signal else [],
