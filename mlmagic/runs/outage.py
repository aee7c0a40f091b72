"""Is the store away, or did it refuse? And how long MLflow goes on asking one that is away."""

from __future__ import annotations

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


class _Limited:
    """One of MLflow's environment variables, which is at most so much on our own threads."""

    def __init__(self, variable: Any, most: float) -> None:
        self._variable = variable
        self._most = most

    def get(self) -> Any:
        value = self._variable.get()
        return min(value, self._most) if threading.current_thread().name.startswith(OWN_THREAD) else value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._variable, name)

    def __str__(self) -> str:
        return str(self._variable)


def limit_retries() -> None:
    """Let MLflow's HTTP client give up soon on our own threads; on the user's it does as ever.

    MLflow takes these limits from environment variables, for all threads alike; a test guards the place.
    """
    rest = sys.modules.get("mlflow.utils.rest_utils")
    limits = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": _MOST_RETRIES,
        "MLFLOW_HTTP_REQUEST_TIMEOUT": _LONGEST_REQUEST_S,
        "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": 0.0,  # it is drawn from the random numbers of the user's code
    }
    for name, most in limits.items():
        variable = getattr(rest, name, None)
        if variable is not None and not isinstance(variable, _Limited):
            setattr(rest, name, _Limited(variable, most))
