"""Classify the store's errors: a record is refused for good, or its delivery is retried; and why.

An error is a refusal only if MLflow itself answered, and if the answer is the same on every retry. Any other obstacle
(a network, a proxy, a password, a full disk) can be removed, and loses no record.
"""

from __future__ import annotations

import errno
import re
from enum import Enum
from typing import TYPE_CHECKING

from mlmagic.store.own_requests import ForeignAnswer, answer_in, foreign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_FINAL_CODES = {"INVALID_PARAMETER_VALUE", "MALFORMED_REQUEST", "RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"}
_AWAY_CODES = {
    "TEMPORARILY_UNAVAILABLE",
    "REQUEST_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "DEADLINE_EXCEEDED",
    "UNAUTHENTICATED",
    "CUSTOMER_UNAUTHORIZED",
}
_GONE_CODES = {"RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"}
_AWAY_TYPES = {
    "requests.exceptions.ConnectionError",
    "requests.exceptions.Timeout",
    "requests.exceptions.RetryError",
    "requests.exceptions.ProxyError",
    "requests.exceptions.ChunkedEncodingError",
    "sqlalchemy.exc.OperationalError",
    "sqlalchemy.exc.InterfaceError",
    "sqlalchemy.exc.InternalError",
    "sqlalchemy.exc.DisconnectionError",
    "sqlalchemy.exc.TimeoutError",
    "urllib3.exceptions.HTTPError",
}
_FINAL_TYPES = {"sqlalchemy.exc.DataError"}
_WRONG_SETTING_TYPES = {
    "builtins.ImportError",
    "sqlalchemy.exc.ArgumentError",
    "sqlalchemy.exc.NoSuchModuleError",
    "mlflow.exceptions.InvalidUrlException",
}
_TOO_LARGE = 413
_AWAY_STATUSES = {401, 407, 408, 425, 429}
_FIRST_BAD_GATEWAY = 502
_REASONS = re.compile(
    r"Connection refused|Connection reset by peer|Read timed out|Connection to \S+ timed out|Name or service not known"
    r"|Temporary failure in name resolution|Remote end closed connection|database is locked|disk I/O error"
    r"|certificate verify failed[^()\n]*|password authentication failed[^\n]*|database \"[^\"\n]*\" does not exist"
    r"|server closed the connection|terminating connection[^\n]*|the database system is [^\n]*"
)
_ADVICE = {
    401: "has the token or the password expired, or is it wrong? Set MLFLOW_TRACKING_TOKEN, or "
    "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    403: "may this user write there? A firewall may also stop the request",
    404: "is MLFLOW_TRACKING_URI the address of an MLflow server?",
    407: "a proxy asks for a password: set HTTPS_PROXY",
    413: "a proxy in front of it takes no request of this size",
    429: "it asks for fewer requests",
}
_CERTIFICATE = "set MLFLOW_TRACKING_SERVER_CERT_PATH to the certificate of its authority"


class Verdict(Enum):
    """What an error means for a request.

    ``REFUSED``: MLflow rejects the request, now and on every retry. ``TOO_LARGE``: smaller requests may succeed.
    ``UNCLEAR``: this request failed, others may succeed. ``AWAY``: no request succeeds now. ``GONE``: the store does
    not have what the request names. ``WRONG_SETTING``: no request succeeds before the user changes a setting.
    """

    REFUSED = "refused"
    TOO_LARGE = "too large"
    UNCLEAR = "unclear"
    AWAY = "away"
    GONE = "gone"
    WRONG_SETTING = "wrong setting"


def judge(error: BaseException) -> Verdict:
    """Classify *error*, which a call of MLflow raised.

    >>> judge(TimeoutError()), judge(ValueError("a fault of something in between"))
    (<Verdict.AWAY: 'away'>, <Verdict.UNCLEAR: 'unclear'>)
    """
    chain = list(_chain(error))
    foreign = _foreign(error)
    if foreign is not None:
        return _judge_foreign(foreign)
    code = next((code for one in chain if (code := _code(one))), "")
    names = set().union(*(_names(one) for one in chain))
    is_away = code in _AWAY_CODES or names & _AWAY_TYPES or any(_is_disconnected(one) for one in chain)
    if names & _WRONG_SETTING_TYPES and not is_away:
        return Verdict.WRONG_SETTING
    if code in _FINAL_CODES:
        return Verdict.REFUSED
    if is_away:
        return Verdict.AWAY
    is_final = names & _FINAL_TYPES or any(getattr(one, "errno", None) == errno.ENAMETOOLONG for one in chain)
    by_code = Verdict.GONE if code in _GONE_CODES else Verdict.UNCLEAR
    return Verdict.REFUSED if is_final else by_code


def _judge_foreign(answer: ForeignAnswer) -> Verdict:
    if answer.status == _TOO_LARGE:
        return Verdict.TOO_LARGE
    other = 400 <= answer.status < _FIRST_BAD_GATEWAY and answer.status not in _AWAY_STATUSES  # noqa: PLR2004
    return Verdict.UNCLEAR if other else Verdict.AWAY


def reason(error: BaseException) -> str:
    """Return in one line why the store failed; the line follows "the MLflow store <address> ".

    >>> reason(ConnectionRefusedError(111, "Connection refused"))
    'cannot be reached: Connection refused'
    """
    foreign = _foreign(error)
    if foreign is not None:
        return _foreign_reason(foreign)
    texts = [str(one) for one in _chain(error)]
    known = next((found for text in texts if (found := _REASONS.search(text))), None)
    why = known[0].strip() if known else first_line(error)
    if "certificate" in why:
        why = f"{why}: {_CERTIFICATE}"
    return f"{'cannot be reached' if judge(error) is Verdict.AWAY else 'failed'}: {why}"


def first_line(error: BaseException) -> str:
    """Return the first line of the message of *error*, or the name of its type if the message is empty."""
    name = type(error).__name__
    text = (str(error).strip().splitlines() or [""])[0]
    is_mlflows = bool(_code(error)) or isinstance(error, OSError)
    return text if text and is_mlflows else f"{name}: {text}" if text else name


def wait_s(error: BaseException) -> float:
    """Return how many seconds the server asked to wait, or 0 if it did not ask."""
    foreign = _foreign(error)
    return foreign.wait_s if foreign else 0.0


def is_from_elsewhere(error: BaseException) -> bool:
    """Return whether something other than MLflow answered as if the request had succeeded."""
    foreign = _foreign(error)
    return foreign is not None and foreign.status < 300  # noqa: PLR2004  # success


def _foreign(error: BaseException) -> ForeignAnswer | None:
    return next((found for one in _chain(error) if (found := foreign_in(one))), None)


def _foreign_reason(answer: ForeignAnswer) -> str:
    if answer.to:
        return (
            f"redirects to {answer.to} ({answer.status}), which is not followed: is that a login, or its new address?"
        )
    if answer.status < 300:  # noqa: PLR2004  # success
        return "did not answer as an MLflow server does: does this network, or a proxy, ask for a login?"
    told = f"answered {answer.status}{f' ({answer.reason})' if answer.reason else ''}"
    return f"{told}: {_ADVICE[answer.status]}" if answer.status in _ADVICE else told


def _code(error: BaseException) -> str:
    """Return MLflow's error code, taken from the exception or from the server's answer."""
    return str(getattr(error, "error_code", None) or answer_in(error).get("error_code") or "")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    next_one: BaseException | None = error
    while next_one is not None and id(next_one) not in seen:
        seen.add(id(next_one))
        yield next_one
        next_one = next_one.__cause__ or next_one.__context__


def _is_disconnected(error: BaseException) -> bool:
    return isinstance(error, (ConnectionError, TimeoutError)) or getattr(error, "connection_invalidated", None) is True


def _names(error: BaseException) -> set[str]:
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
