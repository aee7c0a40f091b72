"""Pages, figures and changes of runs on a real MLflow server."""

import mlflow
import pytest
from servers import Server

from mlmagic.comparison.selecting import select
from mlmagic.comparison.widget import CompareWidget


@pytest.fixture
def server(tmp_path, store_uri):
    folder = tmp_path / "server"
    folder.mkdir()
    found = Server(folder)
    mlflow.set_tracking_uri(found.uri)
    yield found
    found.kill()


def test_a_run_of_a_server_is_shown_and_changed_and_told_when_it_is_away(server, monkeypatch):
    client = mlflow.MlflowClient()
    run_id = client.create_run("0", run_name="forest").info.run_id
    client.log_text(run_id, "x = 1", "mlmagic/cell.py")
    client.log_text(run_id, "picture", "figures/roc.png")
    client.set_terminated(run_id)
    widget = CompareWidget(select([run_id]))
    sent = []
    widget.send = lambda message, buffers=None: sent.append((message, buffers))

    def ask(kind, **content):
        widget._receive(widget, {"kind": kind, "request": 1, **content}, [])
        return sent[-1][0]

    page = ask("run", run=run_id)["page"]
    assert page["url"] == f"{server.uri}/#/experiments/0/runs/{run_id}"
    assert [text["text"] for text in page["texts"]] == ["x = 1"]
    assert widget.table["ui"] == server.uri
    assert ask("picture", run=run_id, path="figures/roc.png")["kind"] == "picture"
    assert sent[-1][1] == [b"picture"]
    gone = ask("picture", run=run_id, path="figures/gone.png")
    assert gone["text"] == "'figures/gone.png' is not in the store any more."
    assert (
        ask("edit", action="tags", runs=[run_id], tags={"team": "vision", "none": None})["told"]
        == "The tags are saved."
    )
    assert ask("edit", action="delete", runs=[run_id])["told"] == "1 run deleted."
    assert widget.table["deleted"] == [run_id]
    assert "was deleted meanwhile" in ask("edit", action="star", runs=[run_id])["text"]
    assert ask("edit", action="restore", runs=[run_id])["told"] == "1 run restored."
    assert client.get_run(run_id).data.tags["team"] == "vision"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    server.kill()
    for asked in ({"kind": "run", "run": run_id}, {"kind": "edit", "action": "note", "runs": [run_id], "text": "x"}):
        away = ask(**asked)
        assert away["kind"] == "error"
        reasons = ("Connection refused", "Connection reset by peer")
        assert away["text"] in {f"the MLflow store {server.uri} cannot be reached: {reason}" for reason in reasons}
    assert widget.table["ids"] == [run_id]
