"""What the decisions on single records add up to: how many are found, and how many flip by seed.

The decisions are made elsewhere, one per attack, seed and record. Of those on the forget set,
``records_found`` is the share that is found in one seed, ``records_flipped``, of the records that
were trained on in several seeds, the share that is found in some of them and not in others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .measurement import Measurement, Recorder, Resampling, Subject

SPLIT = "forget_train"


def record_figures(
    subject: Subject, rows: Mapping[str, np.ndarray], settings: Resampling
) -> list[Measurement]:
    """Both figures of every attack; the ``subject`` has no seed.

    ``rows`` (n,): ``attack``, ``seed``, ``sample_id``, ``forget``, ``found``, and ``stability``,
    the share of the record's seeds in which it is found. The intervals are those of a share of
    independent images; that the records are judged together is not in them.
    """
    figures = []
    for name in dict.fromkeys(rows["attack"]):
        own = rows["forget"] & (rows["attack"] == name)
        for seed in np.unique(rows["seed"][own]):
            chosen = own & (rows["seed"] == seed)
            draw = Recorder(replace(subject, seed=int(seed)), settings)
            hits, images = rows["found"][chosen], rows["sample_id"][chosen]
            figures.append(draw.rate(name, "records_found", SPLIT, hits, images))
        ids, first, seeds = np.unique(rows["sample_id"][own], return_index=True, return_counts=True)
        shares, often = rows["stability"][own][first], seeds > 1
        if often.any():
            flips = (shares[often] > 0) & (shares[often] < 1)
            draw = Recorder(subject, settings)
            figures.append(draw.rate(name, "records_flipped", SPLIT, flips, ids[often]))
    return figures
