"""What the widget answers to the browser: histories, differences, figures, and why there is none."""

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

import mlmagic
from mlmagic.comparison.selecting import select
from mlmagic.comparison.widget import CompareWidget, _answer_while_a_cell_runs


class Answers:
    """A widget whose answers are kept in place of being sent."""

    def __init__(self, widget):
        self.widget = widget
        self.sent = []
        widget.send = lambda content, buffers=None: self.sent.append((content, buffers))

    def ask(self, kind, **content):
        self.widget._receive(self.widget, {"kind": kind, "request": 7, **content}, [])
        answer, buffers = self.sent.pop()
        assert answer["request"] == 7
        return answer, buffers


@pytest.fixture
def curves(make_run):
    """Two runs, one with a curve of 5,000 values; the ids."""
    long, short = make_run("long", {"lr": 1}, {"loss": 0.0}), make_run("short", {"lr": 2}, {"loss": 1.0})
    client = MlflowClient()
    for start in range(0, 5000, 1000):
        client.log_batch(long, [Metric("loss", float(at == 4321), 1000 + at, at) for at in range(start, start + 1000)])
    return long, short


@pytest.fixture
def answers(curves):
    return Answers(CompareWidget(select([])))


def arrays(buffers):
    return [np.frombuffer(buffer) for buffer in buffers]


def test_histories_come_as_bytes_three_a_series(answers, curves):
    answer, buffers = answers.ask(
        "histories", runs=list(curves), metrics=["loss", "none"], points=100, by="step", between=None
    )
    assert [(one["run"], one["count"], one["exact"]) for one in answer["series"]] == [
        (curves[0], 5001, False), (curves[1], 1, True),
    ]  # fmt: skip
    steps, times, values = arrays(buffers)[:3]
    assert len(steps) == len(times) == len(values) <= 130
    assert values.max() == 1.0
    assert steps[values.argmax()] == 4321


def test_a_window_comes_in_full(answers, curves):
    answer, buffers = answers.ask(
        "histories", runs=[curves[0]], metrics=["loss"], points=100, by="step", between=[4300, 4350]
    )
    assert answer["series"][0]["exact"] is True
    assert arrays(buffers)[0].tolist() == list(range(4300, 4351))


def test_a_run_deleted_meanwhile_is_told_and_the_others_come(answers, curves):
    MlflowClient().delete_run(curves[0])
    answer, _ = answers.ask("histories", runs=list(curves), metrics=["loss"], points=100, by="step", between=None)
    assert [one["run"] for one in answer["series"]] == [curves[1]]
    assert answer["problems"][0]["run"] == curves[0]
    assert "was deleted" in answer["problems"][0]["text"]


def test_a_difference_comes_as_it_is_shown(curves):
    widget = mlmagic.compare()
    answer, _ = Answers(widget).ask("difference", runs=list(curves))
    sections = {section["key"]: section for section in answer["difference"]["sections"]}
    assert sections["params"]["rows"][0]["name"]["text"] == "lr"
    assert [value["lines"][0]["text"] for value in sections["params"]["rows"][0]["values"]] == ["1", "2"]
    assert [run["letter"] for run in answer["difference"]["runs"]] == ["A", "B"]


def test_a_figure_comes_as_its_bytes(make_run):
    ids = []
    for color in ("red", "blue"):
        with mlmagic.track(color, quiet=True) as run:
            mlmagic.log_artifact(_picture(color), "figures")
        ids.append(run.id)
    widget = mlmagic.compare(*ids)
    answers = Answers(widget)
    answers.ask("difference", runs=ids)
    _, buffers = answers.ask("figure", run=ids[1], path="figures/curve.png")
    assert buffers[0].startswith(b"\x89PNG")
    answer, _ = answers.ask("figure", run=ids[1], path="../../etc/passwd")
    assert answer["kind"] == "error"


def _picture(color):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2], color=color)
    figure.savefig("curve.png")
    plt.close(figure)
    return "curve.png"


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("difference", {"runs": ["f" * 32, "e" * 32]}, "No run has the name or id"),
        ("difference", {"runs": []}, "Two or more runs are compared"),
        ("nonsense", {}, "KeyError"),
    ],
)
def test_what_goes_wrong_is_the_answer(answers, kind, content, text):
    answer, _ = answers.ask(kind, **content)
    assert answer["kind"] == "error"
    assert text in answer["text"]


def test_what_ipykernel_remembers_is_where_it_is_known_to_be():
    comms = pytest.importorskip("ipykernel.comm.comm")
    if not hasattr(comms, "BaseComm"):
        pytest.skip("this ipykernel has no subshells")
    comm = comms.BaseComm.__new__(comms.BaseComm)
    comm.__dict__["_reply_subshell_id"] = "subshell"
    _answer_while_a_cell_runs(comm)
    assert "_reply_subshell_id" not in vars(comm)
    _answer_while_a_cell_runs(None)
