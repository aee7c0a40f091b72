"""A real JupyterLab or Notebook 7, and pages in a real Chromium that watch what is asked of other machines."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Error

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
]
_TOKEN = "for-this-test"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_QUIET = '{"fetchNews":"false","checkForUpdates":false,"doNotDisturbMode":true}'
# What Jupyter itself says of a file that need not be there, of a kernel that is shut down while it is asked, and of a
# saved widget without its kernel.
_JUPYTERS_OWN = (
    "Failed to load resource",
    "Could not restore the debugger state",
    "Canceled future for create_subshell",
    "widget model not found",
)
_ACTIVE = "() => window.jupyterapp.shell.currentWidget"


class Server:
    """A Jupyter server on loopback, with settings of its own, in one folder."""

    def __init__(self, folder: Path, app: str = "jupyterlab", *, data: Path | None = None):
        self.folder, self.app = folder, app
        folder.mkdir(exist_ok=True)
        home = data or folder.parent / f"{folder.name}-home"
        settings = home / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "notification.jupyterlab-settings").write_text(_QUIET)
        tracker = home / "settings" / "@jupyterlab" / "notebook-extension"
        tracker.mkdir(parents=True, exist_ok=True)
        # JupyterLab before 4.3 takes cells out of the page that are out of sight.
        (tracker / "tracker.jupyterlab-settings").write_text('{"windowingMode": "defer"}')
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "MLMAGIC", "JPY_", "JUPYTER"))}
        places = {
            "HOME": home,
            "IPYTHONDIR": home / "ipython",
            **{f"JUPYTER_{kind}_DIR": home / kind.lower() for kind in ("CONFIG", "DATA", "RUNTIME")},
            "JUPYTERLAB_SETTINGS_DIR": home / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        }
        more = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
        options = [
            "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={_TOKEN}", f"--ServerApp.root_dir={folder}",
        ]  # fmt: skip
        if app == "jupyterlab":
            options.append("--expose-app-in-browser")
        self._log = (home / "server.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", app, *options],
            env=clean | {name: str(place) for name, place in places.items()} | more,
            stdout=self._log, stderr=subprocess.STDOUT, cwd=folder,
        )  # fmt: skip
        self._wait()

    def _wait(self):
        end = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url('api/status')}", timeout=5):
                    return
            except OSError:
                assert self._process.poll() is None, Path(self._log.name).read_text()
                assert time.monotonic() < end, "the Jupyter server does not answer"
                time.sleep(0.1)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?token={_TOKEN}"

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()


class Watched:
    """A page, and what it asked other machines for, and its errors."""

    def __init__(self, browser: Browser, server: Server, *, width: int = 1280, height: int = 1000):
        self.server = server
        self.context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        self.page: Page = self.context.new_page()
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self.page.route("**/*", self._route)
        self.page.on("pageerror", lambda error: self._failed(str(error)))
        self.page.on("console", self._heard)
        self.page.on("dialog", self._dialog)

    def _route(self, route):
        parts = urlsplit(route.request.url)
        if parts.scheme in {"data", "blob"} or parts.hostname == "127.0.0.1":
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()

    def _heard(self, message):
        if message.type == "error":
            self._failed(message.text)

    def _failed(self, text):
        if not any(one in text for one in _JUPYTERS_OWN):
            self.errors.append(text)

    def _dialog(self, dialog):
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _assert_quiet(self):
        assert not self.elsewhere, self.elsewhere
        assert not self.errors, self.errors
        assert not [one for one in self.dialogs if not one.startswith("beforeunload")], self.dialogs

    def assert_clean(self):
        """No request left this machine, nothing failed, and no script that was data ran."""
        self._assert_quiet()
        assert self.page.evaluate("() => window.injected === undefined")

    def screenshot(self, name: str, target: Locator | None = None) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (target or self.page).screenshot(path=path)
        return path

    def close(self):
        self.context.close()
        self._assert_quiet()


class Lab(Watched):
    """JupyterLab with one notebook open, to which cells are added."""

    def open(self, name: str = "work.ipynb", cells: tuple[str, ...] = ("",)):
        file = self.server.folder / name
        if not file.exists():
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            nbformat.write(notebook, file)
        self.page.goto(self.server.url(f"lab/tree/{name}") + "&reset")
        self.page.wait_for_function("() => window.jupyterapp && window.jupyterapp.restored", timeout=60_000)
        self.page.evaluate(
            f"""async () => {{
                await window.jupyterapp.restored;
                while (!({_ACTIVE})()?.context) await new Promise((done) => setTimeout(done, 50));
                const panel = ({_ACTIVE})();
                await panel.context.ready;
                await panel.sessionContext.ready;
            }}"""
        )
        return self

    def start(self, code: str, *, wait: bool = False) -> int:
        """Run *code* in a new cell at the end; return the number of the cell, at once unless *wait* is set."""
        return self.page.evaluate(
            f"""async ([code, wait]) => {{
                const panel = ({_ACTIVE})();
                const content = panel.content;
                content.activeCellIndex = content.widgets.length - 1;
                await window.jupyterapp.commands.execute("notebook:insert-cell-below");
                content.activeCell.model.sharedModel.setSource(code);
                const at = content.activeCellIndex;
                const done = window.jupyterapp.commands.execute("notebook:run-cell");
                if (wait) await done;
                return at;
            }}""",
            [code, wait],
        )

    def run(self, code: str, *, timeout_s: float = 120, ok: bool = True) -> Locator:
        """Run *code* in a new cell at the end; return the cell's output area when the kernel is idle."""
        index = self.start(code, wait=True)
        self.idle(timeout_s=timeout_s)
        outputs = self.page.evaluate(f"(at) => ({_ACTIVE})().content.widgets[at].model.outputs.toJSON()", index)
        errors = ["\n".join(one["traceback"]) for one in outputs if one["output_type"] == "error"]
        assert not (ok and errors), _ANSI.sub("", "\n".join(errors))
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-Cell-outputWrapper")

    def idle(self, *, timeout_s: float = 120):
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(
            f"() => ({_ACTIVE})().sessionContext.session?.kernel?.status === 'idle'", timeout=timeout_s * 1000
        )

    def runs(self, cell: int) -> bool:
        """Tell whether the cell of this number has not ended yet."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-InputPrompt").inner_text() == "[*]:"

    def check(self, code: str) -> str:
        """Run *code*, which must succeed, and return what it printed."""
        return self.run(code).locator(".jp-OutputArea-output").first.inner_text().strip()

    def theme(self, name: str):
        """Change the theme: ``"JupyterLab Dark"``."""
        self.page.evaluate(
            "(name) => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })", name
        )
        light = str("Light" in name).lower()
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")

    def save(self):
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function(f"() => !({_ACTIVE})().context.model.dirty")

    def restart(self):
        """Restart the kernel, as the menu does after its question."""
        self.page.evaluate(f"() => ({_ACTIVE})().sessionContext.session.kernel.restart()")
        self.idle()

    def shut_down(self):
        """Shut the kernel down: open kernels pile up."""
        try:
            self.page.evaluate(f"() => ({_ACTIVE})().sessionContext.shutdown()")
        except Error:  # the page has been left
            return
