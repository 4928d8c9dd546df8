"""temporary"""

from __future__ import annotations

from qmu.unlearning.problem import Data, Problem

READS = {"none": (), "forget": ("forget",), "retain": ("retain",), "both": ("forget", "retain")}


def problem_of(card, model, parameters, pool, positions, classes, names, report):
    handed = {*READS[card.reads], *(("validation",) if card.validation else ())}

    def part(name):
        if name not in handed:
            return None
        return Data(pool.inputs[positions[name]], pool.labels[positions[name]])

    return Problem(
        model=model,
        parameters=model.convert(parameters),
        forget_class=classes[0],
        forget=part("forget"),
        retain=part("retain"),
        validation=part("validation"),
        names=names,
        report=report,
    )
