"""What an attacker sees of one model, and what an attack returns.

The game: the attacker holds labelled samples and a model's logits on them, and says of each
whether the model was trained on it. Scores are higher for members.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from qmu.strict import Strict

Need = Literal["shadows", "unlearned_shadows", "queries", "expectation_values"]


@dataclass(frozen=True)
class AttackCard:
    """A membership-inference attack: its title, source, and what the attacker holds.

    ``needs`` is enforced: an attack is handed nothing else. ``unlearned_shadows`` stands for the
    shadow models after the audited method and for those retrained without the forget class,
    ``expectation_values`` for what the circuit measured beside the logits.
    ``fitted_on_target`` says whether fitting looks at the original model, or at shadows alone.
    ``freezable``: once fitted, it judges each row by the model's answer on that row alone, so that
    a study may freeze it and ask again.

    For the report: ``published`` marks the attack whose rate on members is the published measure of
    unlearning, ``reference`` the plain one whose AUC stands beside it, ``calibrated`` one that
    judges each row by what is usual for that row. ``ideal``: the AUC on the forget class that
    perfect unlearning reads; in words where it is no number but the retrained model's own reading.
    """

    title: str
    source: str
    access: str
    needs: tuple[Need, ...] = ()
    fitted_on_target: bool = False
    freezable: bool = False
    statement: str = ""
    published: bool = False
    reference: bool = False
    calibrated: bool = False
    ideal: float | str = 0.5

    @property
    def portable(self) -> bool:
        """Whether the attack is run on further devices.

        Not where it needs shadow models after unlearning or answers on transformed images: both
        exist for the simulation only. Shadow models of the target are the simulation's: an
        attacker simulates, and asks the device for nothing but the audited answers.
        """
        return not {"unlearned_shadows", "queries"} & set(self.needs)


@dataclass(frozen=True)
class View:
    """One model on labelled samples, rows in the order of ``sample_id``.

    ``label`` (n,), ``split`` (n,) names such as ``forget_train``, ``member`` (n,) bool: whether
    the seed's *target* was trained on the sample, ``logits`` (n, classes), ``loss``: the name of
    the training loss ("ce" or "bce_sum"). For attacks that ask for them: ``right`` (n, r) bool,
    right answers on r transformed copies, and ``expectation_values`` (n, wires), what the head
    reads: <Z> of every wire, or a classical model's embedding.
    """

    sample_id: np.ndarray
    label: np.ndarray
    split: np.ndarray
    forget: np.ndarray
    member: np.ndarray
    logits: np.ndarray
    loss: str
    right: np.ndarray | None = None
    expectation_values: np.ndarray | None = None


@dataclass(frozen=True)
class ShadowModels:
    """Shadow models on the whole pool: ``logits`` (models, n, classes), ``member`` (models, n):
    what the model was trained on, also where some of it was unlearned afterwards,
    ``expectation_values`` (models, n, wires): <Z>, None for classical models."""

    sample_id: np.ndarray
    label: np.ndarray
    member: np.ndarray
    logits: np.ndarray
    loss: str
    expectation_values: np.ndarray | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything that an attack may hold; what its card does not ask for is None.

    ``original``: the seed's target. ``audited``: the model under audit (the target itself while an
    attack is fitted). ``shadows``: shadow models of the target. ``unlearned``: the same models
    after the audited variant's method. ``retrained``: models trained on the same members without
    the forget set. ``calibration``: a shadow model's view with its own members, for thresholds.
    Rows of the shadows are in the order of the views.
    """

    original: View
    audited: View
    shadows: ShadowModels | None = None
    unlearned: ShadowModels | None = None
    retrained: ShadowModels | None = None
    calibration: View | None = None


@dataclass(frozen=True)
class Scored:
    """``score`` (n,) higher for members, ``decision`` (n,) the attack's own yes or no, ``fitted``
    (n,) whether the attack was fitted on the sample."""

    score: np.ndarray
    decision: np.ndarray
    fitted: np.ndarray


class Attack(Protocol):
    """A file of ``qmu/attacks/methods``. Both functions get what the card asks for and no more; all
    random numbers derive from ``names``; arrays are never changed in place."""

    CARD: AttackCard
    Config: type[Strict]

    def fit(
        self, evidence: Evidence, config: Any, names: tuple[str | int, ...]
    ) -> dict[str, np.ndarray]:
        """Fit on the original model or on shadow models, before anything is audited.

        Returns arrays by name, which are stored and handed to `score`; empty where nothing is
        fitted. Raises ValueError where what the card asks for does not fit together.
        """

    def score(
        self,
        fitted: dict[str, np.ndarray],
        evidence: Evidence,
        config: Any,
        names: tuple[str | int, ...],
    ) -> Scored:
        """Score every row (n,) of ``evidence.audited``, in its order; no score is NaN."""


def allowed(evidence: Evidence, card: AttackCard) -> Evidence:
    """What the card asks for, everything else taken away."""
    changes: dict[str, object] = {}
    if "shadows" not in card.needs and "unlearned_shadows" not in card.needs:
        changes["shadows"] = None
    if "unlearned_shadows" not in card.needs:
        changes |= {"unlearned": None, "retrained": None}
    if "queries" not in card.needs:
        changes["calibration"] = None
        changes["audited"] = replace(evidence.audited, right=None)
    evidence = replace(evidence, **changes)
    return evidence if "expectation_values" in card.needs else _logits_alone(evidence)


def _logits_alone(evidence: Evidence) -> Evidence:
    """The evidence without what circuits measured."""
    parts = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    return replace(
        evidence,
        **{
            name: replace(part, expectation_values=None)
            for name, part in parts.items()
            if part is not None
        },
    )
