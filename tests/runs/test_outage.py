import logging
import random
import socket
import threading

import pytest
import requests
import sqlalchemy
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, RESOURCE_DOES_NOT_EXIST, TEMPORARILY_UNAVAILABLE

from mlmagic.errors import StoreAwayError
from mlmagic.runs import outage, store
from mlmagic.runs.waiting import OWN_THREAD, Patience, Pending


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (requests.exceptions.ConnectTimeout(), True),
        (MlflowException("API request failed with exception"), False),
        (caused(MlflowException("API request failed"), requests.exceptions.ConnectionError()), True),
        (MlflowException("API request to endpoint /x failed with error code 503 != 200."), True),
        (MlflowException("locked", TEMPORARILY_UNAVAILABLE), True),
        (caused(MlflowException("x"), sqlalchemy.exc.OperationalError("", {}, Exception("database is locked"))), True),
        (RestException({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}), True),
        (RestException({"error_code": "INVALID_PARAMETER_VALUE", "message": "bad key"}), False),
        (MlflowException("gone", RESOURCE_DOES_NOT_EXIST), False),
        (ValueError("a typo"), False),
    ],
)
def test_what_means_that_a_store_is_away(error, away):
    assert outage.is_away(error) is away


def test_what_could_be_either_is_decided_by_asking_the_store():
    def down():
        raise ConnectionRefusedError

    error = MlflowException("a fault of the server", INTERNAL_ERROR)
    assert outage.is_away(error, answers=down)
    assert not outage.is_away(error, answers=lambda: "it answers")
    assert not outage.is_away(ValueError(), answers=down)


def on_thread(name, work):
    got = []
    thread = threading.Thread(target=lambda: got.append(work()), name=name)
    thread.start()
    thread.join()
    return got[0]


def test_only_our_own_threads_give_up_soon():
    from mlflow.utils import rest_utils

    outage.keep_to_ourselves()
    outage.keep_to_ourselves()
    for name, ours in (("MAX_RETRIES", 1), ("TIMEOUT", 30), ("BACKOFF_JITTER", 0.0)):
        variable = getattr(rest_utils, f"MLFLOW_HTTP_REQUEST_{name}")
        assert on_thread(f"{OWN_THREAD}x", variable.get) == ours
        assert on_thread("user's", variable.get) == variable._variable.get() > ours
        assert str(variable).startswith(f"MLFLOW_HTTP_REQUEST_{name}")


def test_on_our_own_threads_no_address_is_printed_into_the_users_cell(store_uri):
    store.connect()
    from mlflow.tracking._tracking_service import client as module

    variable = module.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT
    assert on_thread(f"{OWN_THREAD}x", variable.get) is True
    assert on_thread("user's", variable.get) is variable._variable.get()


def test_our_retries_are_no_warnings_in_the_users_output(caplog):
    outage.keep_to_ourselves()
    logger = logging.getLogger("urllib3.connectionpool")
    on_thread(f"{OWN_THREAD}x", lambda: logger.warning("ours"))
    on_thread("user's", lambda: logger.warning("theirs"))
    assert [record.message for record in caplog.records] == ["theirs"]


def test_asking_a_store_that_is_away_draws_no_random_number_of_the_users():
    random.seed(1)
    before = random.getstate()
    pending = Pending(lambda: store.connect("http://127.0.0.1:9"))
    with pytest.raises(StoreAwayError, match="Connection refused"):
        pending.result(timeout_s=60)
    assert random.getstate() == before


def test_a_store_that_hangs_holds_for_as_long_as_there_is_patience():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        patience = Patience(0.5, local=False)
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreAwayError, match="does not answer within"):
            patience.ask(lambda: store.connect(uri))
        assert patience.left_s == 0
        with pytest.raises(StoreAwayError, match="does not answer"):
            patience.ask(lambda: pytest.fail("there is no patience left to ask"))
