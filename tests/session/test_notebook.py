"""The file of the notebook that a kernel belongs to, with a real Jupyter server's answers on a real socket."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from pathlib import Path

import pytest
from ipykernel.kernelapp import IPKernelApp

from mlmagic.session import notebook

KERNEL = "0a1b2c3d-4e5f"
SESSION = {"kernel": {"id": KERNEL}, "path": "sub/renamed.ipynb", "type": "notebook"}


@pytest.fixture(autouse=True)
def _outside(monkeypatch, tmp_path):
    """No variable of the machine's, and no server of its user's."""
    for name in ("MLMAGIC_NOTEBOOK", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runtime").mkdir()
    yield
    IPKernelApp.clear_instance()


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """A kernel that was started for a notebook which has been renamed since."""
    IPKernelApp.instance(connection_file=str(tmp_path / f"kernel-{KERNEL}.json"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "started.ipynb"))


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a server which gives one answer, and writes the file that tells of it."""
    servers = []

    def serve(answer, *, status=200, name="jpserver-1.json", **about):
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        facts = {"url": f"http://127.0.0.1:{server.server_port}/", "token": "a b", "root_dir": str(tmp_path / "root")}
        (tmp_path / "runtime" / name).write_text(json.dumps(facts | about))
        return asked

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_variable_goes_before_all(monkeypatch, tmp_path):
    monkeypatch.setenv("MLMAGIC_NOTEBOOK", "given.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", "other.ipynb")
    assert notebook.path({"__vsc_ipynb_file__": "/vsc.ipynb"}) == tmp_path / "given.ipynb"


def test_vs_code_tells_the_file():
    assert notebook.path({"__vsc_ipynb_file__": "/a/b.ipynb"}) == Path("/a/b.ipynb")


@pytest.mark.parametrize("name", ["", "console 1", "a/b", "analysis.txt", ".ipynb"])
def test_what_is_no_notebook_is_unknown(name, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", name)
    assert notebook.path({}) is None


def test_without_any_word_it_is_unknown():
    assert notebook.path({}) is None


@pytest.mark.parametrize("name", ["a.ipynb", "a.py", "a.md", "a.qmd", "folder with blanks/ä.ipynb"])
def test_the_name_at_the_start_is_that_of_a_file_that_exists(name, monkeypatch, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    monkeypatch.setenv("JPY_SESSION_NAME", name)
    assert notebook.path({}) == tmp_path / name


def test_outside_of_a_kernel_a_renamed_notebook_has_its_old_name(monkeypatch, tmp_path):
    monkeypatch.setenv("JPY_SESSION_NAME", "gone.ipynb")
    assert notebook.path({}) == tmp_path / "gone.ipynb"


def test_the_server_tells_the_new_name(kernel, serve, tmp_path):
    asked = serve([{"kernel": {"id": "another"}, "path": "other.ipynb"}, SESSION])
    assert notebook.path({}) == tmp_path / "root" / "sub" / "renamed.ipynb"
    assert asked == ["/api/sessions?token=a%20b"]


def test_a_file_that_exists_needs_no_server(kernel, serve, tmp_path):
    (tmp_path / "started.ipynb").touch()
    asked = serve([SESSION])
    assert notebook.path({}) == tmp_path / "started.ipynb"
    assert asked == []


def test_of_several_servers_the_one_that_runs_the_kernel_tells(kernel, serve, tmp_path):
    serve([], name="jpserver-1.json")
    serve([SESSION], name="jpserver-2.json")
    (tmp_path / "runtime" / "jpserver-0.json").write_text("{half")
    (tmp_path / "runtime" / "nbserver-9.json").write_text("{}")
    assert notebook.path({}) == tmp_path / "root" / "sub" / "renamed.ipynb"


ANSWERS = {
    "no session": [],
    "another kernel": [{"kernel": {"id": "another"}, "path": "a.ipynb"}],
    "a console of the kernel": [{**SESSION, "type": "console"}],
    "an object": {"message": "Forbidden"},
    "a text": "sessions",
    "a number": 5,
    "nothing": None,
    "sessions that are none": [None, 1, "a", {}, [SESSION]],
    "a session without a kernel": [{"path": "a.ipynb"}],
    "a kernel that is none": [{"kernel": None, "path": "a.ipynb"}],
    "a session without a path": [{"kernel": {"id": KERNEL}}],
    "a path that is none": [{"kernel": {"id": KERNEL}, "path": 5}],
    "no JSON": b"<html>sign in</html>",
    "an empty answer": b"",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_a_server_answers_the_name_at_the_start_is_left(name, kernel, serve, tmp_path):
    serve(ANSWERS[name])
    assert notebook.path({}) == tmp_path / "started.ipynb"


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_a_server_that_refuses_is_passed_over(status, kernel, serve, tmp_path):
    serve([SESSION], status=status)
    assert notebook.path({}) == tmp_path / "started.ipynb"


@pytest.mark.parametrize("line", [b"+OK Dovecot ready\r\n", b"HTTP/1.1 no-number\r\n\r\n", b"\x00\x01\x02", b""])
def test_another_service_that_has_the_port_of_a_dead_server_is_passed_over(line, kernel, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            with listening.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(line)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        (tmp_path / "runtime" / "jpserver-1.json").write_text(json.dumps({"url": url}))
        assert notebook.path({}) == tmp_path / "started.ipynb"
        thread.join()


@pytest.mark.parametrize(
    "url", ["http://example.org:8888/", "http://10.0.0.1/", "file:///etc/passwd", "http://[::1", "http://localhost.evil.org/", "", None, 5, "http://127.0.0.1:x/"]
)  # fmt: skip
def test_a_server_elsewhere_is_never_asked(url, kernel, tmp_path):
    (tmp_path / "runtime" / "jpserver-1.json").write_text(json.dumps({"url": url, "token": "t"}))
    assert notebook.path({}) == tmp_path / "started.ipynb"


def test_the_token_does_not_go_to_a_proxy(kernel, serve, tmp_path, monkeypatch):
    seen = serve({"is": "a proxy"}, name="no-server.json")
    proxy = json.loads((tmp_path / "runtime" / "no-server.json").read_text())["url"]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    asked = serve([SESSION])
    assert notebook.path({}) == tmp_path / "root" / "sub" / "renamed.ipynb"
    assert (len(asked), seen) == (1, [])


def test_the_kernels_id_is_that_of_its_connection_file(tmp_path):
    assert notebook._kernel_id() is None
    IPKernelApp.instance(connection_file=str(tmp_path / "kernel-.json"))
    assert notebook._kernel_id() is None
    IPKernelApp.clear_instance()
    IPKernelApp.instance(connection_file=f"kernel-{KERNEL}.json")
    assert notebook._kernel_id() == KERNEL
