"""Is the store away, or did it refuse? And how long MLflow goes on asking one that is away."""

from __future__ import annotations

import logging
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

from mlmagic.runs.waiting import OWN_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AWAY_CODES = {"TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"}
_AWAY_STATUS = re.compile(r"failed with error code (?:429|502|503|504)\b")
_UNCLEAR_CODES = {"INTERNAL_ERROR"}
_AWAY_TYPES = {
    "requests.exceptions.ConnectionError",
    "requests.exceptions.Timeout",
    "requests.exceptions.RetryError",
    "sqlalchemy.exc.OperationalError",
    "urllib3.exceptions.HTTPError",
}
_REASONS = re.compile(
    r"Connection refused|Connection reset by peer|Read timed out|Connection to \S+ timed out|Name or service not known"
    r"|Temporary failure in name resolution|Remote end closed connection|database is locked|disk I/O error"
)
# Enough for a server that is restarted behind a balancer; a longer outage is waited for by the journal.
_MOST_RETRIES = 1
_LONGEST_REQUEST_S = 30


def is_away(error: BaseException, answers: Callable[[], object] | None = None) -> bool:
    """Tell whether *error* means that the store cannot be reached now, rather than that it refused.

    Parameters
    ----------
    error
        What a call of MLflow's raised.
    answers
        Asks the store something simple; called where the error could be either.

    Examples
    --------
    >>> is_away(TimeoutError()), is_away(ValueError("bad key"))
    (True, False)
    """
    chain = list(_chain(error))
    if any(isinstance(one, (ConnectionError, TimeoutError)) or _names(one) & _AWAY_TYPES for one in chain):
        return True
    codes = {str(getattr(one, "error_code", "")) for one in chain}
    if codes & _AWAY_CODES or any(_AWAY_STATUS.search(str(one)) for one in chain):
        return True
    if answers is None or not (codes & _UNCLEAR_CODES or isinstance(error, OSError)):
        return False
    try:
        answers()
    except Exception as second:  # noqa: BLE001  # every store raises its own kinds
        return is_away(second)
    return False


def reason(error: BaseException) -> str:
    """Return the telling part of what a chain of libraries wrote about a connection, in one line.

    >>> reason(ConnectionRefusedError(111, "Connection refused"))
    'Connection refused'
    """
    texts = [str(one) for one in _chain(error)]
    known = next((found for text in texts if (found := _REASONS.search(text))), None)
    return known[0] if known else (texts[0].strip().splitlines() or [type(error).__name__])[0]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    next_one: BaseException | None = error
    while next_one is not None and id(next_one) not in seen:
        seen.add(id(next_one))
        yield next_one
        next_one = next_one.__cause__ or next_one.__context__


def _names(error: BaseException) -> set[str]:
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}


class _OnOurThreads:
    """One of MLflow's environment variables, which has another value on our own threads."""

    def __init__(self, variable: Any, ours: Callable[[Any], Any]) -> None:
        self._variable = variable
        self._ours = ours

    def get(self) -> Any:
        value = self._variable.get()
        return self._ours(value) if _is_ours(threading.current_thread().name) else value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._variable, name)

    def __str__(self) -> str:
        return str(self._variable)


def _is_ours(thread: str | None) -> bool:
    return (thread or "").startswith(OWN_THREAD)


def _not_ours(record: logging.LogRecord) -> bool:
    return not _is_ours(record.threadName)


_VARIABLES: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("mlflow.utils.rest_utils", "MLFLOW_HTTP_REQUEST_MAX_RETRIES", lambda value: min(value, _MOST_RETRIES)),
    ("mlflow.utils.rest_utils", "MLFLOW_HTTP_REQUEST_TIMEOUT", lambda value: min(value, _LONGEST_REQUEST_S)),
    # It is drawn from the random numbers of the user's code.
    ("mlflow.utils.rest_utils", "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", lambda _: 0.0),
    # The summary links the run; MLflow would print its address into whatever cell runs now.
    ("mlflow.tracking._tracking_service.client", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", lambda _: True),
)


def keep_to_ourselves() -> None:
    """Let MLflow give up soon, and print and warn nothing, on our own threads; on the user's it does as ever.

    MLflow takes these from environment variables, for all threads alike; a test guards the places.
    """
    for module, name, ours in _VARIABLES:
        place = sys.modules.get(module)
        variable = getattr(place, name, None)
        if variable is not None and not isinstance(variable, _OnOurThreads):
            setattr(place, name, _OnOurThreads(variable, ours))
    logging.getLogger("urllib3.connectionpool").addFilter(
        _not_ours
    )  # each retry is a warning; added twice it is there once
