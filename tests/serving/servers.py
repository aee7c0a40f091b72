"""Real MLflow servers on the loopback interface, and what may stand between them and a notebook."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from databases import copy_new_database


class Server:
    """A real ``mlflow server``; *store* is its database, a SQLite file in *folder* unless said otherwise."""

    def __init__(self, folder, *, store=None):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.store = store or f"sqlite:///{folder}/server.db"
        if store is None:
            copy_new_database(folder / "server.db", artifacts="mlflow-artifacts:/0")
        self._folder = folder
        self._process = None
        self.start()

    def start(self):
        if self._process is not None and self._process.poll() is None:
            return
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", self.store, "--workers", "1"),
            *("--artifacts-destination", str(self._folder / "artifacts")),
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "PYTEST"))}
        environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self._process = subprocess.Popen(command, cwd=self._folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        end = time.monotonic() + 90
        while not self._answers():
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.05)

    def _answers(self):
        import requests

        try:
            return requests.get(f"{self.uri}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def _signal(self, number):
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def kill(self):
        self._signal(signal.SIGKILL)
        self._process.wait(30)

    def suspend(self):
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)


class Answer(NamedTuple):
    """What a proxy answers by itself."""

    status: int
    body: str = ""
    headers: dict[str, str] = {}  # noqa: RUF012  # never changed


class Request(NamedTuple):
    """What a proxy was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Proxy:
    """Stands before a server; where *fault(request)* returns an answer, that is given in its place.

    ``seen`` holds the requests that came while there was a fault.
    """

    def __init__(self, port=None, *, host="127.0.0.1", context=None):
        self.fault = None
        self.seen: list[Request] = []
        self._to = port
        self._server = ThreadingHTTPServer((host, 0), _handler(self))
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.uri = f"{'https' if context else 'http'}://{host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request: Request):
        """Return status, headers and body."""
        if self.fault is not None:
            self.seen.append(request)
            answer = self.fault(request)
            if answer is not None:
                return answer.status, {"Content-Type": "text/html"} | answer.headers, answer.body.encode()
        return self.forward(request)

    def forward(self, request: Request):
        """Return what the server behind it answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self._to, timeout=60)
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _OWN}
        connection.request(request.method, request.path, request.body or None, headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, {"Content-Type": response.headers.get("Content-Type", "")}, body

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


_OWN = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}


def _handler(proxy):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            try:
                status, headers, content = proxy.answer(Request(self.command, self.path, dict(self.headers), body))
            except OSError:
                status, headers, content = 502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>"
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # the base class's names

        def log_message(self, format, *args):  # noqa: A002  # the base class's name
            pass

    return Handler
