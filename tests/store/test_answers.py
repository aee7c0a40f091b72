"""What stands between a notebook and its server answers in its place: nothing is lost by it.

A real server, a real proxy in front of it, real cells.
"""

import base64
import contextlib
import datetime as dt
import ipaddress
import ssl

import mlflow
import pytest
from servers import Answer, Proxy, Server

import mlmagic
from mlmagic.journal import folder
from mlmagic.store import experiments, waiting
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.waiting import WaitBudget

VALUES = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.kill()


class Behind:
    """The store behind a proxy, as this process uses it."""

    def __init__(self, server, proxy):
        self.server, self.proxy = server, proxy
        self.client = mlflow.MlflowClient(server.uri)

    def run(self, name):
        (run,) = self.client.search_runs(["0"], f"attributes.run_name = '{name}'")
        return run

    def steps(self, name):
        return [point.step for point in self.client.get_metric_history(self.run(name).info.run_id, "loss")]

    def files(self, name, path=None):
        found = []
        for item in self.client.list_artifacts(self.run(name).info.run_id, path):
            found += self.files(name, item.path) if item.is_dir else [item.path]
        return sorted(found)


@pytest.fixture
def behind(server, tmp_path, monkeypatch):
    proxy = Proxy(server.port)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", proxy.uri)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    mlflow.set_tracking_uri(proxy.uri)
    experiments.forget()
    yield Behind(server, proxy)
    proxy.fault = None
    mlmagic.sync()
    proxy.stop()
    mlflow.set_tracking_uri(None)


def settled(behind):
    """Wait until what can be delivered now is delivered."""
    ships = delivery_worker(behind.proxy.uri)
    ships.wait(lambda: False, WaitBudget(10, local=False))


@contextlib.contextmanager
def tracked(name, capsys):
    """Track a run; its summary is in what is yielded once it has ended."""
    shown = []
    with mlmagic.track(name):
        yield shown
    shown.append(capsys.readouterr().err)


def everywhere(answer):
    return lambda request: answer


PORTAL = "<html><body><form>Log in to the network</form></body></html>"
FAULTS = {
    "401": Answer(401, "You are not authenticated."),
    "401 in JSON": Answer(401, '{"message": "Unauthorized"}', {"Content-Type": "application/json"}),
    "403": Answer(403, "<h1>Forbidden</h1>"),
    "403 of MLflow": Answer(403, '{"error_code": "PERMISSION_DENIED", "message": "no"}'),
    "404": Answer(404, "<h1>Not Found</h1>"),
    "404 in JSON": Answer(404, '{"detail": "Not Found"}'),
    "407": Answer(407, "proxy"),
    "413": Answer(413, "<h1>Request Entity Too Large</h1>"),
    "429": Answer(429, "slow down", {"Retry-After": "120"}),
    "500": Answer(500, "<h1>Internal Server Error</h1>"),
    "500 of MLflow": Answer(500, '{"error_code": "INTERNAL_ERROR", "message": "a lock"}'),
    "503": Answer(503, "", {"Retry-After": "120"}),
    "520": Answer(520, "<h1>Web server is returning an unknown error</h1>"),
    "524": Answer(524, "<h1>A timeout occurred</h1>"),
    "a captive portal": Answer(200, PORTAL),
    "an empty page": Answer(200, ""),
    "JSON of a gateway": Answer(200, '{"login": "required"}', {"Content-Type": "application/json"}),
    "nothing of a gateway": Answer(200, "{}", {"Content-Type": "application/json"}),
    "cut JSON": Answer(200, '{"run": {"info": {"run_id": "ab'),
    "301": Answer(301, "", {"Location": "http://localhost:9/login"}),
    "302": Answer(302, "", {"Location": "http://localhost:9/login"}),
    "307": Answer(307, "", {"Location": "http://localhost:9/login"}),
}
CAUSES = {
    "401": "answered 401", "401 in JSON": "answered 401", "403": "answered 403", "404": "answered 404", "404 in JSON": "answered 404", "407": "answered 407",
    "413": "answered 413", "429": "answered 429", "500": "answered 500", "503": "answered 503", "520": "answered 520", "524": "answered 524",
    "403 of MLflow": "PERMISSION_DENIED", "500 of MLflow": "INTERNAL_ERROR",
    "JSON of a gateway": "did not answer as an MLflow server does", "nothing of a gateway": "did not answer as an MLflow server does",
    "a captive portal": "did not answer as an MLflow server does", "an empty page": "did not answer as an MLflow server does", "cut JSON": "did not answer as an MLflow server does",
    "301": "redirects to http://localhost:9", "302": "redirects to http://localhost:9", "307": "redirects to http://localhost:9",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_not_mlflows_own_loses_nothing(behind, capsys, fault):
    name = f"mid {fault}"
    with tracked(name, capsys) as shown:
        for step in range(VALUES):
            mlmagic.log(loss=step / 2, step=step)
            if step == VALUES // 2:
                settled(behind)
                behind.proxy.fault = everywhere(FAULTS[fault])
    assert CAUSES[fault] in shown[0]
    assert "records kept" in shown[0]
    assert len(behind.proxy.seen) < 40  # it is not hammered
    behind.proxy.fault = None
    mlmagic.sync()
    settled(behind)
    assert behind.steps(name) == list(range(VALUES))
    assert behind.run(name).info.status == "FINISHED"
    assert "mlmagic/environment.json" in behind.files(name)
    assert folder.journals(folder.place()) == []


def put_right(behind, name):
    """Take the fault away, and check that everything is delivered without being asked for."""
    behind.proxy.fault = None
    ships = delivery_worker(behind.proxy.uri)
    while ships.deliveries():
        ships.wait(lambda: not ships.deliveries(), WaitBudget(1, local=False))
    assert behind.steps(name) == list(range(VALUES))
    assert behind.run(name).info.status == "FINISHED"
    assert "mlmagic/environment.json" in behind.files(name)


def log_values():
    for step in range(VALUES):
        mlmagic.log(loss=step / 2, step=step)


def checking_passwords(right):
    def fault(request):
        given = request.headers.get("Authorization", "")
        expected = "Basic " + base64.b64encode(right.encode()).decode()
        return None if given == expected else Answer(401, "You are not authenticated.")

    return fault


def test_a_wrong_password_from_the_start_is_told_and_the_right_one_delivers(behind, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ana")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong-password-1")
    behind.proxy.fault = checking_passwords("ana:right-password-2")
    with tracked("password", capsys) as shown:
        log_values()
    (warning,) = [line for line in shown[0].splitlines() if "records kept" in line]
    assert f"the MLflow store {behind.proxy.uri} answered 401 (Unauthorized): has the token or the password" in warning
    assert "wrong-password-1" not in shown[0]
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "right-password-2")
    assert mlmagic.sync().waiting == 0
    put_right(behind, "password")


def test_a_token_that_expires_and_is_renewed_is_all_that_it_takes(behind, monkeypatch, capsys):
    def only_new(request):
        return None if request.headers.get("Authorization") == "Bearer new" else Answer(403, "<p>expired")

    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "old")
    with tracked("token", capsys) as shown:
        log_values()
        settled(behind)
        behind.proxy.fault = only_new
        mlmagic.log_params(late=1)
    assert "answered 403" in shown[0]
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "new")
    assert mlmagic.sync().waiting == 0
    put_right(behind, "token")
    assert behind.run("token").data.params["late"] == "1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_follows_a_redirect_to_another_host(behind, monkeypatch, capsys, status):
    other = Proxy(host="localhost")
    other.fault = everywhere(Answer(200, "{}"))
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret-token-3")
    with tracked(f"elsewhere {status}", capsys) as shown:
        log_values()
        settled(behind)
        behind.proxy.fault = lambda request: Answer(status, "", {"Location": f"{other.uri}{request.path}"})
    other.stop()
    assert other.seen == []
    assert f"redirects to {other.uri} ({status})" in shown[0]
    assert mlmagic.sync().waiting == 1
    behind.proxy.fault = None
    assert mlmagic.sync().waiting == 0
    put_right(behind, f"elsewhere {status}")


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_within_the_server_is_followed(behind, monkeypatch, capsys, status):
    forward = behind.proxy.forward
    monkeypatch.setattr(behind.proxy, "forward", lambda request: forward(request._replace(path=request.path.removeprefix("/new"))))  # fmt: skip

    def moved(request):
        is_new = request.path.startswith("/new")
        return None if is_new else Answer(status, "", {"Location": f"/new{request.path}"})

    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "token")
    behind.proxy.fault = moved
    with tracked(f"moved {status}", capsys) as shown:
        log_values()
    assert "records kept" not in shown[0]
    assert {request.headers.get("Authorization") for request in behind.proxy.seen} == {"Bearer token"}
    put_right(behind, f"moved {status}")


def test_a_certificate_that_is_not_known_is_told_and_the_right_one_delivers(
    server, behind, monkeypatch, capsys, tmp_path
):
    certificate, context = self_signed(tmp_path)
    secure = Proxy(server.port, context=context)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", secure.uri)
    mlflow.set_tracking_uri(secure.uri)
    behind.proxy = secure
    with tracked("secure", capsys) as shown:
        log_values()
    assert (
        f"the MLflow store {secure.uri} cannot be reached: certificate verify failed: self-signed certificate"
        in shown[0]
    )
    assert "set MLFLOW_TRACKING_SERVER_CERT_PATH" in shown[0]
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
    assert mlmagic.sync().waiting == 0
    put_right(behind, "secure")


def self_signed(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - dt.timedelta(1), now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "server.crt", folder / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return certificate, context


def test_artifacts_that_are_forbidden_wait_and_are_delivered(behind, capsys):
    with tracked("artifacts", capsys) as shown:
        log_values()
        settled(behind)
        behind.proxy.fault = lambda request: Answer(403, "<p>no") if request.method == "PUT" else None
    assert "could not be stored: answered 403 (Forbidden): may this user write there?" in shown[0]
    sent = [request.path for request in behind.proxy.seen if request.method == "PUT"]
    assert len([path for path in sent if not path.endswith(".patch")]) <= 3  # who edits this repository has a patch
    assert behind.run("artifacts").info.status == "FINISHED"
    report = mlmagic.sync()
    assert (report.waiting, report.runs) == (1, [])
    assert "answered 403" in report.problems[0]
    behind.proxy.fault = None
    assert [run.name for run in mlmagic.sync().runs] == ["artifacts"]
    put_right(behind, "artifacts")


def test_a_server_that_was_slow_and_then_fails_rejects_no_cell(behind, capsys):
    with tracked("first", capsys):
        log_values()
    settled(behind)
    waiting.note_silence(behind.proxy.uri)
    behind.proxy.fault = everywhere(FAULTS["500"])
    with tracked("second", capsys) as shown:
        log_values()
    assert "records kept" in shown[0]
    put_right(behind, "second")


def test_a_server_that_comes_back_with_an_empty_database(server, behind, capsys, tmp_path_factory):
    with mlmagic.track("during", experiment="study", quiet=True):
        log_values()
        settled(behind)
        empty = Server(tmp_path_factory.mktemp("empty"))
        behind.proxy._to = empty.port
        mlmagic.log_params(late=1)
    with mlmagic.track("after", experiment="study", quiet=True):
        log_values()
    behind.client = mlflow.MlflowClient(empty.uri)
    (problem,) = mlmagic.sync().problems
    assert problem.startswith("the run 'during' is not in the store any more: restore it")
    assert [run.name for run in mlmagic.sync(anew=True).runs] == ["during"]
    again = behind.client.get_experiment_by_name("study").experiment_id
    runs = {run.info.run_name: run for run in behind.client.search_runs([again])}
    assert set(runs) == {"during", "after"}
    for run in runs.values():
        assert len(behind.client.get_metric_history(run.info.run_id, "loss")) == VALUES
        assert run.info.status == "FINISHED"
    assert runs["during"].data.params["late"] == "1"
    empty.kill()
    behind.proxy._to = server.port
