import errno
import logging
import random
import socket
import threading

import pytest
import requests
import sqlalchemy
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import BAD_REQUEST, RESOURCE_DOES_NOT_EXIST, TEMPORARILY_UNAVAILABLE

from mlmagic.errors import StoreAwayError
from mlmagic.store import connection, outage, own_requests
from mlmagic.store.outage import Verdict
from mlmagic.store.waiting import OWN_THREAD, BackgroundTask, WaitBudget


def caused(error, cause):
    error.__cause__ = cause
    return error


def database(kind, cause="odd"):
    """Return an error as MLflow raises it where SQLAlchemy raised one of this *kind*."""
    original = getattr(sqlalchemy.exc, kind)("statement", {}, Exception(cause))
    return caused(MlflowException(str(original), BAD_REQUEST), original)


def answered(status, body, **headers):
    """Return what MLflow raises on a thread of ours for such an answer of an artifact's place."""
    response = requests.Response()
    response.status_code, response._content, response.reason = status, body.encode(), "Because"
    response.headers.update(headers)
    checked = own_requests._checked(response, "http://host/api/2.0/mlflow-artifacts/artifacts/a", "PUT")
    return requests.HTTPError(str(checked.status_code), response=checked)


AWAY, REFUSED, UNCLEAR, GONE = Verdict.AWAY, Verdict.REFUSED, Verdict.UNCLEAR, Verdict.GONE


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (requests.exceptions.ConnectTimeout(), AWAY),
        (MlflowException("API request failed with exception"), UNCLEAR),
        (caused(MlflowException("API request failed"), requests.exceptions.ConnectionError()), AWAY),
        (caused(MlflowException("API request failed"), requests.exceptions.SSLError()), AWAY),
        (MlflowException("locked", TEMPORARILY_UNAVAILABLE), AWAY),
        (database("OperationalError", "database is locked"), AWAY),
        (database("InterfaceError", "connection already closed"), AWAY),
        (database("InternalError"), AWAY),
        (database("ProgrammingError", 'relation "runs" does not exist'), UNCLEAR),
        (database("IntegrityError"), UNCLEAR),
        (database("DataError", "value too long"), REFUSED),
        (RestException({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}), AWAY),
        (RestException({"error_code": "UNAUTHENTICATED", "message": "who?"}), AWAY),
        (RestException({"error_code": "PERMISSION_DENIED", "message": "no"}), UNCLEAR),
        (RestException({"error_code": "INTERNAL_ERROR", "message": "oops"}), UNCLEAR),
        (RestException({"message": "Forbidden"}), UNCLEAR),
        (RestException({"error_code": "INVALID_PARAMETER_VALUE", "message": "bad key"}), REFUSED),
        (RestException({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "there"}), REFUSED),
        (MlflowException("gone", RESOURCE_DOES_NOT_EXIST), GONE),
        (answered(401, "who?"), AWAY),
        (answered(403, "<p>no"), UNCLEAR),
        (answered(403, '{"error_code": "INVALID_PARAMETER_VALUE", "message": "bad path"}'), REFUSED),
        (answered(404, '{"error_code": 404}'), UNCLEAR),
        (answered(400, '{"error_code": "INVALID_PARAMETER_VALUE", "mlmagic_foreign": {"odd": 1}}'), REFUSED),
        (caused(MlflowException("x"), caused(requests.exceptions.ConnectionError(), ImportError("optional"))), AWAY),
        (answered(413, "too large"), Verdict.TOO_LARGE),
        (answered(418, "a teapot"), UNCLEAR),
        (answered(429, "slow down"), AWAY),
        (answered(500, "oops"), UNCLEAR),
        (answered(503, "soon"), AWAY),
        (answered(520, "odd"), AWAY),
        (answered(200, "<p>log in", **{"Content-Type": "text/html"}), AWAY),
        (answered(302, "", Location="https://login.example/?next=x"), AWAY),
        (OSError(errno.ENOSPC, "No space left on device"), UNCLEAR),
        (OSError(errno.ENAMETOOLONG, "File name too long"), REFUSED),
        (ModuleNotFoundError("No module named 'psycopg2'"), Verdict.WRONG_SETTING),
        (ValueError("a typo"), UNCLEAR),
    ],
)
def test_only_a_final_answer_of_mlflow_is_a_refusal(error, verdict):
    assert outage.judge(error) is verdict


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (answered(401, "who?"), "answered 401 (Because): has the token or the password expired"),
        (answered(520, ""), "answered 520 (Because)"),
        (answered(302, "", Location="https://ana:pw@login.example/?token=x"), "redirects to https://login.example (302)"),
        (answered(307, "", Location="/login"), "redirects to http://host (307)"),
        (requests.exceptions.SSLError("certificate verify failed: self-signed certificate (_ssl.c:1016)"), "cannot be reached: certificate verify failed: self-signed certificate: set MLFLOW_TRACKING_SERVER_CERT_PATH"),
        (database("OperationalError", 'FATAL:  password authentication failed for user "ana"'), 'cannot be reached: password authentication failed for user "ana"'),
        (OSError(errno.ENOSPC, "No space left on device"), "failed: [Errno 28] No space left on device"),
        (ValueError(""), "failed: ValueError"),
    ],
)  # fmt: skip
def test_the_cause_is_named_in_one_line(error, told):
    reason = outage.reason(error)
    assert reason.startswith(told)
    assert "\n" not in reason


def test_a_wait_that_a_server_asks_for_is_known():
    assert outage.wait_s(answered(429, "", **{"Retry-After": "120"})) == 120
    assert outage.wait_s(answered(503, "", **{"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"})) == 0


def on_thread(name, work):
    got = []
    thread = threading.Thread(target=lambda: got.append(work()), name=name)
    thread.start()
    thread.join()
    return got[0]


def test_only_our_own_threads_give_up_soon():
    from mlflow.utils import rest_utils

    own_requests.limit_own_retries()
    own_requests.limit_own_retries()
    asked = []

    def ask(method, url, *retries, **options):
        asked.append((retries, options))
        return answered(200, "{}").response

    request = own_requests._limited(ask)
    theirs = ((7, 2, 1.0, {500}), {"timeout": 120, "respect_retry_after_header": True})
    for thread in ("user's", f"{OWN_THREAD}x"):
        on_thread(thread, lambda: request("GET", "http://host/x", 7, 2, 1.0, {500}, timeout=120, respect_retry_after_header=True))  # fmt: skip
    ours = ((1, 2, 0.0, frozenset()), {"timeout": 30, "respect_retry_after_header": False, "allow_redirects": False})
    assert asked == [theirs, ours]
    assert rest_utils._get_http_response_with_retries.__wrapped__.__module__ == "mlflow.utils.request_utils"


def test_on_our_own_threads_no_address_is_printed_into_the_users_cell(store_uri):
    connection.connect()
    from mlflow.tracking._tracking_service import client as module

    variable = module.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT
    assert on_thread(f"{OWN_THREAD}x", variable.get) is True
    assert on_thread("user's", variable.get) is variable._variable.get()


def test_our_retries_are_no_warnings_in_the_users_output(caplog):
    own_requests.limit_own_retries()
    logger = logging.getLogger("urllib3.connectionpool")
    on_thread(f"{OWN_THREAD}x", lambda: logger.warning("ours"))
    on_thread("user's", lambda: logger.warning("theirs"))
    assert [record.message for record in caplog.records] == ["theirs"]


def test_asking_a_store_that_is_away_draws_no_random_number_of_the_users():
    random.seed(1)
    before = random.getstate()
    pending = BackgroundTask(lambda: connection.connect("http://127.0.0.1:9"))
    with pytest.raises(StoreAwayError, match="Connection refused"):
        pending.result(timeout_s=60)
    assert random.getstate() == before


def test_a_store_that_hangs_holds_for_as_long_as_there_is_patience():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        patience = WaitBudget(0.5, local=False)
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreAwayError, match="does not answer within"):
            patience.ask(lambda: connection.connect(uri))
        assert patience.left_s == 0
        with pytest.raises(StoreAwayError, match="does not answer"):
            patience.ask(lambda: pytest.fail("there is no patience left to ask"))
