"""Every path template of a run, once.

Templates are written with Snakemake wildcards and live below ``results/<experiment>/``. A variant
is ``target``, ``retrain``, the name that the config gives to an unlearning method, or one of those
audited beside them (`qmu.variants`); what is audited has one file per group of them. A device is a
name of the section ``devices``.
"""

from __future__ import annotations

ROOT = "results/{experiment}"
POOL = ROOT + "/data/pool.parquet"
REQUEST = ROOT + "/data/request.parquet"
# The split that all seeds of a sequence of requests share. What follows from one of its requests
# stands in a folder of its own, in the same order as an experiment with one request.
SHARED_SAMPLES = ROOT + "/data/samples.parquet"
SAMPLES = ROOT + "/data/seed-{seed}/samples.parquet"

VARIANT = ROOT + "/models/{model}/seed-{seed}/{variant}"
MODEL_TABLES = ("parameters", "history", "outputs", "cost", "timing")

# Shadow models of every variant: target, the same members retrained without the forget set
# (retrain), and the target's after an unlearning method.
SHADOWS = ROOT + "/shadows/{model}/{variant}/block-{block}"
FLEET_TABLES = ("fleet_members", "fleet_parameters", "fleet_history", "fleet_outputs", "timing")
UNLEARNED_TABLES = ("fleet_outputs", "timing")

ATTACK_DATA = ROOT + "/attacks/{model}/attack_data.parquet"
FITTED = ROOT + "/attacks/{model}/fitted.parquet"
QUERIES = ROOT + "/queries/{model}/{group}.parquet"
SCORES = ROOT + "/scores/{model}/{group}.parquet"

MEASUREMENTS = ROOT + "/audit/{model}/{group}/measurements.parquet"
ROC = ROOT + "/audit/{model}/{group}/roc.parquet"
RECORDS_OF = ROOT + "/audit/{model}/{group}/records.parquet"
QUALITY = ROOT + "/quality/{model}/{group}.parquet"

# The same variants on a further device, by the name that the config gives to it: the table of
# outputs, the attacks fitted on what the device answers, their scores and measurements.
OUTPUTS_ON = VARIANT + "/on-{device}/outputs.parquet"
# One job of an IBM device: what is sent, the id that it got, what came back.
JOB = VARIANT + "/on-{device}/job-{part}"
PREPARED = JOB + "/prepared.json"
SUBMITTED = JOB + "/job.json"
RESULT = JOB + "/result.json"
CALIBRATION = JOB + "/calibration.json"
ESTIMATE = ROOT + "/devices/{device}/estimate.json"
FITTED_ON = ROOT + "/attacks/{model}/on-{device}/fitted.parquet"
SCORES_ON = ROOT + "/scores/{model}/on-{device}/{variant}.parquet"
MEASUREMENTS_ON = ROOT + "/audit/{model}/{variant}/on-{device}/measurements.parquet"
ROC_ON = ROOT + "/audit/{model}/{variant}/on-{device}/roc.parquet"
RECORDS_ON = ROOT + "/audit/{model}/{variant}/on-{device}/records.parquet"

SWEEP_OF = ROOT + "/sweep/{model}/{variant}.parquet"
SWEEP = ROOT + "/sweep.parquet"
# What a backend leaves of every model's signal, by embedding.
SIGNAL_OF = ROOT + "/signal/{model}.parquet"

# Trials of every method on shadow models, and the best settings of all methods.
TRIALS_OF = ROOT + "/tune/{model}/{variant}.parquet"
TRIALS = ROOT + "/tune/trials.parquet"
TUNED = ROOT + "/tune/tuned.yaml"

SUMMARY = ROOT + "/summary.parquet"
SUMMARY_CSV = ROOT + "/summary.csv"
SUMMARY_TEXT = ROOT + "/summary.txt"
VERDICTS = ROOT + "/verdicts.parquet"
RECORDS = ROOT + "/records.parquet"
MANIFEST = ROOT + "/manifest.json"
FIGURES = ROOT + "/figures"
REPORT = ROOT + "/report.html"

LOGS = ROOT + "/logs"
BENCHMARKS = ROOT + "/benchmarks"


def model_tables(folder: str = VARIANT) -> dict[str, str]:
    """Table kind -> file of one model variant."""
    return {kind: f"{folder}/{kind}.parquet" for kind in MODEL_TABLES}


def fleet_tables(folder: str, kinds: tuple[str, ...] = FLEET_TABLES) -> dict[str, str]:
    """Table kind -> file of one fleet block; the kind's ``fleet_`` prefix is not repeated."""
    return {kind: f"{folder}/{kind.removeprefix('fleet_')}.parquet" for kind in kinds}
