"""What stands between a notebook and its server answers in its place: nothing is lost by it.

A real server, a real proxy in front of it, real cells.
"""

import contextlib

import mlflow
import pytest
from servers import Answer, Proxy, Server

import mlmagic
from mlmagic.journal import folder
from mlmagic.runs import experiments
from mlmagic.runs.shipping import shipper
from mlmagic.runs.waiting import Patience

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
    ships = shipper(behind.proxy.uri)
    ships.wait(lambda: False, Patience(10, local=False))


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
    "cut JSON": Answer(200, '{"run": {"info": {"run_id": "ab'),
    "301": Answer(301, "", {"Location": "http://localhost:9/login"}),
    "302": Answer(302, "", {"Location": "http://localhost:9/login"}),
    "307": Answer(307, "", {"Location": "http://localhost:9/login"}),
}
CAUSES = {
    "401": "answered 401", "401 in JSON": "answered 401", "403": "answered 403", "404": "answered 404", "404 in JSON": "answered 404", "407": "answered 407",
    "413": "answered 413", "429": "answered 429", "500": "answered 500", "503": "answered 503", "520": "answered 520", "524": "answered 524",
    "403 of MLflow": "PERMISSION_DENIED", "500 of MLflow": "INTERNAL_ERROR",
    "a captive portal": "what is not MLflow's", "an empty page": "what is not MLflow's", "cut JSON": "what is not MLflow's",
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
