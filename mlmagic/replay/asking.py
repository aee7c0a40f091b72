"""Ask before a replay runs code of somebody else, or cells that reach outside of its kernel."""

from __future__ import annotations

import getpass
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.confirming import confirmed
from mlmagic.errors import UsageProblem
from mlmagic.replay.recorded_session import is_own
from mlmagic.replay.running.recorded_environment import requirements_of
from mlmagic.store import tracking_uri
from mlmagic.visible import visible

if TYPE_CHECKING:
    from mlflow.entities import Run

    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.request import ReproduceRequest
    from mlmagic.session.log import LoggedCell

_SHELL = re.compile(
    r"^\s*(?:[\w, ]+=\s*)?(?:!|%%?(?:bash|sh|script|system|sx|pip|conda|uv|mamba|cmd|writefile)\b)", re.MULTILINE
)
_NETWORK = re.compile(
    r"\b(?:requests|urllib|httpx|aiohttp|wget|boto3|socket|paramiko)\s*\.|\b(?:urlopen|urlretrieve|fetch_\w+)\s*\("
)
_STARTS = re.compile(
    r"\bsubprocess\s*\.|\bos\s*\.\s*(?:system|popen|exec\w*|remove|unlink|rename)\b|\bshutil\s*\.\s*rmtree\b"
)
_HARMLESS = frozenset({"nvidia-smi", "lscpu", "uname", "ldconfig", "gcc", "cc", "ld", "git", "lsof", "sysctl"})
_MOST_SHOWN = 200_000
_MOST_NAMED = 3


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
        questions.append(_installs(session.run))
    questions += _reaches(plan)
    if not questions or request.yes:
        return
    text = "\n".join(f"- {visible(one)}" for one in questions)
    if not confirmed(
        f"{text}\nRun {'it' if len(questions) == 1 else 'these'}? [y/N] ",
        f"--yes (mlmagic.reproduce(…, yes=True)) runs them:\n{text}",
    ):
        raise UsageProblem("not reproduced: nothing was run")


def _installs(run: Run) -> str:
    """Return what ``--env`` installs, in words."""
    requirements = requirements_of(run)
    count = len(requirements.pinned) + len(requirements.local)
    python = ""
    if requirements.has_other_python:
        python = f", for Python {platform.python_version()} in place of the recorded {requirements.python}"
    return f"--env installs {count} packages of the recorded versions into an environment of its own{python}"


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
    more = [one for one in _reaches(whole) if one not in _reaches(plan)]
    if not more or request.yes:
        return ""
    what = "; ".join(more)
    lead = "the cells that the run needs did not give its results alone, and the others reach outside of the kernel"
    try:
        agreed = confirmed(f"{lead}:\n{visible(what)}\nRun them? [y/N] ", "--yes runs them")
    except UsageProblem:
        agreed = False
    return "" if agreed else f"{lead}: {what}. --yes runs them"


def _reaches(plan: ReplayPlan) -> list[str]:
    """Return what the cells of *plan* do outside of the kernel, in one line each."""
    return [f"cell [{cell.number}] {what}" for cell in plan.cells for what in _outside(cell)]


def _outside(cell: LoggedCell) -> list[str]:
    """Return what a cell does outside of the kernel, by its record, or (of an older one) by its text."""
    record, source = cell.record, cell.source
    found = []
    started = [one for one in _listed(record.get("started")) if one.partition(":")[2] not in _HARMLESS]
    commands = [one.partition(":")[2] or "a program" for one in started if one.startswith("process")]
    if commands or _SHELL.search(source) or (not record and _STARTS.search(source)):
        line = next((line.strip() for line in source.splitlines() if _SHELL.match(line)), "")
        found.append(f"runs {line or ', '.join(dict.fromkeys(commands)) or 'a program'}")
    if any(one.startswith("connection") for one in started) or _NETWORK.search(source):
        found.append("uses the network")
    if written := _listed(record.get("written")):
        names = ", ".join(Path(path).name for path in written[:_MOST_NAMED])
        more = len(written) - _MOST_NAMED
        found.append(f"writes {names}{f' and {more} more files' if more > 0 else ''}")
    return found


def _listed(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
