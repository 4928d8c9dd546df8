"""Which images a device is asked about, where every execution costs time or money.

A simulator answers for the whole pool. On hardware a person chooses numbers per part of a seed's
data (``train``, ``test``, ``validation``, ``unseen``) and per split of it (``forget_train``, ...);
each number takes the first images of that group in a fixed order that ignores labels
(`sampling.scattered_order`), and what several numbers take is asked once. The order is the one by
which the published attack takes its own samples, so its population on the device is that of the
simulation wherever the numbers allow it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from qmu.data.splits import PARTS, scattered_order
from qmu.strict import Strict

Count = Annotated[int, Field(ge=0, le=100_000)]


class Images(Strict):
    """At most so many images of each group of a seed's data; what groups share is asked once.

    A key is a part of the data, or the forget class in it. The published attack looks at 500
    training and 500 test images; 100 members and 100 unseen images of the forget class decide
    the intervals of its success; a correction of the device is fitted on ``validation``.
    """

    train: Count = 500
    test: Count = 500
    validation: Count = 100
    unseen: Count = 0
    forget_train: Count = 100
    forget_test: Count = 0
    forget_validation: Count = 0
    forget_unseen: Count = 100

    @model_validator(mode="after")
    def _enough(self) -> Images:
        if max(self.train, self.forget_train) < 2 or self.test < 2:
            raise ValueError("train and test need at least 2 images each, attacks compare them")
        return self

    def most(self) -> int:
        """Images at most: the groups counted as if they shared none."""
        return sum(self.model_dump().values())

    def least(self, sizes: Mapping[str, int]) -> int:
        """Images at least, where the parts of a seed's data have ``sizes``: how many images of the
        forget class stand beside them is left to chance."""
        return sum(min(getattr(self, part), sizes[part]) for part in PARTS)


def select(split: np.ndarray, sample_id: np.ndarray, images: Images) -> np.ndarray:
    """Positions (k,) of the chosen images in arrays ``split`` and ``sample_id`` (n,), ascending."""
    order = scattered_order(sample_id)
    group = np.array([str(name).partition("_")[0] for name in split])
    part = np.array([str(name).rpartition("_")[2] for name in split])
    chosen = np.zeros(len(split), bool)
    for key, count in images.model_dump().items():
        of_part = part[order] == key.rpartition("_")[2]
        inside = of_part if key in PARTS else of_part & (group[order] == "forget")
        chosen[order[inside][:count]] = True
    return np.flatnonzero(chosen)
