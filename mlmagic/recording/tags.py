"""The tags of a run: the user's own, and those that locate its code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets import redaction
from mlmagic.store.keys import KeyRegistry, changed_key

if TYPE_CHECKING:
    from mlmagic.recording.notices import Notices
    from mlmagic.recording.options import Origin, TrackOptions
    from mlmagic.snapshot.git.state import GitState


def user_tags(options: TrackOptions, notices: Notices) -> dict[str, str]:
    """Return the tags and the description that the user asked for, redacted."""
    tags = {}
    redactor, keys = redaction.Redactor(), KeyRegistry()
    for key, value in options.tags.items():
        shown = redactor(key)
        name = keys.key(key, shown)
        if name != key:
            notices.warn(changed_key("tag", shown, name))
        tags[name] = redactor.value(key, value)
    if options.description:
        tags["mlflow.note.content"] = redactor(options.description)
    if redactor.count:
        notices.info(f"{redactor.count} secret{'s' if redactor.count > 1 else ''} redacted in tags and description")
    return tags


def source_tags(origin: Origin, state: GitState | None) -> dict[str, str]:
    """Return the tags that locate the code: the notebook or script, and its commit."""
    root = state.root if state else None
    if origin.notebook is None:
        name = Path("unsaved notebook" if origin.kind == "NOTEBOOK" else "interactive")
    else:
        file = origin.notebook.resolve()
        base = root if root and file.is_relative_to(root) else origin.folder.resolve()
        name = file.relative_to(base) if file.is_relative_to(base) else file
    tags = {"mlflow.source.type": origin.kind, "mlflow.source.name": redaction.redact(name.as_posix())[0]}
    if state and state.root:
        if state.dirty is not None:
            tags["mlmagic.git.dirty"] = str(state.dirty).lower()
        if state.commit:
            tags["mlflow.source.git.commit"] = state.commit
        if state.branch:
            tags["mlflow.source.git.branch"] = redaction.redact(state.branch)[0]
        if state.remote:
            tags["mlflow.source.git.repoURL"] = redaction.redact(state.remote)[0]
    return tags
