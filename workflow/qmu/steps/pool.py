"""Step `pool`: load the images, draw the public part, project all on its principal components."""

from __future__ import annotations

import numpy as np

from qmu import registry
from qmu.data import features
from qmu.data import splits as sampling
from qmu.errors import QmuError
from qmu.steps.io.writer import Writer


def run(inputs, outputs, spec, report, clock) -> None:
    """Write the pool table: public and pool images with pixels and features."""
    data = registry.load("data", spec["dataset"])
    clock.ready()
    images = data.load(data.Config(**spec["settings"]))
    section = spec["features"]
    count = len(images.labels)
    if count != data.SIZE:
        # Every check of the configuration counted on this number.
        raise QmuError(f"dataset: {spec['dataset']} has {data.SIZE} images, found {count}")
    roles = sampling.roles(spec["root_seed"], count, section["public"], section["pool"])
    fit_on = roles == "public" if section["fit_on"] == "public" else images.training
    report(f"{count} images, principal components fitted on {int(fit_on.sum())} of them")
    keep = np.flatnonzero(roles != "spare")
    kept_fit = fit_on[keep]
    if section["fit_on"] == "public":
        projected = features.principal_components(
            images.pixels[keep], kept_fit, section["components"]
        )
    else:
        projected = features.principal_components(images.pixels, fit_on, section["components"])
        projected = projected[keep]
    columns = {
        "sample_id": keep,
        "label": images.labels[keep],
        "role": roles[keep],
        "image": images.pixels[keep],
        "features": projected,
    }
    Writer(spec)(outputs["pool"], "pool", columns)
    report(f"{int((roles == 'pool').sum())} images in the pool")
