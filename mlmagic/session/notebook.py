"""Find the notebook that this kernel belongs to."""

from __future__ import annotations

import json
import os
import sys
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from urllib.request import ProxyHandler, build_opener

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMEOUT_S = 0.5
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_NOTEBOOKS = {".ipynb", ".py", ".md", ".qmd"}


def path(namespace: Mapping[str, Any]) -> Path | None:
    """Return the notebook's file, or None if it cannot be determined (nbclient, a terminal).

    The sources are, in this order: the variable ``MLMAGIC_NOTEBOOK``, VS Code, and the name that the kernel got at its
    start. If that file no longer exists (renamed since), the Jupyter server's session of this kernel goes before the
    name.
    """
    if told := os.environ.get("MLMAGIC_NOTEBOOK") or namespace.get("__vsc_ipynb_file__"):
        return Path(str(told)).absolute()
    at_start = os.environ.get("JPY_SESSION_NAME", "")
    if Path(at_start).suffix not in _NOTEBOOKS:  # unset, or the name of a console
        return None
    started_as = Path(at_start).absolute()
    if started_as.is_file():
        return started_as
    return _from_server() or started_as


def _from_server() -> Path | None:
    kernel = _kernel_id()
    if kernel is None:
        return None
    for server in _servers():
        found = _notebook_of(kernel, server)
        if found is not None:
            return found
    return None


def _kernel_id() -> str | None:
    kernel = sys.modules.get("ipykernel.kernelapp")
    if kernel is None or not kernel.IPKernelApp.initialized():
        return None
    name = Path(str(kernel.IPKernelApp.instance().connection_file)).stem
    return name.removeprefix("kernel-") or None


def _servers() -> Iterator[dict[str, Any]]:
    from jupyter_core.paths import jupyter_runtime_dir

    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            server = json.loads(file.read_text())
        except (OSError, ValueError):  # a server that is just starting or stopping
            continue
        if isinstance(server, dict) and _host(server.get("url")) in _LOOPBACK:
            yield server


def _host(url: object) -> str | None:
    try:
        return urlsplit(str(url)).hostname
    except ValueError:  # half an IPv6 address
        return None


def _notebook_of(kernel: str, server: dict[str, Any]) -> Path | None:
    """Return the notebook of a kernel, which *server* may run; the file about a server may be left from a dead one."""
    address = f"{server['url'].rstrip('/')}/api/sessions?token={quote(str(server.get('token', '')))}"
    direct = build_opener(ProxyHandler({}))  # the token is none of a proxy's business
    try:
        with direct.open(address, timeout=_TIMEOUT_S) as answer:
            sessions = json.load(answer)
    except (OSError, HTTPException, ValueError):  # stopped, asks for a password, or something else has its port
        return None
    for session in sessions if isinstance(sessions, list) else ():
        match session:
            case {"kernel": {"id": found}, "path": str(path)} if found == kernel:
                if session.get("type", "notebook") == "notebook":
                    return Path(str(server.get("root_dir", "."))) / path
    return None
