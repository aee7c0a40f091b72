"""Tags that say something to a person, and what they are called; other tags of MLflow and mlmagic are machinery."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLD_TAGS = {
    "mlflow.source.git.commit": "git commit",
    "mlflow.source.git.branch": "git branch",
    "mlflow.source.name": "notebook",
    "mlflow.user": "user",
    "mlflow.note.content": "note",
    "mlmagic.git.dirty": "uncommitted changes",
    "mlmagic.order": "order of cells",
    "mlmagic.error": "error",
    "mlmagic.star": "star",
    "mlmagic.archived": "archived",
    "mlmagic.checklist": "checklist",
    "mlmagic.reproduction": "reproduction",
}
"""MLflow's and mlmagic's own tags that are shown, and their headings."""
VERDICTS = {"mlmagic.order": "order", "mlmagic.checklist": "checklist", "mlmagic.reproduction": "reproduction"}
"""Tags that say how far a run can be relied on, and their columns in tables of runs and of registered models."""
STAR = "mlmagic.star"
_LAUNCHER = "ipykernel_launcher.py"


def telling_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that say something to a person.

    MLflow takes the launcher of the kernel for the notebook; no two installations have it at the same place.

    >>> telling_tags({"team": "vision", "mlflow.source.name": "ipykernel_launcher.py", "mlflow.user": "ada"})
    {'team': 'vision', 'mlflow.user': 'ada'}
    """
    return {
        key: value
        for key, value in tags.items()
        if (key in TOLD_TAGS or not key.startswith(("mlflow.", "mlmagic.")))
        and not (key == "mlflow.source.name" and value.endswith(_LAUNCHER))
    }
