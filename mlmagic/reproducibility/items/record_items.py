"""The items that are graded from what was recorded beside the code: data, packages, version control, order of cells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.replay.order import order_of
from mlmagic.reproducibility.checklist import item

if TYPE_CHECKING:
    from mlmagic.reproducibility.checklist import ChecklistItem
    from mlmagic.reproducibility.run_facts import RunFacts

_MOST = 6
_ID = 8
_COMMIT, _DIRTY = "mlflow.source.git.commit", "mlmagic.git.dirty"
_ORDERS = frozenset({"clean", "out-of-order", "stale"})
_ORDER, _REASON = "mlmagic.order", "mlmagic.order.reason"
_READS = re.compile(r"\b(?:read_\w+|load_\w+|fetch_\w+|np\.load|open)\s*\(")


def data_item(facts: RunFacts) -> ChecklistItem:
    """Grade whether the data that the run read can be recognised."""
    named = [name for name, digest, _ in facts.datasets if digest]
    if named:
        sampled = [name for name, _, profile in facts.datasets if profile.get("sampled")]
        shown = ", ".join(named[:_MOST]) + (f" and {len(named) - _MOST} more" if len(named) > _MOST else "")
        if sampled:
            listed = ", ".join(sampled[:_MOST])
            return item(3, "failed", f"only a sample was hashed: {listed}", fix="%config MLMagic.data_budget_s = 60")
        return item(3, "passed", shown)
    if not facts.is_of_mlmagic or facts.cells is None:
        return item(3, "not recorded", "no dataset", fix='mlflow.log_input(mlflow.data.from_pandas(df), "training")')
    if files := facts.files_read:
        more = f" and {len(files) - _MOST} more" if len(files) > _MOST else ""
        return item(3, "passed", f"files with their SHA-256: {', '.join(files[:_MOST])}{more}")
    if any(_READS.search(cell.source) for cell in facts.cells or ()):
        fix = 'mlmagic.log_artifact("data.csv"), or read the data in a notebook with mlmagic loaded'
        fix = "%%track without --no-data" if _has_no_data(facts) else fix
        return item(3, "failed", "data is read, and none is recorded as the run's dataset", fix=fix)
    return item(3, "not applicable", "the run reads no data")


def _has_no_data(facts: RunFacts) -> bool:
    return any(
        magic.is_cell and ("--no-data" in magic.rest or "--no-auto" in magic.rest)
        for cell in facts.cells or ()
        for magic in cell.magics
    )


def packages_item(facts: RunFacts) -> ChecklistItem:
    """Grade whether the versions of packages are recorded."""
    python = (facts.environment or {}).get("python")
    known = python.get("version") if isinstance(python, dict) else None
    version = f"Python {known[:20]}" if isinstance(known, str) and known else ""
    pinned = [line for line in (facts.requirements or "").splitlines() if "==" in line]
    if pinned:
        return item(4, "passed", ", ".join(filter(None, [f"{len(pinned)} packages", version])))
    if facts.has_model_requirements:
        return item(4, "passed", "those of the logged model, in its requirements.txt")
    if reason := facts.unread.get("mlmagic/requirements.txt"):
        return item(4, "not recorded", reason)
    fix = 'mlflow.log_artifact("requirements.txt")  # from: pip freeze > requirements.txt'
    return item(4, "not recorded", "no requirements.txt", fix=fix)


def version_control_item(facts: RunFacts) -> ChecklistItem:  # noqa: PLR0911  # each outcome has its own evidence
    """Grade whether the code can be had again: a commit, and what was not committed."""
    commit, dirty = facts.tags.get(_COMMIT, ""), facts.tags.get(_DIRTY)
    if not commit:
        if not facts.is_of_mlmagic or facts.cells is None:
            return item(6, "not recorded", "no commit", fix="%load_ext mlmagic")
        fix = 'git init && git add -A && git commit -m "first version"'
        return item(6, "failed", "the code is in no Git repository, or has no commit", fix=fix)
    shown = f"commit {commit[:_ID]}"
    if dirty == "false":
        return item(6, "passed", f"{shown}, nothing uncommitted")
    if dirty != "true":
        return item(6, "not recorded", f"{shown}; whether anything was uncommitted is not recorded")
    if facts.patch is None:
        reason = facts.unread.get("mlmagic/uncommitted.patch", "uncommitted changes, of which no patch is recorded")
        return item(6, "failed", shown, reason, fix="git add -A && git commit")
    if not facts.patch.strip():
        return item(6, "passed", f"{shown}, only outputs of notebooks uncommitted")
    if "<redacted>" in facts.patch:
        return item(6, "failed", f"{shown}; secrets were redacted in the patch, so it does not apply", fix="git commit")
    return item(6, "passed", f"{shown}, uncommitted changes kept in mlmagic/uncommitted.patch")


def order_item(facts: RunFacts) -> ChecklistItem:
    """Grade whether the cells that the run depends on were run in order and not edited since."""
    fix = "Kernel > Restart Kernel and Run All Cells"
    order, reason = facts.tags.get(_ORDER), facts.tags.get(_REASON, "")
    if order not in _ORDERS and facts.log is not None and facts.log.cells:  # recorded by an older version
        found = order_of([cell for cell in facts.log.cells if not cell.nested and cell.status != "rejected"])
        order, reason = found.verdict, found.reason
    if order == "clean":
        return item(8, "passed", "clean")
    if order in _ORDERS:
        return item(8, "failed", f"{order}{f': {reason}' if reason else ''}", fix=fix)
    if facts.is_of_mlmagic and facts.is_script:
        return item(8, "not applicable", "recorded by a script, not by cells")
    return item(8, "not recorded", "no execution log", fix="%load_ext mlmagic in the first cell")
