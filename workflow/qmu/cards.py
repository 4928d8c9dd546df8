"""What a component says of itself: where it comes from and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reads = Literal["none", "forget", "retain", "both"]


@dataclass(frozen=True)
class MethodCard:
    """An unlearning method: its title, its source, and the data it is handed.

    ``reads`` is enforced: a forget-only method never receives the retain set. ``validation``
    says whether its stopping rule looks at the held-out validation split (retained classes only;
    test data never chooses anything). ``reconstructed`` marks a method whose source leaves details
    open: results show the label. ``head_only`` promises that nothing before the classical head
    changes: the circuit need not run again.
    """

    title: str
    source: str
    reads: Reads
    validation: bool = False
    head_only: bool = False
    hessian: bool = False
    reconstructed: bool = False
    control: bool = False


Need = Literal["shadows", "unlearned_shadows", "queries"]


@dataclass(frozen=True)
class AttackCard:
    """A membership-inference attack: its title, source, and what the attacker holds.

    ``needs`` is enforced: an attack is handed nothing else. ``unlearned_shadows`` stands for the
    shadow models after the audited method and for those retrained without the forget class.
    ``fitted_on_target`` says whether fitting looks at the original model, or at shadows alone.
    """

    title: str
    source: str
    access: str
    needs: tuple[Need, ...] = ()
    fitted_on_target: bool = False
    statement: str = ""


@dataclass(frozen=True)
class QualityCard:
    """A measure of unlearning quality: its title, source, whether it needs shadow models of the
    method, and one sentence on how to read it."""

    title: str
    source: str
    fleets: bool = False
    statement: str = ""


@dataclass(frozen=True)
class ModelCard:
    """A quantum model: its title, source, the pool column that it reads, and whether parameters
    of its own stand before the circuit."""

    title: str
    source: str
    inputs: Literal["features", "image"]
    trains_embedding: bool = False
