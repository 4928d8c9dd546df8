"""Spec of `import_predictions`."""

from __future__ import annotations

from typing import Any

from .base import Spec


class Import(Spec):
    """The ``settings`` of the section, the digest of the file (``content``), and what is written:
    the audited ``variants`` of all ``seeds``, and ``shadows`` by the variant that they are of."""

    settings: dict[str, Any]
    content: str
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    shadows: tuple[str, ...]
