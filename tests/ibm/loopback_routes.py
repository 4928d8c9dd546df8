"""From a request to a route's name and its answer."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

from loopback_platform import BACKEND, Platform, backend_file

_API = "quantum.cloud.ibm.com"
_TABLE = [
    ("token", "POST", "iam.cloud.ibm.com", r"/identity/token"),
    ("search", "POST", "api.global-search-tagging.cloud.ibm.com", r"/v3/resources/search"),
    ("catalog", "GET", "globalcatalog.cloud.ibm.com", r"/api/v1/[^/]+"),
    ("backends", "GET", _API, r"/api/v1/backends"),
    ("configuration", "GET", _API, rf"/api/v1/backends/{BACKEND}/configuration"),
    ("properties", "GET", _API, rf"/api/v1/backends/{BACKEND}/properties"),
    ("status", "GET", _API, rf"/api/v1/backends/{BACKEND}/status"),
    ("usage", "GET", _API, r"/api/v1/instances/usage"),
    ("post", "POST", _API, r"/api/v1/jobs"),
    ("list", "GET", _API, r"/api/v1/jobs"),
    ("job", "GET", _API, r"/api/v1/jobs/([^/]+)"),
    ("results", "GET", _API, r"/api/v1/jobs/([^/]+)/results"),
    ("metrics", "GET", _API, r"/api/v1/jobs/([^/]+)/metrics"),
    ("cancel", "POST", _API, r"/api/v1/jobs/([^/]+)/cancel"),
    ("logs", "GET", _API, r"/api/v1/jobs/([^/]+)/logs"),
    ("tags", "PUT", _API, r"/api/v1/jobs/([^/]+)/tags"),
    ("open", "POST", _API, r"/api/v1/sessions"),
    ("details", "GET", _API, r"/api/v1/sessions/([^/]+)"),
    ("close", "PATCH", _API, r"/api/v1/sessions/([^/]+)"),
    ("end", "DELETE", _API, r"/api/v1/sessions/([^/]+)/close"),
]
_ROUTES = [(name, verb, host, re.compile(path)) for name, verb, host, path in _TABLE]
_STATUS = {"state": True, "status": "active", "length_queue": 0, "backend_version": "1.2.6"}
_DEVICE = {"name": BACKEND, "status": {"name": "online"}, "queue_length": 0, "qubits": 5}
_USAGE = {"usage_consumed_seconds": 1, "usage_limit_seconds": 600, "usage_limit_reached": False}


def find(verb: str, host: str, path: str) -> tuple[str, str]:
    """(route, job or session in the path); route ``unknown`` for anything else."""
    for name, wanted, served, pattern in _ROUTES:
        match = pattern.fullmatch(path)
        if verb == wanted and host == served and match:
            return name, match.group(1) if match.groups() else ""
    return "unknown", ""


def needs_token(route: str) -> bool:
    """Whether the platform wants a bearer token for the route."""
    return route not in ("token", "search", "catalog", "unknown")


def answer(platform: Platform, route: str, name: str, query: str, body: bytes) -> tuple[int, Any]:
    """The platform's answer: HTTP status and a JSON value, a text, or None for no content."""
    match route:
        case "token":
            form = parse_qs(body.decode())
            return platform.token({key: values[0] for key, values in form.items()})
        case "search" | "catalog":
            return getattr(platform, route)()
        case "backends":
            return 200, {"devices": [_DEVICE]}
        case "configuration":
            return 200, backend_file("conf")
        case "properties":
            return 200, backend_file("props")
        case "status":
            return 200, _STATUS
        case "usage":
            return 200, _USAGE
        case "open":
            return platform.open_session(json.loads(body))
        case "details" | "close":
            return 200, {"id": name, "mode": platform.sessions.get(name), "state": "closed"}
        case "end" | "tags":
            return 204, None
    return _job(platform, route, name, query, body)


def _job(platform: Platform, route: str, name: str, query: str, body: bytes) -> tuple[int, Any]:
    from qiskit_ibm_runtime import RuntimeDecoder

    match route:
        case "post":
            return platform.accept(json.loads(body, cls=RuntimeDecoder))
        case "list":
            asked = parse_qs(query)
            limit, offset = (int(asked.get(key, [0])[0]) for key in ("limit", "offset"))
            return platform.listed(asked.get("tags", []), limit or 200, offset)
        case "logs":
            return 200, ""
        case "job" | "results" | "metrics" | "cancel":
            return getattr(platform, route)(name)
    return 404, {"error": {"code": 404, "message": "no such endpoint"}}
