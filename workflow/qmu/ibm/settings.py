"""What a user chooses about an evaluation on hardware."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from qmu.strict import Strict


def is_fake(backend: str) -> bool:
    """Whether a backend's name is that of one which the client simulates."""
    return backend.lower().startswith("fake")


class Settings(Strict):
    """How samples are embedded, transpiled and executed.

    ``fold`` leaves out the CNOT gates at the very end and computes them from the measured bits: it
    saves gates but multiplies readout errors, and on FakeTorino gained nothing.
    """

    primitive: Literal["sampler", "estimator"] = "sampler"
    shots: int = Field(4096, ge=1, le=1_000_000, description="executions per sample")
    embedding: Literal["mps", "tree"] = Field(
        "mps", description="staircases of two-qubit blocks (approximate), or the exact tree"
    )
    layers: int | None = Field(
        None, ge=1, le=40, description="layers of the mps embedding; null: as few as will do"
    )
    max_layers: int = Field(10, ge=1, le=40, description="where the search for layers ends")
    max_infidelity: float = Field(
        0.05, ge=0, le=1, description="1 - fidelity that every sample's embedding must reach"
    )
    fold: bool = Field(False, description="compute the CNOT gates at the end from the bits")
    compact: bool = Field(
        False,
        description="use a line of as many qubits as the circuit has: more gates, but the noise "
        "can be simulated exactly",
    )
    optimization_level: int = Field(3, ge=0, le=3, description="of the transpiler")
    transpiler_seeds: int = Field(12, ge=1, le=200, description="tried; fewest gates win")
    options: dict[str, Any] = Field(
        default={}, description="options of the primitive: twirling, dynamical_decoupling, ..."
    )

    @model_validator(mode="after")
    def _known(self) -> Settings:
        if self.embedding == "tree" and self.layers is not None:
            raise ValueError("layers belongs to embedding 'mps'; the tree is exact")
        return self
