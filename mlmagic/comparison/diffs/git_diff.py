"""Compares the Git state of runs: commit, branch, and patches of uncommitted changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.comparison.diffs.recorded_text import TextChange, text_changes
from mlmagic.comparison.diffs.run_record import PATCH
from mlmagic.comparison.diffs.value_diff import ValueRow, value_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.comparison.diffs.run_record import RunRecord

_TAGS = {
    "commit": "mlflow.source.git.commit",
    "branch": "mlflow.source.git.branch",
    "uncommitted changes": "mlmagic.git.dirty",
    "remote": "mlflow.source.git.repoURL",
}
_SAID = {"true": "yes", "false": "no"}


@dataclass(frozen=True)
class GitDiff:
    """Commit, branch, remote, and whether there were uncommitted changes; *patches* of each run but the base.

    *missing* are the positions of the runs without Git tags, which do not count as different.
    """

    facts: tuple[ValueRow, ...]
    patches: tuple[TextChange, ...]
    missing: tuple[int, ...]


def git_diff(records: Sequence[RunRecord]) -> GitDiff:
    """Compare the Git tags and ``mlmagic/uncommitted.patch`` of the runs."""
    found = [_facts(record) for record in records]
    return GitDiff(
        facts=value_rows(found),
        patches=text_changes(
            [_patch(record) for record in records],
            problems=[record.files.why_not(PATCH) for record in records],
            same="the same uncommitted changes",
            none="no patch recorded",
        ),
        missing=tuple(at for at, one in enumerate(found) if one is None),
    )


def _facts(record: RunRecord) -> dict[str, str | None] | None:
    found = {name: record.tags[tag] for name, tag in _TAGS.items() if tag in record.tags}
    if "uncommitted changes" in found:
        found["uncommitted changes"] = _SAID.get(found["uncommitted changes"], found["uncommitted changes"])
    return dict(found) or None


def _patch(record: RunRecord) -> str | None:
    """Return the patch, which is empty if everything was committed."""
    text = record.files.text(PATCH)
    return "" if text is None and record.tags.get(_TAGS["uncommitted changes"]) == "false" else text
