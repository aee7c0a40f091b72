"""A server of somebody else on this machine, which notes what it is asked."""

from __future__ import annotations

import contextlib
import http.server
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def listening(status: int = 200) -> Iterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    """Run a server that answers everything with *status*; yield its port, and path and headers of each request."""
    asked: list[tuple[str, dict[str, str]]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            self.send_response(status)
            self.end_headers()

        do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815  # the server's names

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_port, asked
        made.shutdown()
