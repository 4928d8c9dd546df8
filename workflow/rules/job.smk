# Every job is this one with files and a spec of its own, which names the step that runs.
rule job:
    log:
        files.log("job"),
    conda:
        "../../envs/qmu.yaml"
    resources:
        **asks(mem_mb=2000, runtime=15),
    script:
        "../scripts/step.py"
