"""``mlmagic patch RUN``: print or apply the uncommitted changes of a run."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.snapshot.git.config import own_config
from mlmagic.snapshot.git.files import find_repository
from mlmagic.snapshot.git.notebooks import by_file, is_notebook
from mlmagic.snapshot.git.process import ask
from mlmagic.snapshot.notebook_source import stripped
from mlmagic.store import tracking_uri
from mlmagic.store.query.run import Run

if TYPE_CHECKING:
    from mlmagic.snapshot.git.process import Answer

_PATH = "mlmagic/uncommitted.patch"
_COMMIT = "mlflow.source.git.commit"
_TIME_S = 60.0


def require_store() -> None:
    """Refuse a folder without a store, where MLflow would create one."""
    uri = tracking_uri.current_uri()
    if tracking_uri.is_local(uri) and not tracking_uri.is_local_file(uri):
        raise MLMagicError(
            f"no runs were recorded in {str(Path.cwd())!r}: go to the folder of the notebook, or set "
            "MLFLOW_TRACKING_URI"
        )


def patch(reference: str, *, apply: bool) -> int:
    """Print the patch of a run, or *apply* it to the current work tree; return the exit status.

    Raises
    ------
    UsageProblem
        If the run has no patch, or it cannot be applied. Nothing is changed in that case.
    """
    require_store()
    run = Run.find(reference)
    content = run.text(_PATH).encode()
    if not apply:
        sys.stdout.buffer.write(content)
        return 0
    repository = find_repository(Path.cwd().resolve())
    if repository is None:
        raise UsageProblem(f"{str(Path.cwd())!r} is not in a Git repository")
    root = repository.root
    filters = own_config(repository, time.monotonic() + _TIME_S).filters or frozenset()

    def git(*arguments: str, given: bytes = b"") -> Answer:
        """Run Git without the programs that the repository's configuration names."""
        return ask(*arguments, folder=root, deadline=time.monotonic() + _TIME_S, filters=filters, given=given)

    commit = run.tags.get(_COMMIT)
    if commit and git("rev-parse", "HEAD").output.decode().strip() != commit:
        raise UsageProblem(f"the patch is for the commit {commit}, which is not checked out: git checkout {commit}")
    notebooks = [root / path for path in by_file(content) if is_notebook(path)]
    notebooks = [file for file in notebooks if file.resolve().is_relative_to(root) and file.is_file()]
    changed = git("status", "--porcelain", "--", *map(os.fspath, notebooks)).output.decode() if notebooks else ""
    if changed:
        raise UsageProblem(
            f"a notebook of the patch has changes; commit or stash them first: {changed.splitlines()[0][3:]}"
        )
    before = {file: file.read_bytes() for file in notebooks}
    for file, text in before.items():  # the patch covers their source only
        with contextlib.suppress(ValueError):  # for a file that is not a notebook it covers the text
            file.write_bytes(stripped(text.decode()).encode())
    answer = git("apply", "-", given=content)
    if answer.failed:
        for file, text in before.items():
            file.write_bytes(text)
        raise UsageProblem(f"git apply: {answer.reason}")
    print(f"applied to {root}; its notebooks are without outputs" if notebooks else f"applied to {root}")
    return 0
