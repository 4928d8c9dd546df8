# The attack data from the shadow models, the attacks fitted on it, and their scores.
from qmu.plan import attack

NEEDS = attack.needs(experiment)


use rule job as attack_data with:
    input:
        blocks=files.shadow_outputs("target"),
    output:
        data=shared.at(paths.ATTACK_DATA),
    log:
        shared.log("attacks/{model}/attack_data"),
    benchmark:
        shared.benchmark("attacks/{model}/attack_data")
    priority: 7
    resources:
        **asks(mem_mb=1000, runtime=15),
    params:
        spec=told(attack.attack_data),
    message:
        "Collect the attack data of {wildcards.model} from its shadow models"


use rule job as fit_attacks with:
    input:
        data=shared.at(paths.ATTACK_DATA) if experiment.common.shadows.count else [],
        outputs=files.of_seeds("outputs", "target"),
    output:
        fitted=at(paths.FITTED),
    log:
        files.log("attacks/{model}/fit_attacks"),
    benchmark:
        files.benchmark("attacks/{model}/fit_attacks")
    priority: 6
    params:
        spec=told(attack.fit_attacks),
    message:
        after("Fit the attacks on {wildcards.model}")


use rule job as query with:
    input:
        pool=POOL,
        parameters=grouped("parameters"),
        # Shadow model 0 calibrates, the same for all variants: the target's job asks it.
        shadow=branch(
            lambda w: w.group == "target",
            then=files.fleet(paths.SHADOWS, "fleet_parameters", "target").replace(
                "{block}", "0"
            ),
        ),
        asked=branch(
            lambda w: w.group != "target",
            then=at(paths.QUERIES).replace("{group}", "target"),
        ),
    output:
        queries=at(paths.QUERIES),
    log:
        files.log("queries/{model}/{group}"),
    benchmark:
        files.benchmark("queries/{model}/{group}")
    priority: 5
    params:
        spec=told(attack.query),
    message:
        after("Ask {wildcards.model}, {wildcards.group}, about transformed images")


use rule job as score with:
    input:
        **(compared_fleets() if "unlearned_shadows" in NEEDS else {}),
        **(
            calibrating()
            if NEEDS & {"unlearned_shadows", "queries"} == {"queries"}
            else {}
        ),
        fitted=at(paths.FITTED),
        outputs=grouped("outputs"),
        original=files.of_seeds("outputs", "target"),
        queries=at(paths.QUERIES) if "queries" in NEEDS else [],
    output:
        scores=at(paths.SCORES),
    log:
        files.log("scores/{model}/{group}"),
    benchmark:
        files.benchmark("scores/{model}/{group}")
    priority: 3
    params:
        spec=told(attack.score),
    message:
        after("Attack {wildcards.model}, {wildcards.group}")


rule attacks:
    input:
        files.every(filled(at(paths.FITTED), model=MODELS)),


rule scores:
    input:
        [file for one in EVERY for file in audited(paths.SCORES)(one)],
