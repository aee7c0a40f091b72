import asyncio
import concurrent.futures
import subprocess

import pytest

from mlmagic import sync
from mlmagic.recording import open_runs
from mlmagic.recording.options import Origin, TrackOptions
from mlmagic.store.query.run import Run
from mlmagic.tracking import tracker
from mlmagic.tracking.opening import open_run
from mlmagic.tracking.tracker import status_of
from mlmagic.user_settings import settings


class Unprintable(Exception):  # noqa: N818  # as users name theirs
    def __str__(self):
        raise RuntimeError("no text")


def fail(error, *, frames="user"):
    """Return *error*, raised from code that runs within IPython's own."""
    code = "def run(f):\n    f()\n"
    machinery = {"__name__": "IPython.core.interactiveshell"}
    exec(compile(code, "interactiveshell.py", "exec"), machinery)
    user = {"__name__": "__main__", "error": error, "run": machinery["run"]}
    exec(compile("def cell():\n    inner()\ndef inner():\n    raise error\n", "<cell>", "exec"), user)
    library = {"__name__": "IPython.lib", "error": error}
    exec(compile("def only():\n    raise error\n", "library.py", "exec"), library)
    try:
        machinery["run"](user["cell"] if frames == "user" else library["only"])
    except BaseException as raised:  # noqa: BLE001  # it is what is asked for
        return raised.with_traceback(raised.__traceback__.tb_next)  # without this function


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, "FINISHED"),
        (ValueError(), "FAILED"),
        (SystemExit(0), "FAILED"),
        (GeneratorExit(), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (asyncio.CancelledError(), "KILLED"),
        (concurrent.futures.CancelledError(), "KILLED"),
        (type("Stop", (KeyboardInterrupt,), {})(), "KILLED"),
    ],
)
def test_how_the_code_ended_is_the_status_of_the_run(error, status):
    assert status_of(error) == status


@pytest.fixture
def close(store_uri):
    """Open a run, let *work* act on it, close it with *error*, and return (summary, the stored run)."""

    def act(error=None, *, work=lambda run: None, source="x = 1", namespace=None, **options):
        origin = Origin(source=source, namespace=namespace or {}, binds=frozenset(namespace or ()))
        run = open_run(TrackOptions(**options), origin)
        work(run)
        summary = tracker.close(run, error)
        assert open_runs.on_this_thread() is None
        return summary, Run(run.run_id)

    return act


def lines(summary):
    return [notice.text for notice in summary.notices]


def test_a_run_that_went_well(close):
    import mlflow

    summary, run = close(name="first", params=("lr",), metrics=("acc",), namespace={"lr": 0.1, "acc": 0.9})
    assert (summary.status, summary.name, summary.params) == ("FINISHED", "first", {"lr": "0.1"})
    assert [(line.name, line.value) for line in summary.metrics] == [("acc", 0.9)]
    assert (run.status, run.params, run.metrics) == ("FINISHED", {"lr": "0.1"}, {"acc": 0.9})
    assert run.text("mlmagic/cell.py") == "x = 1"
    assert "mlmagic/traceback.txt" not in run.artifacts
    assert mlflow.active_run() is None


def test_a_failed_run_has_its_traceback_from_the_users_first_line_on(close):
    summary, run = close(fail(ValueError("odd\nsecond line")))
    assert summary.error == run.tags["mlmagic.error"] == "ValueError: odd"
    assert run.status == "FAILED"
    trace = run.text("mlmagic/traceback.txt")
    assert "interactiveshell.py" not in trace
    assert trace.index("in cell") < trace.index("in inner")
    assert trace.endswith("ValueError: odd\nsecond line\n")


def test_a_traceback_of_nothing_but_machinery_keeps_its_last_frame(close):
    _, run = close(fail(ValueError("odd"), frames="library"))
    trace = run.text("mlmagic/traceback.txt")
    assert "library.py" in trace
    assert "interactiveshell.py" not in trace


def test_the_cause_of_an_error_is_kept(close):
    error = ValueError("outer")
    error.__cause__ = fail(KeyError("inner"))
    _, run = close(fail(error))
    trace = run.text("mlmagic/traceback.txt")
    assert trace.index("KeyError: 'inner'") < trace.index("direct cause") < trace.index("ValueError: outer")


def test_an_error_without_frames_or_text_is_named(close):
    summary, run = close(asyncio.CancelledError())
    assert (summary.status, summary.error, run.status) == ("KILLED", "CancelledError", "KILLED")
    assert run.text("mlmagic/traceback.txt").strip().endswith("CancelledError")


def test_an_error_that_cannot_be_printed_still_ends_the_run(close):
    summary, run = close(fail(Unprintable()))
    assert (summary.error, run.status) == ("Unprintable", "FAILED")
    assert "Unprintable" in run.text("mlmagic/traceback.txt")


def test_a_secret_in_an_error_is_not_stored(close):
    token = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"
    summary, run = close(fail(ValueError(f"bad token {token}")))
    assert token not in run.text("mlmagic/traceback.txt") + repr(run.tags)
    assert any("redacted" in line for line in lines(summary))


def test_what_a_run_is_called_holds_no_secret_and_neither_does_what_mlflow_adds(close, monkeypatch):
    from mlflow.tracking.context.git_context import GitRunContext

    token = "ghp_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH12"
    git = {"mlflow.source.git.commit": "8b7df14", "mlflow.source.git.repoURL": f"https://ana:{token}@example.org/x.git"}
    monkeypatch.setattr(GitRunContext, "in_context", lambda self: True)
    monkeypatch.setattr(GitRunContext, "tags", lambda self: git)
    summary, run = close(
        name=f"run {token}",
        experiment=f"study {token}",
        tags={"password": "hunter2", token: "x"},
        description=f"see {token}",
    )
    assert (run.name, summary.experiment) == ("run <redacted>", "study <redacted>")
    assert token not in repr(run.tags)
    assert run.tags["password"] == "<redacted>"
    assert run.tags["mlflow.source.git.repoURL"] == "https://ana:<redacted>@example.org/x.git"
    assert "3 secrets redacted in tags and description" in lines(summary)
    again, _ = close(name="second", experiment=f"study {token}")  # the same one
    assert again.experiment == summary.experiment


def test_a_redacted_patch_is_told(close, tmp_path, monkeypatch):
    for command in (["init", "-q"], ["add", "-f", "a.py"]):
        (tmp_path / "a.py").write_text("api_key = 'hunter2hunter2'\n")
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    summary, run = close()
    assert "hunter2" not in run.text("mlmagic/uncommitted.patch")
    told = "\n".join(lines(summary))
    assert "kept in mlmagic/uncommitted.patch, which does not apply where it was redacted" in told
    assert "uncommitted.patch" in next(line for line in lines(summary) if "redacted in" in line)


def test_what_keeps_secrets_from_being_looked_for_is_told(close, monkeypatch):
    monkeypatch.setattr(settings, "secret_patterns", [r"ACME-\d+"])
    settings.secret_patterns.append("(")
    summary, _ = close()
    assert any("MLMagic.secret_patterns is no valid regular expression" in line for line in lines(summary))


def test_names_that_are_not_there_are_told(close):
    summary, run = close(params=("lr", "gone"), metrics=("text", "nowhere"), namespace={"lr": 1, "text": "high"})
    assert run.params == {"lr": "1"}
    assert run.metrics == {}
    told = "\n".join(lines(summary))
    for name in ("gone", "nowhere", "text"):
        assert name in told


def test_what_the_user_logged_under_a_name_stays(close):
    import mlflow

    def work(run):
        mlflow.log_param("lr", "by hand")
        mlflow.log_metric("acc", 0.25)

    _, run = close(work=work, params=("lr",), metrics=("acc",), namespace={"lr": 0.1, "acc": 0.9})
    assert run.params == {"lr": "by hand"}
    assert run.metrics == {"acc": 0.25}


def test_a_run_that_was_left_open_within_is_closed_and_told(close):
    import mlflow

    left = []

    def work(run):
        left.append(mlflow.start_run(nested=True, run_name="inner").info.run_id)

    summary, run = close(work=work)
    assert Run(left[0]).status == "FINISHED"
    assert run.status == "FINISHED"
    assert "the run 'inner' was left open: it was closed" in lines(summary)
    assert mlflow.active_run() is None


def test_the_user_may_end_the_run_early(close):
    import mlflow

    _, run = close(ValueError("x"), work=lambda run: mlflow.end_run("FINISHED"))
    assert run.status == "FAILED"


def test_a_run_that_was_deleted_meanwhile_is_told_and_delivered_when_it_is_restored(close):
    from mlmagic.store import connection

    summary, run = close(work=lambda run: run.target.client.delete_run(run.run_id))
    assert any("was deleted: restore it" in line and "records kept" in line for line in lines(summary))
    connection.connect().restore_run(run.id)
    assert sync().waiting == 0
    assert (run.status, run.text("mlmagic/cell.py")) == ("FINISHED", "x = 1")


def test_nothing_that_fails_in_between_keeps_the_run_open(close, monkeypatch):
    from mlmagic.snapshot.environment import environment

    def broken():
        raise OSError("no such file")

    monkeypatch.setattr(environment, "capture", broken)
    summary, run = close()
    assert run.status == "FINISHED"
    assert "the environment could not be recorded: OSError: no such file" in lines(summary)
    assert run.text("mlmagic/cell.py") == "x = 1"


def test_an_interrupt_while_the_run_is_recorded_ends_it(close, monkeypatch):
    from mlmagic.snapshot.environment import environment

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "capture", interrupted)
    summary, run = close()
    assert run.status == "FINISHED"
    assert any("interrupted while the run was being recorded" in line for line in lines(summary))


def test_an_interrupt_while_the_run_is_delivered_is_told_and_the_delivery_goes_on(close, monkeypatch):
    import mlflow

    from mlmagic.store.delivery.worker import DeliveryWorker

    def interrupted(*args):
        raise KeyboardInterrupt

    def work(run):
        monkeypatch.setattr(DeliveryWorker, "wait", interrupted)

    summary, run = close(work=work)
    assert any("that goes on in the background" in line for line in lines(summary))
    assert mlflow.active_run() is None
    monkeypatch.undo()
    sync()
    assert run.status == "FINISHED"
