"""The columns of every Parquet table that a run writes.

A column's type is one of the Arrow names below; ``vector[...]`` is a list whose length is the
same in every row, read as a two-dimensional array (rows, length), ``list[...]`` a list of any
length. ``?`` after a type allows nulls, ``*`` that the whole column is absent. A name that ends in
``/*`` stands for any number of columns whose names begin so.
"""

from __future__ import annotations

# Raised when columns change their meaning: tables of another version are refused, not guessed at.
SCHEMA_VERSION = 5

_SAMPLE = {"sample_id": "int64", "label": "int64", "split": "string", "forget": "bool"}

_MEASUREMENT = {
    "model": "string",
    "seed": "int64?",
    "variant": "string",
    "device": "string",
    "attack": "string?",
    "metric": "string",
    "split": "string?",
    "value": "double",
    "ci_low": "double?",
    "ci_high": "double?",
    "n": "int64?",
}

SCHEMAS: dict[str, dict[str, str]] = {
    # data
    "pool": {
        "sample_id": "int64",
        "label": "int64",
        "role": "string",
        # pixels and their features, features, or the parts of complex amplitudes
        "image": "vector[uint8]*",
        "features": "vector[double]*",
        "real": "vector[double]*",
        "imaginary": "vector[double]*",
        # where a request altered rows: the labels as they were
        "true_label": "int64*",
        # of a data set that names its rows: its own ids, and per group column whom a row belongs to
        "id": "string*",
        "group/*": "string*",
    },
    "request": {
        "sample_id": "int64",
        "forget": "bool",
        # where single rows are asked for: those that every seed trains on, as on no other
        "requested": "bool*",
        # in a sequence of requests: what those before this one asked for
        "earlier": "bool*",
    },
    "samples": {**_SAMPLE, "earlier": "bool*"},
    # models
    "parameters": {"name": "string", "shape": "list[int64]", "values": "list[double]"},
    "history": {"epoch": "int64", "loss": "double", "accuracy": "double"},
    "outputs": {
        **_SAMPLE,
        # absent where only the answers of a model are known
        "expectation_values": "vector[double]*",
        "embedding_fidelity": "double*",
        "logits": "vector[double]",
        "probabilities": "vector[double]",
        # of a model that a known part of the forget set was left in: which rows
        "kept": "bool*",
    },
    "cost": {
        "gradient_evaluations": "int64",
        "forward_evaluations": "int64",
        "hessian_products": "int64",
        "circuit_executions": "int64",
        "samples_read": "int64",
        # of a method: its steps, whether any parameter changed, and why it stopped
        "steps": "int64*",
        "changed": "bool*",
        "stopped": "string*",
        # of private training: what it certifies at the recipe's delta; of a method with a
        # certificate: all that it says, see `qmu.metrics.accounting.Certificate`
        "epsilon": "double*",
        "delta": "double*",
        "covers": "string*",
    },
    "timing": {
        "wall_seconds": "double",
        "cpu_seconds": "double",
        "startup_cpu_seconds": "double",
        "compile_seconds": "double",
    },
    # fleets: one row per model (and sample, for the outputs)
    "fleet_members": {"model_index": "int64", "members": "list[int64]"},
    "fleet_parameters": {
        "model_index": "int64",
        "name": "string",
        "shape": "list[int64]",
        "values": "list[double]",
    },
    "fleet_history": {
        "model_index": "int64",
        "epoch": "int64",
        "loss": "double",
        "accuracy": "double",
    },
    "fleet_outputs": {
        "model_index": "int64",
        "sample_id": "int64",
        "label": "int64",
        "member": "bool",
        "logits": "vector[float]",
        # absent where the models have no circuit
        "expectation_values": "vector[float]*",
    },
    # attacks
    "attack_data": {
        "model_index": "int64",
        "sample_id": "int64",
        "label": "int64",
        "member": "bool",
        "logits": "vector[float]",
        # absent where the models have no circuit
        "expectation_values": "vector[float]*",
        "features": "vector[float]",
    },
    # right answers on transformed copies of an image, one column entry per copy; the rows of
    # seed null are those of the shadow model that calibrates
    "queries": {
        "variant": "string",
        "seed": "int64?",
        "sample_id": "int64",
        "right": "vector[uint8]",
    },
    "scores": {
        "variant": "string",
        "seed": "int64",
        **_SAMPLE,
        "attack": "string",
        "score": "double",
        "decision": "bool",
        "fitted": "bool",
    },
    # results; each audited variant's measurements have the summary's columns
    "measurements": _MEASUREMENT,
    "roc": {
        "model": "string",
        "variant": "string",
        "attack": "string",
        "group": "string",
        "fpr": "double",
        "tpr": "double",
        "ci_low": "double",
        "ci_high": "double",
    },
    # single records, one row per attack, variant and seed: all of the forget set, of the retained
    # ones those found in variants that stand for themselves; ``found``: among those that the attack
    # names with few false ones, ``stability``: in what share of the seeds that trained on it
    "records": {
        "model": "string",
        "variant": "string",
        "attack": "string",
        "seed": "int64",
        "sample_id": "int64",
        "label": "int64",
        "forget": "bool",
        "score": "double",
        "p_value": "double",
        "found": "bool",
        "stability": "double",
    },
    "summary": _MEASUREMENT,
    # measurements against noise and shots: ``noise_scale`` times the sweep's noise, ``shots`` per
    # execution (null: exact values), the mean of ``repeats`` executions; seed null: over seeds
    "sweep": {
        "model": "string",
        "seed": "int64?",
        "variant": "string",
        "noise_scale": "double",
        "shots": "int64?",
        "repeats": "int64",
        "attack": "string?",
        "metric": "string",
        "split": "string",
        "value": "double",
        "ci_low": "double?",
        "ci_high": "double?",
        "n": "int64?",
    },
    # what a backend leaves of a model's signal, one row per embedding: ``layers`` of a matrix
    # product state (0: none), ``max_infidelity`` where the fewest layers within it were searched;
    # values on ``samples`` test images, null where the noise was not simulated
    "signal": {
        "model": "string",
        "seed": "int64",
        "backend": "string",
        "embedding": "string",
        "layers": "int64",
        "max_infidelity": "double?",
        "compact": "bool",
        "samples": "int64",
        "two_qubit_gates": "int64",
        "product_of_fidelities": "double",
        "fidelity_mean": "double",
        "fidelity_min": "double",
        "slope": "double?",
        "correlation": "double?",
        "shots_factor": "double?",
        "shots": "int64",
        "accuracy_ideal": "double",
        "accuracy_embedded": "double?",
        "accuracy_noisy": "double?",
        "accuracy_corrected": "double?",
        "accuracy_sampled": "double?",
        "agreement": "double?",
    },
    # one row per trial of a method's settings and shadow model; trial 0 has the configured ones.
    # ``score``: the mean of the three distances to the same model retrained, in nats;
    # ``validation_drop``: accuracy that unlearning cost on held-out retained rows
    "trials": {
        "model": "string",
        "variant": "string",
        "trial": "int64",
        "shadow": "int64",
        "settings": "string",
        "score": "double",
        "distance_forget": "double",
        "distance_retain": "double",
        "distance_validation": "double",
        "validation_drop": "double",
        "gradient_evaluations": "int64",
        "circuit_executions": "int64",
        "seconds": "double",
        "stopped": "string",
    },
    # ``kind``: method, level of its path, control, rung of the ladder, or innocent
    "verdicts": {
        "model": "string",
        "variant": "string",
        "kind": "string",
        "verdict": "string",
        "accused": "bool",
        "sentence": "string",
        "evidence": "string",
    },
}
