"""Ask before a replay runs code of somebody else, or cells that reach outside of its kernel."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from mlmagic.confirming import confirmed
from mlmagic.errors import UsageProblem
from mlmagic.replay.plan import in_words
from mlmagic.replay.recorded_session import is_own
from mlmagic.replay.running.recorded_environment import pinned_requirements
from mlmagic.store import tracking_uri
from mlmagic.visible import visible

if TYPE_CHECKING:
    from mlflow.entities import Run

    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.request import ReproduceRequest

_MOST_SHOWN = 200_000


def confirm(run: Run, plan: ReplayPlan, whole: ReplayPlan, request: ReproduceRequest) -> None:
    """Ask before code of somebody else is run, all of which is shown, and before cells reach outside of the kernel."""
    session, questions = plan.session, []
    user = run.data.tags.get("mlflow.user")
    if user is not None and user != _user():
        questions.append(f"the run was recorded by {user!r}")
    elif not tracking_uri.is_local(tracking_uri.current_uri()):
        questions.append(f"the run comes from the store {tracking_uri.shown_uri()}")
    elif not is_own(session):
        questions.append("its record does not bear this user's signature: somebody else wrote or edited it")
    if questions:
        questions[-1] += f". Its code:\n\n{_code_of(whole)}\n"
    if request.env:
        count = len(pinned_requirements(session.run))
        questions.append(f"--env installs {count} packages of the recorded versions into an environment of its own")
    questions += in_words(plan.outside())
    if not questions or request.yes:
        return
    text = "\n".join(f"- {visible(one)}" for one in questions)
    if not confirmed(
        f"{text}\nRun {'it' if len(questions) == 1 else 'these'}? [y/N] ",
        f"--yes (mlmagic.reproduce(…, yes=True)) runs them:\n{text}",
    ):
        raise UsageProblem("not reproduced: nothing was run")


def _code_of(plan: ReplayPlan) -> str:
    """Return all code of a record: its cells, and the recorded modules that they would import.

    Raises
    ------
    UsageProblem
        If it is longer than anybody would read.
    """
    modules = [
        f"# the module {name}\n{fact['source']}" for name, facts in plan.restored_modules().items() for fact in facts
    ]
    code = "\n\n".join([*(f"# cell [{cell.number}]\n{cell.source}" for cell in plan.cells), *modules])
    if len(code) > _MOST_SHOWN:
        raise UsageProblem(
            f"the code of this run, which is not yours, has {len(code):,} characters, too many to read here: read "
            "mlmagic.Run.find(RUN).session.to_script(), then --yes (yes=True) runs it"
        )
    return code


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def why_not_whole(plan: ReplayPlan, whole: ReplayPlan, request: ReproduceRequest) -> str:
    """Return why the cells that *plan* left out cannot run: nobody agreed to what they do outside of the kernel."""
    more = [one for one in in_words(whole.outside()) if one not in in_words(plan.outside())]
    if not more or request.yes:
        return ""
    what = "; ".join(more)
    lead = "the cells that the run needs did not give its results alone, and the others reach outside of the kernel"
    try:
        agreed = confirmed(f"{lead}:\n{visible(what)}\nRun them? [y/N] ", "--yes runs them")
    except UsageProblem:
        agreed = False
    return "" if agreed else f"{lead}: {what}. --yes runs them"
