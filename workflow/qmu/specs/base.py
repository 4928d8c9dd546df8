"""What every spec holds, and the parts that several specs share."""

from __future__ import annotations

import hashlib
from typing import Any

from qmu.strict import Strict


class Spec(Strict):
    """``step``: the module below `qmu.steps` that runs. ``code``: module -> digest of the code that
    the job's result depends on; an edit of it runs the job again, and names the module."""

    step: str
    experiment: str
    root_seed: int
    code: dict[str, str]

    @property
    def code_digest(self) -> str:
        """Hex digest (16 characters) of all of ``code``: the stamp of its tables."""
        text = "\n".join(f"{module} {self.code[module]}" for module in sorted(self.code))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def plain(self) -> dict[str, Any]:
        """The spec as builtins; ``type(spec)(**spec.plain())`` is the spec again."""
        return self.model_dump(mode="json")


class Component(Strict):
    """A component by name, with its validated settings."""

    component: str
    settings: dict[str, Any]


class ModelSpec(Component):
    """What `qmu.models.model.build` needs: the model, the numbers per row that it reads, the
    classes, the device and the precision."""

    width: int = 0
    classes: int
    device: str
    precision: str


class Intervals(Strict):
    """How intervals are made: their confidence, and the number of bootstrap resamples."""

    confidence: float
    resamples: int
