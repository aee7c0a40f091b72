"""Limit MLflow's requests on mlmagic's own threads: few retries, no redirects elsewhere, answers of MLflow only.

MLflow reads such limits from environment variables, which apply to all threads. The user's threads are not affected.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from dataclasses import asdict, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from mlmagic.store.waiting import answered, is_ours

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Response

# Enough for a server that restarts behind a load balancer; the journal bridges a longer outage.
_MOST_RETRIES = 1
_LONGEST_REQUEST_S = 30
_MOST_REDIRECTS = 3
_KEEP_THE_METHOD = {307, 308}
_BAD_GATEWAY = 502
_LOGGERS = ("urllib3.connectionpool", "mlflow.store.db.utils")
_MARK = f"foreign_{os.urandom(8).hex()}"  # random, so that no server can send it
_API = ("/api/2.0/mlflow/", "/api/3.0/mlflow/")
_NAMES_IN_ANSWERS = {
    "runs/create": b'"run"',
    "runs/get": b'"run"',
    "runs/update": b'"run_info"',
    "experiments/create": b'"experiment_id"',
    "experiments/get": b'"experiment"',
    "experiments/get-by-name": b'"experiment"',
    "logged-models": b'"model"',
    "registered-models/create": b'"registered_model"',
    "registered-models/get": b'"registered_model"',
    "model-versions/create": b'"model_version"',
    "model-versions/get": b'"model_version"',
    "model-versions/update": b'"model_version"',
}
_EMPTY_ANSWERS = {
    "runs/log-batch", "runs/log-inputs", "runs/outputs", "runs/set-tag", "runs/delete-tag",
    "registered-models/set-tag", "registered-models/delete-tag", "model-versions/set-tag", "model-versions/delete",
}  # fmt: skip
_ALIAS = "registered-models/alias"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/"


@dataclass(frozen=True)
class ForeignAnswer:
    """An answer that is not MLflow's own: of a proxy, a login page, a captive portal.

    ``to`` is the target of a redirect; ``wait_s`` is the value of a ``Retry-After`` header in seconds. A ``status``
    below 300 means that a page was returned where MLflow would have returned JSON.
    """

    status: int
    reason: str = ""
    to: str = ""
    wait_s: float = 0.0


def foreign_in(error: BaseException) -> ForeignAnswer | None:
    """Return the answer behind *error*, which MLflow raised, if the answer is not MLflow's own."""
    content = answer_in(error).get(_MARK)
    return ForeignAnswer(**content) if isinstance(content, dict) else None


def answer_in(error: BaseException) -> dict[str, Any]:
    """Return the JSON object in the server's answer, as far as *error* contains it."""
    content = getattr(error, "json", None)  # of MLflow's RestException; a method elsewhere
    response = getattr(error, "response", None)  # of requests' HTTPError
    if not isinstance(content, dict) and response is not None and hasattr(response, "text"):
        content = _json_object(response)
    return content if isinstance(content, dict) else {}


def limit_own_retries() -> None:
    """Patch MLflow so that requests on mlmagic's own threads are limited as above, and print and log nothing.

    The patched functions are private to MLflow; a test guards them.
    """
    rest = sys.modules.get("mlflow.utils.rest_utils")
    request = getattr(rest, "_get_http_response_with_retries", None)
    if request is not None and not hasattr(request, "__wrapped__"):
        rest._get_http_response_with_retries = _limited(request)  # type: ignore[union-attr]
    client = sys.modules.get("mlflow.tracking._tracking_service.client")
    variable = getattr(client, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", None)
    if variable is not None and not isinstance(variable, _TrueOnOurThreads):
        # The summary links the run; MLflow would print its address into whichever cell is running.
        client.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT = _TrueOnOurThreads(variable)  # type: ignore[union-attr]
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_not_ours)  # each retry logs a warning; adding a filter twice has no effect


def release() -> None:
    """Undo the changes of `limit_own_retries` to MLflow and the loggers."""
    rest = sys.modules.get("mlflow.utils.rest_utils")
    request = getattr(rest, "_get_http_response_with_retries", None)
    if request is not None and hasattr(request, "__wrapped__"):
        rest._get_http_response_with_retries = request.__wrapped__  # type: ignore[union-attr]
    client = sys.modules.get("mlflow.tracking._tracking_service.client")
    variable = getattr(client, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", None)
    if isinstance(variable, _TrueOnOurThreads):
        client.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT = variable.original  # type: ignore[union-attr]
    for name in _LOGGERS:
        logging.getLogger(name).removeFilter(_not_ours)


class _TrueOnOurThreads:
    """One of MLflow's environment variables, patched to be true on mlmagic's own threads."""

    def __init__(self, variable: Any) -> None:
        self._variable = variable

    @property
    def original(self) -> Any:
        """MLflow's original variable."""
        return self._variable

    def get(self) -> Any:
        return True if is_ours(threading.current_thread().name) else self._variable.get()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._variable, name)

    def __str__(self) -> str:
        return str(self._variable)


def _not_ours(record: logging.LogRecord) -> bool:
    return not is_ours(record.threadName)


def _limited(original: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap MLflow's request function with mlmagic's limits, which apply on mlmagic's own threads."""

    @wraps(original)
    def request(  # noqa: PLR0917  # the signature of MLflow's function
        method: str,
        url: str,
        max_retries: int,
        backoff_factor: float,
        backoff_jitter: float,
        retry_codes: Any,
        *more: Any,
        **options: Any,
    ) -> Response:
        if not is_ours(threading.current_thread().name):
            return original(method, url, max_retries, backoff_factor, backoff_jitter, retry_codes, *more, **options)
        options["timeout"] = min(options.get("timeout") or _LONGEST_REQUEST_S, _LONGEST_REQUEST_S)
        options |= {"allow_redirects": False, "respect_retry_after_header": False}
        for _ in range(_MOST_REDIRECTS):
            # No status is retried here: the delivery has its own backoff, and needs to see the answer. The jitter is 0,
            # because MLflow draws it from the random numbers of the user's code.
            answer = original(
                method, url, min(max_retries, _MOST_RETRIES), backoff_factor, 0.0, frozenset(), *more, **options
            )
            answered()
            to = _same_place(answer, url, method)
            if to is None:
                break
            url = to
            body = options.get("data")
            if body is not None and hasattr(body, "seek"):
                body.seek(0)
        return _checked(answer, url, method)

    return request


def _same_place(answer: Response, url: str, method: str) -> str | None:
    """Return the target of a redirect if credentials and content may go there: same host, no less secure."""
    from requests import Session

    keeps = answer.status_code in _KEEP_THE_METHOD or method == "GET"
    location = answer.headers.get("Location")
    if not answer.is_redirect or not keeps or not location:
        return None
    to, before = urlsplit(urljoin(url, location)), urlsplit(url)
    if Session().should_strip_auth(url, to.geturl()):
        return None
    user = before.netloc.rpartition("@")[0]
    return to._replace(netloc=f"{user}@{to.netloc}").geturl() if user and "@" not in to.netloc else to.geturl()


def _checked(answer: Response, url: str, method: str) -> Response:
    """Return *answer*; if it is not MLflow's own, turn it into an error in MLflow's format that says so."""
    status, reason = answer.status_code, str(answer.reason or "")
    if 300 <= status < 400:  # noqa: PLR2004  # redirects
        parts = urlsplit(urljoin(url, answer.headers.get("Location") or ""))
        host = parts.netloc.rpartition("@")[2]
        return _marked(answer, ForeignAnswer(status, reason, to=f"{parts.scheme}://{host}"))
    if status < 300:  # noqa: PLR2004  # success
        return answer if _may_be_mlflows(answer, url, method) else _marked(answer, ForeignAnswer(status, reason))
    return (
        answer if _is_mlflows(answer) else _marked(answer, ForeignAnswer(status, reason, wait_s=_retry_after(answer)))
    )


def _may_be_mlflows(answer: Response, url: str, method: str) -> bool:
    """Return whether the answer may be MLflow's: JSON with the names that MLflow uses, or nothing after an upload.

    MLflow's client ignores names that it does not know: `{"login": "required"}` would count as a success.
    """
    path = urlsplit(url).path
    content = answer.content.strip()  # it is not parsed here: it may be large, and MLflow parses it
    is_json = content.startswith(b"{") and content.endswith(b"}")
    if _ARTIFACTS in path and method != "GET":
        return is_json or (not content and "html" not in answer.headers.get("Content-Type", ""))
    call = next((path.partition(part)[2] for part in _API if part in path), None)
    if call is None:
        return True
    if call in _EMPTY_ANSWERS or (call == _ALIAS and method != "GET"):
        return is_json and not content[1:-1].strip()
    return is_json and _NAMES_IN_ANSWERS.get(call, b"") in content


def _json_object(answer: Response) -> dict[str, Any] | None:
    try:
        content = json.loads(answer.text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_mlflows(answer: Response) -> bool:
    from mlflow.protos.databricks_pb2 import ErrorCode

    code = (_json_object(answer) or {}).get("error_code")
    return isinstance(code, str) and code in ErrorCode.keys()  # noqa: SIM118  # an enum of protobuf is no mapping


def _retry_after(answer: Response) -> float:
    text = answer.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _marked(answer: Response, foreign: ForeignAnswer) -> Response:
    """Turn *answer* into an error, with the code that MLflow assigns to its status."""
    from mlflow.protos.databricks_pb2 import ErrorCode
    from mlflow.utils.rest_utils import get_error_code

    answer.status_code = foreign.status if foreign.status >= 400 else _BAD_GATEWAY  # noqa: PLR2004  # errors
    code = ErrorCode.Name(get_error_code(answer.status_code))
    content = {
        "error_code": code,
        "message": f"an answer that is not MLflow's: {foreign.status}",
        _MARK: asdict(foreign),
    }
    answer._content, answer.encoding = json.dumps(content).encode(), "utf-8"
    return answer
