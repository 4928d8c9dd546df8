"""The experiment that a table of predictions makes: what it holds, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qmu import registry
from qmu.data import predictions
from qmu.data.predictions import MODEL_ITSELF, Predictions, lacking
from qmu.errors import ConfigError, suggestion
from qmu.variants import RESIDUE, RETRAIN, TARGET

from .checks import check_seeds
from .experiment import Common, Entry, Experiment

STATEMENTS = {
    True: "They are those that the table marks with the members, as rows to be forgotten too.",
    False: "They are rows of the same labels that no original model was trained on.",
}


def experiment(
    config: predictions.Config,
    common: Common,
    attacks: Mapping[str, Entry],
    quality: Mapping[str, Entry],
) -> Experiment:
    """The checked experiment; ConfigError names the table's column and row, or the key that asks
    for what the table does not hold."""
    whole = predictions.read(config)
    for control in config.controls:
        if control not in whole.methods:
            hint = suggestion(control, whole.methods)
            raise ConfigError(f"predictions.controls: no model 'unlearned:{control}'.{hint}")
    found = Experiment(
        common=_counted(common, whole),
        dataset=_made("dataset", classes=whole.classes),
        forget=_made("forget", **_request(whole)),
        models={config.model: _made(config.model, training={"loss": config.loss})},
        unlearning={name: _made(name, control=name in config.controls) for name in whole.methods},
        attacks=dict(attacks),
        quality=dict(quality),
        devices={},
        sweep=None,
        signal=None,
        predictions=config,
    )
    check_seeds(found)
    _check_seeds_of(found, whole)
    _check_asked(found)
    return found


def _made(name: str, **settings: object) -> Entry:
    """What was made elsewhere."""
    return Entry(name=name, component="", settings=settings)


def _counted(common: Common, whole: Predictions) -> Common:
    """The common part with the table's own numbers of models and rows."""
    shadows = len(whole.shadows.get(TARGET, ()))
    members = [int(whole.variants[TARGET, seed].member.sum()) for seed in whole.seeds]
    residues = [float(name.partition("@")[2]) for name in whole.names if name.startswith(RESIDUE)]
    further = sum(name.startswith(f"{RETRAIN}@") for name in whole.names)
    counts = {
        "shadows": {"count": shadows, "block": max(shadows, 1), "unlearned": whole.unlearned},
        "retrain": {"ensemble": further},
        "audit": {"ladder": tuple(sorted(residues)), "path": (), "innocents": 0},
        "samples": {"train": max(members)},
    }
    return common.model_copy(
        update={
            section: getattr(common, section).model_copy(update=values)
            for section, values in counts.items()
        }
    )


def _request(whole: Predictions) -> dict[str, object]:
    """What is to be forgotten, as the report says it."""
    labels = np.unique(whole.label[whole.forget])
    covered = bool(np.all(whole.forget[np.isin(whole.label, labels)]))
    classes = f"class{'es' if len(labels) > 1 else ''} {', '.join(map(str, labels))}"
    rows = int(np.sum(whole.forget & whole.trained))
    words = classes if covered else f"{rows} row{'' if rows == 1 else 's'} of the table"
    return {"words": words, "whole": covered, "statement": STATEMENTS[whole.marked]}


def _check_seeds_of(experiment: Experiment, whole: Predictions) -> None:
    asked, there = sorted(experiment.common.seeds), list(whole.seeds)
    if asked != there:
        raise ConfigError(
            f"seeds: {asked} are asked for, the original models of {experiment.predictions.path} "
            f"have the indices {there} (column 'index')"
        )


def _check_asked(experiment: Experiment) -> None:
    """No attack or measure may need what the table does not hold."""
    path, shadows = experiment.predictions.path, experiment.common.shadows.model_dump()
    for name, entry in experiment.attacks.items():
        for why in lacking(registry.load("attacks", entry.component).CARD.needs, shadows):
            raise ConfigError(f"attacks.{name}: {why}: {path}")
    for name, entry in experiment.quality.items():
        card = registry.load("quality", entry.component).CARD
        if not card.answers:
            raise ConfigError(f"quality.{name}: {MODEL_ITSELF}: {path}")
        for why in lacking(("unlearned_shadows",) if card.fleets else (), shadows):
            raise ConfigError(f"quality.{name}: {why}: {path}")
        if card.whole_classes and not experiment.forget.settings["whole"]:
            raise ConfigError(
                f"quality.{name}: asks after whole classes only, and the column 'forget' of {path} "
                "marks part of one"
            )
