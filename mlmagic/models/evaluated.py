"""Which of the models that a cell logs were evaluated in it, so that each gets its own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.models.kinds import all_parts
from mlmagic.models.saving.save import allowed_name
from mlmagic.models.state import ModelState
from mlmagic.remembered import Remembered
from mlmagic.store.query.evaluated import EVALUATED, as_tag
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.models.kinds import FittedModel
    from mlmagic.recording.active_run import ActiveRun


class ModelAsEvaluated:
    """A model in the state in which it was evaluated, which is not kept alive."""

    def __init__(self, model: Any) -> None:
        self._model = Remembered(model)
        self._state = guarded(default=ModelState())(ModelState)(model)

    def __call__(self, model: Any) -> bool:
        """Return whether *model* is this one, and has learned nothing since."""
        return self._model.is_(model) and not guarded(default=True)(self._state.differs)(model)


def note_logged(run: ActiveRun, logged: Sequence[FittedModel]) -> None:
    """Note which of the models that the cell logs each evaluation was of: an estimator that is none of them is another.

    What a function predicts, or a part of a logged model, may be that of the model: it is not known.
    """
    if not run.evaluated:
        return
    names = {allowed_name(found.name) for found in logged}
    for label, one in run.evaluated.items():
        is_same = run.as_evaluated.get(label)
        if is_same is None:
            one.logged = "" if one.logged in names else one.logged
            continue
        same = next((found for found in logged if is_same(found.model)), None)
        if same is not None:
            one.logged = allowed_name(same.name)
        elif logged and (one.logged is None or one.logged in names) and not _is_a_part(label, run, logged):
            one.logged = ""
    if others := [label for label in run.as_evaluated if run.evaluated[label].logged == "" and logged]:
        told = "none of the models that the cell logs, as it was evaluated: its metrics are the run's only"
        run.notices.info(f"{', '.join(others)}: {told}")
    run.recorder.tag(EVALUATED, as_tag(run.evaluated))


def _is_a_part(label: str, run: ActiveRun, logged: Sequence[FittedModel]) -> bool:
    parts = guarded(default=())(all_parts)
    return any(run.as_evaluated[label](part) for found in logged for part in parts(found.model))
