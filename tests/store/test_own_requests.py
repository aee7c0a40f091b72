"""Requests on mlmagic's own threads: where they may be redirected, and which answers are MLflow's."""

import io
import threading

import pytest
import requests
from mlflow.exceptions import RestException

from mlmagic.store import own_requests, waiting
from mlmagic.store.own_requests import ForeignAnswer, answer_in, foreign_in
from mlmagic.store.waiting import OWN_THREAD

HOST = "http://host:5000"
API = f"{HOST}/api/2.0/mlflow/"


def answer(status=200, body="", **headers):
    response = requests.Response()
    response.status_code, response._content, response.reason = status, body.encode(), "Because"
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize(
    ("call", "method", "body", "is_mlflows"),
    [
        ("runs/create", "POST", '{"run": {}}', True),
        ("runs/create", "POST", '{"login": "required"}', False),
        ("runs/create", "POST", "<html>", False),
        ("runs/create", "POST", "", False),
        ("runs/get?run_id=1", "GET", ' {"run": {}}\n', True),
        ("runs/get", "GET", '{"login": "required"}', False),
        ("experiments/get", "GET", '{"login": "required"}', False),
        ("logged-models", "POST", '{"login": "required"}', False),
        ("runs/update", "POST", '{"run_info": {}}', True),
        ("runs/update", "POST", '{"run": {}}', False),
        ("experiments/get-by-name", "GET", '{"experiment": {}}', True),
        ("experiments/create", "POST", '{"experiment": {}}', False),
        ("logged-models", "POST", '{"model": {}}', True),
        ("runs/log-batch", "POST", "{}", True),
        ("runs/log-batch", "POST", "{ }", True),
        ("runs/log-batch", "POST", '{"login": "required"}', False),
        ("runs/log-batch", "POST", "", False),
        ("runs/set-tag", "POST", '{"error": 1}', False),
        ("runs/search", "POST", '{"anything": 1}', True),
        ("runs/log-inputs", "POST", '{"login": "required"}', False),
        ("runs/outputs", "POST", '{"login": "required"}', False),
        ("runs/search", "POST", '{"runs": [', False),  # the end was cut
        ("runs/search", "POST", "runs}", False),
        ("runs/search", "POST", "[1]", False),
        ("runs/search", "POST", "<html>log in</html>", False),
    ],
)
def test_an_answer_has_the_names_that_mlflow_uses(call, method, body, is_mlflows):
    checked = own_requests._checked(answer(200, body), API + call, method)
    assert (checked.status_code == 200) is is_mlflows
    if not is_mlflows:
        error = requests.HTTPError("x", response=checked)
        assert foreign_in(error) == ForeignAnswer(200, "Because")


@pytest.mark.parametrize(
    ("method", "body", "headers", "is_mlflows"),
    [
        ("PUT", "{}", {}, True),
        ("PUT", "", {}, True),
        ("PUT", "", {"Content_Type": "text/html; charset=utf-8"}, False),
        ("PUT", "<html>", {}, False),
        ("GET", "any bytes of a file", {}, True),
        ("DELETE", "", {}, True),
    ],
)
def test_an_upload_of_a_file_answers_with_json_or_nothing(method, body, headers, is_mlflows):
    url = f"{HOST}/api/2.0/mlflow-artifacts/artifacts/0/a.txt"
    assert (own_requests._checked(answer(200, body, **headers), url, method).status_code == 200) is is_mlflows


def test_the_version_of_the_interface_does_not_matter():
    url = API.replace("2.0", "3.0") + "runs/create"
    assert own_requests._checked(answer(200, '{"login": 1}'), url, "POST").status_code == 502
    assert own_requests._checked(answer(200, "<html>"), f"{HOST}/somewhere", "GET").status_code == 200


@pytest.mark.parametrize(
    ("status", "body", "status_then", "wait_s"),
    [
        (400, '{"error_code": "INVALID_PARAMETER_VALUE"}', 400, None),
        (404, '{"error_code": "RESOURCE_DOES_NOT_EXIST"}', 404, None),
        (400, '{"error_code": "NONSENSE"}', 400, 0.0),
        (400, '{"error_code": 5}', 400, 0.0),
        (404, "<html>", 404, 0.0),
        (503, "[" * 100_000, 503, 0.0),
        (429, "slow down", 429, 7.0),
    ],
)
def test_an_error_is_mlflows_if_it_has_a_code_of_mlflows(status, body, status_then, wait_s):
    checked = own_requests._checked(answer(status, body, Retry_After="7" if wait_s else "x"), API + "runs/get", "GET")
    assert checked.status_code == status_then
    found = foreign_in(requests.HTTPError("x", response=checked))
    assert found == (None if wait_s is None else ForeignAnswer(status, "Because", wait_s=wait_s))


@pytest.mark.parametrize("status", [300, 302, 399])
@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("https://login.example/?next=x", "https://login.example"),
        ("https://ana:pw@login.example:8443/x", "https://login.example:8443"),
        ("/login", HOST),
        ("", HOST),
    ],
)
def test_a_redirect_that_was_not_followed_says_where_to(status, location, to):
    checked = own_requests._checked(answer(status, "", Location=location), API + "runs/get", "GET")
    assert checked.status_code == 502
    assert foreign_in(requests.HTTPError("x", response=checked)) == ForeignAnswer(status, "Because", to=to)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [*((None, 0.0), ("", 0.0), ("30", 30.0), (" 5 ", 5.0), ("-5", 0.0), ("1.5", 0.0), ("٣", 0.0), ("soon", 0.0))],
)
def test_the_wait_that_a_server_asks_for(header, seconds):
    headers = {} if header is None else {"Retry_After": header}
    checked = own_requests._checked(answer(503, "", **headers), API + "runs/get", "GET")
    assert foreign_in(requests.HTTPError("x", response=checked)).wait_s == seconds


@pytest.mark.parametrize(
    ("status", "method", "url", "location", "to"),
    [
        (302, "GET", f"{HOST}/a", "/b", f"{HOST}/b"),
        (301, "GET", f"{HOST}/a", "b", f"{HOST}/b"),
        (308, "POST", f"{HOST}/a", "/b", f"{HOST}/b"),
        (307, "PUT", f"{HOST}/a", "/b?x=1", f"{HOST}/b?x=1"),
        (302, "POST", f"{HOST}/a", "/b", None),  # the content would be lost
        (303, "PUT", f"{HOST}/a", "/b", None),
        (307, "POST", f"{HOST}/a", "http://other:5000/b", None),
        (307, "POST", f"{HOST}/a", "http://host:6000/b", None),
        (307, "POST", "https://host/a", "http://host/b", None),  # less secure
        (307, "POST", "http://host/a", "https://host/b", "https://host/b"),
        (200, "GET", f"{HOST}/a", "/b", None),
        (307, "GET", f"{HOST}/a", None, None),
        (307, "GET", "http://ana:pw@host/a", "/b", "http://ana:pw@host/b"),
        (307, "GET", "http://ana:pw@host/a", "http://host/b", "http://ana:pw@host/b"),
    ],
)
def test_a_redirect_is_followed_to_the_same_place_only(status, method, url, location, to):
    headers = {} if location is None else {"Location": location}
    assert own_requests._same_place(answer(status, "", **headers), url, method) == to


def asked(answers, url, *, thread, **options):
    """Return the answer of the limited request, and the calls of MLflow's function."""
    calls, got = [], []

    def original(method, url, max_retries, *more, **given):
        _, backoff_jitter, retry_codes = more
        calls.append((method, url, max_retries, backoff_jitter, retry_codes, given))
        return answers.pop(0)

    def run():
        got.append(own_requests._limited(original)("POST", url, 5, 2, 1.0, {503}, **options))

    worker = threading.Thread(target=run, name=thread)
    worker.start()
    worker.join()
    return got[0], calls


OURS = f"{OWN_THREAD}ship"


def test_the_users_requests_stay_as_they_are():
    found, calls = asked([answer(302, "", Location="/x")], API + "runs/create", thread="user", timeout=300)
    assert found.status_code == 302
    assert calls == [("POST", API + "runs/create", 5, 1.0, {503}, {"timeout": 300})]


@pytest.mark.parametrize(("timeout", "used"), [(300, 30), (5, 5), (None, 30)])
def test_our_own_are_retried_once_without_jitter_and_within_half_a_minute(timeout, used):
    options = {} if timeout is None else {"timeout": timeout}
    _, ((_, _, retries, jitter, codes, given),) = asked(
        [answer(200, "{}")], API + "runs/log-batch", thread=OURS, **options
    )
    assert (retries, jitter, codes) == (1, 0.0, frozenset())
    assert given == {"timeout": used, "allow_redirects": False, "respect_retry_after_header": False}


def test_each_answer_shows_that_the_store_is_there():
    before = waiting.answers()
    asked([answer(307, "", Location=API + "runs/b"), answer(200, "{}")], API + "runs/a", thread=OURS)
    assert waiting.answers() == before + 2


def test_a_followed_redirect_sends_the_whole_body_again():
    body = io.BytesIO(b"content")
    body.read()
    answers = [
        answer(307, "", Location=API + "runs/b"),
        answer(308, "", Location="/api/2.0/mlflow/runs/log-batch"),
        answer(200, "{}"),
    ]
    found, calls = asked(answers, API + "runs/a", thread=OURS, data=body)
    assert found.status_code == 200
    assert [call[1] for call in calls] == [API + "runs/a", API + "runs/b", API + "runs/log-batch"]
    assert body.tell() == 0


def test_a_circle_of_redirects_ends():
    circle = [answer(307, "", Location=API + "runs/a") for _ in range(10)]
    found, calls = asked(circle, API + "runs/a", thread=OURS)
    assert len(calls) == 3
    assert foreign_in(requests.HTTPError("x", response=found)).to == HOST


@pytest.mark.parametrize(
    ("error", "content"),
    [
        (RestException({"error_code": "BAD_REQUEST", "message": "x"}), {"error_code": "BAD_REQUEST", "message": "x"}),
        (requests.HTTPError("x", response=answer(400, '{"a": 1}')), {"a": 1}),
        (requests.HTTPError("x", response=answer(400, "[1]")), {}),
        (requests.HTTPError("x"), {}),
        (ValueError("x"), {}),
    ],
)
def test_the_answer_within_an_error(error, content):
    assert answer_in(error) == content
    assert foreign_in(error) is None


def test_no_server_can_claim_to_be_foreign():
    error = RestException({"error_code": "X", "message": "x", "mlmagic_foreign": {"status": 200}, "foreign_": {}})
    assert foreign_in(error) is None


def test_what_is_changed_in_mlflow_is_put_back(store_uri):
    from mlflow.tracking._tracking_service import client
    from mlflow.utils import rest_utils

    own_requests.release()
    before = rest_utils._get_http_response_with_retries, client.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT
    own_requests.limit_own_retries()
    own_requests.limit_own_retries()
    variable = client.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT
    assert rest_utils._get_http_response_with_retries.__wrapped__ is before[0]
    assert (str(variable), variable.name, variable.original) == (str(before[1]), before[1].name, before[1])
    own_requests.release()
    own_requests.release()
    assert (rest_utils._get_http_response_with_retries, client.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT) == before
