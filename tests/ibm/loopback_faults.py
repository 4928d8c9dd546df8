"""Misbehaviour on demand: what to do, to which requests, how often, before or after the effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Fault:
    """One kind of misbehaviour for one route.

    ``status``/``body``/``headers`` replace the answer, ``drop`` closes the connection instead,
    ``seconds`` delays it. With ``accepted`` the request takes effect first.
    """

    route: str
    times: int
    status: int | None = None
    body: bytes = b'{"errors": [{"message": "told to misbehave"}]}'
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    seconds: float = 0.0
    accepted: bool = False


class Faults:
    """Faults that wait for their requests, and callbacks at moments of a request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Behave well again."""
        with self._lock:
            self._waiting: list[Fault] = []
            self._hooks: dict[tuple[str, str], list[Callable[[], None]]] = {}

    def add(self, route: str, times: int = 1, **what: object) -> None:
        """Misbehave at the next ``times`` requests of this route."""
        with self._lock:
            self._waiting.append(Fault(route, times, **what))

    def take(self, route: str) -> Fault | None:
        """The fault for a request that has just come in."""
        with self._lock:
            for fault in self._waiting:
                if fault.route == route and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def spent(self, route: str) -> bool:
        """Whether every fault of this route has happened."""
        with self._lock:
            return not any(f.route == route and f.times for f in self._waiting)

    def once(self, moment: str, route: str, hook: Callable[[], None]) -> None:
        """Call ``hook`` at the next request: ``moment`` is received, effective or answered."""
        with self._lock:
            self._hooks.setdefault((moment, route), []).append(hook)

    def reached(self, moment: str, route: str) -> None:
        """Run and forget the hooks of this moment."""
        with self._lock:
            hooks = self._hooks.pop((moment, route), [])
        for hook in hooks:
            hook()
