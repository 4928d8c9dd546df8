"""What the reader of an audit tolerates: the section ``risk`` of a configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt

from qmu.strict import Strict


class Risk(Strict):
    """What the reader of the verdicts tolerates.

    ``auc`` and ``tpr`` (the share of members found at 1% false positives): up to here an attack
    tells nothing that matters. ``residue``: the share of the forget set that an acquittal has to
    exclude; ``records``: so many may be found. ``damage``: accuracy that retained data may
    lose. ``false_accusations``: the chance that a retrained model is accused of anything.
    ``false_records``: the share of false ones among the records that an attack is said to find.
    """

    auc: Annotated[float, Field(gt=0.5, lt=1)] = 0.55
    tpr: Annotated[float, Field(gt=0.01, lt=1)] = 0.03
    residue: Annotated[float, Field(gt=0, le=1)] = 0.25
    records: PositiveInt = 3
    damage: Annotated[float, Field(ge=0, lt=1)] = 0.02
    false_accusations: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    false_records: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
