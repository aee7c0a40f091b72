"""The registrations that wait in the journal of a run: each is carried out once, when run and model are in the store.

How a model is registered is not known here: `deliver_with` sets the function that does it, from the rooms above.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mlmagic.errors import MLMagicError, StoreAwayError
from mlmagic.journal.records import Registered
from mlmagic.snapshot.secrets.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import Run

    from mlmagic.journal.file import Journal
    from mlmagic.journal.records import Registration


class Outcome(NamedTuple):
    """The version that a registration became, and what was done, in one line."""

    version: int
    line: str


class Carried(NamedTuple):
    """What became of registrations: a line for each that is a version now, for each that is refused, and why one waits.

    ``waits`` is empty if none waits.
    """

    outcomes: list[str]
    refused: list[str]
    waits: str


class Registrar(Protocol):
    """Registers a model: creates the version, or finds the one that an earlier attempt created, and sets its alias."""

    def __call__(
        self, asked: Registration, run: Run, uri: str, *, version: int | None, created: Callable[[int], None]
    ) -> Outcome:
        """Carry out *asked*, whose model belongs to *run* of the store at *uri*.

        *version* is the version that an earlier attempt noted by *created*, or None.

        Raises
        ------
        StoreAwayError
            If it may work another time.
        MLMagicError
            If it is refused for good.
        """


_registrar: Registrar | None = None
"""One function a process: it does not change."""


def deliver_with(registrar: Registrar) -> None:
    """Let *registrar* carry out the registrations that are delivered in this process."""
    global _registrar  # noqa: PLW0603  # as above
    _registrar = registrar


class Registrations:
    """The registrations of one journal: those that wait, by id, and how far each has got."""

    def __init__(self, journal: Journal) -> None:
        self.waiting: dict[str, Registration] = {}
        self._journal = journal
        self._versions: dict[str, int] = {}
        self._complete: set[str] = set()

    def note(self, asked: Registration) -> None:
        """Note a registration that the journal holds."""
        if asked.id not in self._complete:
            self.waiting.setdefault(asked.id, asked)

    def note_progress(self, done: Registered) -> None:
        """Note what an earlier delivery of the journal has achieved."""
        self._versions[done.registration] = done.version
        if done.outcome:
            self._complete.add(done.registration)
            self.waiting.pop(done.registration, None)

    def is_complete(self, asked: Registration) -> bool:
        """Return whether *asked* was carried out, or refused for good."""
        return asked.id in self._complete

    def deliver(self, run: Run, uri: str, model_waits: Callable[[Registration], bool]) -> Carried:
        """Carry out what can be carried out now.

        *model_waits* says whether the model of a registration is not in the store yet.
        """
        carried = Carried([], [], "")
        for asked in list(self.waiting.values()):
            try:
                if model_waits(asked):
                    raise StoreAwayError(f"the model {asked.model!r} is not in the store yet")
                outcome = self._carry_out(asked, run, uri)
            except MLMagicError as error:
                if isinstance(error, StoreAwayError) and not error.is_gone:
                    why = f"the registration of {asked.name!r} waits: {error}"
                    carried = carried._replace(waits=carried.waits or why)
                    continue
                outcome = Outcome(0, redact(f"{asked.name!r} was not registered: {error}")[0])
            self._note(asked.id, outcome)
            (carried.outcomes if outcome.version else carried.refused).append(outcome.line)
        return carried

    def _carry_out(self, asked: Registration, run: Run, uri: str) -> Outcome:
        if _registrar is None:
            raise StoreAwayError("it is delivered by %mlmagic sync")
        version = self._versions.get(asked.id)
        return _registrar(asked, run, uri, version=version, created=partial(self.note_created, asked.id))

    def note_created(self, registration: str, version: int) -> None:
        """Note, in the journal too, which version was created for a registration that is not complete yet."""
        self._versions[registration] = version
        self._journal.append(Registered(registration, version, ""))

    def _note(self, registration: str, outcome: Outcome) -> None:
        done = Registered(registration, outcome.version, outcome.line)
        self._journal.append(done)
        self.note_progress(done)
