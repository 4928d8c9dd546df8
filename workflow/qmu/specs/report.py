"""Spec of `report`."""

from __future__ import annotations

from typing import Any

from .base import Spec


class Report(Spec):
    """The whole configuration, the ``variants`` of every model, and a digest of the page's
    templates and captions."""

    config: dict[str, Any]
    variants: dict[str, list[str]]
    text_digest: str
