"""An HTTPS proxy on 127.0.0.1 that answers for IBM's hosts itself, so the client stays unmodified.

The client is led here by the environment alone: CONNECT is answered, then the same connection
speaks TLS with a certificate for the name that was asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import loopback_routes
import loopback_tls
from loopback_platform import INSTANCE, TOKEN, Platform


class Handler(BaseHTTPRequestHandler):
    """One connection: CONNECT, TLS, then requests until either side closes."""

    protocol_version = "HTTP/1.1"
    server: LoopbackServer
    host = ""

    def do_CONNECT(self) -> None:
        """Become the host that the client asked for; any other host is refused."""
        self.host = self.path.rsplit(":", 1)[0]
        if not self.host.endswith("cloud.ibm.com"):
            self.send_error(403)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def _serve(self) -> None:
        platform = self.server.platform
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        route, name = loopback_routes.find(self.command, self.host, path)
        platform.requests.append(route)
        platform.faults.reached("received", route)
        fault = platform.faults.take(route)
        result = None
        if fault is None or fault.accepted or (fault.status is None and not fault.drop):
            if loopback_routes.needs_token(route) and not platform.authorised(
                self.headers.get("Authorization", "")
            ):
                result = 401, {"errors": [{"message": "the token is expired"}]}
            else:
                result = loopback_routes.answer(platform, route, name, query, body)
            platform.faults.reached("effective", route)
        if fault is not None:
            self.server.stopping.wait(fault.seconds)
            if fault.drop:
                self._drop()
                return
            if fault.status is not None:
                self._answer(fault.status, fault.body, fault.headers)
                return
        assert result is not None
        status, value = result
        text = value if isinstance(value, str) else json.dumps(value) if value is not None else ""
        self._answer(status, text.encode(), {})
        platform.faults.reached("answered", route)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        if status != 204:
            lines.append(f"Content-Length: {len(body)}")
        with contextlib.suppress(OSError):
            self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Close quietly: the other side may have been killed."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        with contextlib.suppress(OSError):
            self.connection.close()

    def handle(self) -> None:
        """Serve until the connection ends, however it ends."""
        with contextlib.suppress(OSError, ssl.SSLError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class LoopbackServer(ThreadingHTTPServer):
    """The server in a thread of its own; ``environment`` leads a client to it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path) -> None:
        self.bundle, self.tls = loopback_tls.make(folder)
        self.platform = Platform()
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """Variables for the client; everything else of a proxy or an account is empty."""
        empty = ("NO_PROXY", "no_proxy", "https_proxy", "QISKIT_IBM_URL", "QISKIT_IBM_CHANNEL")
        # `no_proxy` must not except IBM's hosts, and lower case would win over upper case.
        return dict.fromkeys(empty, "") | {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.server_port}",
            "https_proxy": f"http://127.0.0.1:{self.server_port}",
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "QISKIT_IBM_TOKEN": TOKEN,
            "QISKIT_IBM_INSTANCE": INSTANCE,
        }

    def process_environment(self) -> dict[str, str]:
        """The whole environment of a separate process."""
        return {**os.environ, **self.environment()}

    def handle_error(self, *_: object) -> None:
        """A connection that ended badly is the test's business, not the terminal's."""

    def stop(self) -> None:
        """End the thread and release the port."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join(5)
