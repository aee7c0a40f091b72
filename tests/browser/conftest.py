"""Fixtures of a real JupyterLab or Notebook 7 in a real Chromium."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from databases import copy_new_database
from jupyter_pages import FLAGS, ROOT, Lab, Server, Watched
from playwright.sync_api import sync_playwright
from saved_outputs import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbformat import NotebookNode
    from playwright.sync_api import Browser


@functools.cache
def _build_web():
    """Bundle the TypeScript, if it has changed since it was."""
    spec = importlib.util.spec_from_file_location("build_web", ROOT / "tools" / "build_web.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.bundle()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Where it is missing CI fails, other machines skip.

    It goes with its module: as long as Playwright runs, no test outside can run a loop of asyncio in this thread.
    """
    _build_web()
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        message = "no Chromium is installed: apt install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def outputs(tmp_path_factory) -> dict[str, list[NotebookNode]]:
    """Each output of mlmagic, as a saved notebook has it, by the name of its cell in `saved_outputs.CELLS`."""
    return save(tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="module")
def jupyter(chromium) -> Iterator[Callable[..., Server]]:
    """Return a function that starts Jupyter servers; they are stopped when the module's tests have run."""
    servers: list[Server] = []

    def start(folder: Path, app: str = "jupyterlab", *, data: Path | None = None) -> Server:
        servers.append(Server(folder, app, data=data))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def browse(chromium) -> Iterator[Callable[..., Watched]]:
    """Return a function that opens pages (``browse(server)``) or JupyterLab (``browse(server, lab=True)``)."""
    pages: list[Watched] = []

    def open_page(server: Server, *, lab: bool = False, **size: int) -> Watched:
        pages.append((Lab if lab else Watched)(chromium, server, **size))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def lab(jupyter, browse, tmp_path_factory) -> Iterator[Lab]:
    """JupyterLab with a notebook in which mlmagic is loaded; its store is empty."""
    folder = tmp_path_factory.mktemp("lab") / "work"
    folder.mkdir()
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    opened = browse(jupyter(folder), lab=True).open()
    opened.run("%load_ext mlmagic")
    yield opened
    opened.shut_down()
