import json
import math
import threading
from collections import UserDict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded import Recorded

from mlmagic.journal.records import Dataset, Metric, Param, Tag
from mlmagic.recording.recorder import LONGEST_PARAM, LONGEST_TAG

TOKEN = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"


@pytest.fixture
def run():
    return Recorded()


class Hostile:
    def _raise(self, *_):
        raise ArithmeticError("no")

    __repr__ = __str__ = item = tolist = __float__ = __len__ = __iter__ = _raise
    shape = ndim = property(_raise)


class HostileDict(UserDict):
    """As a config with a mandatory value that is missing."""

    def items(self):
        raise ArithmeticError("missing mandatory value")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(st.characters()) | st.binary()
    | st.decimals() | st.fractions() | st.builds(Hostile) | st.builds(HostileDict, st.just({"a": 1})) | st.just(10**400)
    | st.builds(chr, st.integers(0xD800, 0xDFFF)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers() | st.none(), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(st.text() | st.builds(chr, st.integers(0xD800, 0xDFFF)), ANYTHING, st.none() | ANYTHING)
def test_no_value_raises_and_everything_kept_can_be_stored(key, value, step):
    run = Recorded()
    run.recorder.param(key, value)
    run.recorder.metric(key, value, step)
    run.recorder.tag(key, value)
    for record in run.sink.records:
        match record:
            case Param(name, text) | Tag(name, text):
                (name + text).encode()
            case Metric(name, number, timestamp, at):
                name.encode()
                assert type(number) is float
                assert type(at) is type(timestamp) is int
                assert -(2**63) <= at < 2**63
    "".join(run.lines).encode()


def test_params_are_text_under_dotted_keys(run):
    run.recorder.param("lr", 0.1)
    run.recorder.param("model", {"depth": 5, "layers": [64, 32], "inner": UserDict({"é": None}), "empty": {}})
    assert run.params == {
        "lr": "0.1", "model.depth": "5", "model.layers": "[64, 32]", "model.inner.é": "None", "model.empty": "{}",
    }  # fmt: skip
    assert run.lines == []


def test_a_mapping_that_cannot_be_read_is_kept_as_text(run):
    run.recorder.param("cfg", HostileDict(a=1))
    assert run.params == {"cfg": "{'a': 1}"}


def test_a_param_keeps_its_first_value(run):
    run.recorder.param("lr", 0.1)
    run.recorder.param("lr", "0.1")
    run.recorder.param("lr", 0.2)
    assert run.params == {"lr": "0.1"}
    assert run.lines == ["parameter 'lr' is '0.1' in this run and stays so; '0.2' was not recorded"]


def test_a_continued_run_keeps_its_params_and_counts_on(run):
    run.recorder.knows({"lr": "0.1"}, {"loss": 4})
    run.recorder.param("lr", 0.2)
    run.recorder.metric("loss", 1)
    assert run.params == {}
    assert run.points == [("loss", 1.0, 5)]


def test_a_long_param_is_whole_in_a_file(run):
    text = "ä" * (LONGEST_PARAM + 1)
    run.recorder.param("prompt: v1", text)
    assert len(run.params["prompt: v1"]) == LONGEST_PARAM
    assert run.files == {"mlmagic/params/prompt_v1.txt": text.encode()}
    assert "6,001 characters" in run.lines[0]
    assert "mlmagic/params/prompt_v1.txt" in run.lines[0]


def test_a_long_tag_is_cut(run):
    run.recorder.tag("note", "x" * (LONGEST_TAG + 1))
    assert run.sink.of(Tag) == [Tag("note", "x" * LONGEST_TAG)]


def test_a_key_that_mlflow_refuses_is_told_once(run):
    for _ in range(3):
        run.recorder.metric("f1 (macro)", 0.5)
    assert run.lines == ["MLflow does not take the metric key 'f1 (macro)': it is kept as 'f1 _macro_619cdd'"]
    assert [step for _, _, step in run.points] == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (3, [3.0]),
        (True, [1.0]),
        (Decimal("0.5"), [0.5]),
        (Fraction(1, 2), [0.5]),
        ([1, 0.5], [1.0, 0.5]),
        (10**400, [math.inf]),
    ],
)
def test_a_metric_is_a_number_or_a_curve(run, value, kept):
    run.recorder.metric("m", value)
    assert [number for _, number, _ in run.points] == kept
    assert run.recorder.metrics["m"].steps == len(kept)


def test_a_dict_is_a_metric_for_each_leaf(run):
    run.recorder.metric("val", {"loss": 0.5, "by class": {1: 0.25}, "note": "text"}, 3)
    assert run.points == [("val.loss", 0.5, 3), ("val.by class.1", 0.25, 3)]
    assert run.lines == ["metric 'val.note' is 'text' (str), not a number: it was not recorded"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("high", "'high' (str)"),
        (None, "of type NoneType"),
        (1j, "1j (complex)"),
        (Hostile(), "of type Hostile"),
        ("x" * 500, "'" + "x" * 59 + " (str)"),
    ],
)
def test_what_is_no_number_is_told_in_short(run, value, shown):
    run.recorder.metric("m", value)
    assert run.points == []
    assert run.lines == [f"metric 'm' is {shown}, not a number: it was not recorded"]


def test_an_array_is_told_by_its_shape(run):
    import numpy as np
    import torch

    run.recorder.metric("m", np.zeros((2, 3)))
    run.recorder.metric("t", torch.zeros(2, 3))
    assert [line.partition(", not")[0] for line in run.lines] == [
        "metric 'm' is a ndarray of shape (2, 3)",
        "metric 't' is a Tensor of shape (2, 3)",
    ]


def test_nan_and_infinite_are_kept_and_told(run):
    for _ in range(2):
        run.recorder.metric("loss", math.nan)
    run.recorder.metric("gain", -math.inf)
    assert len(run.points) == 3
    assert run.lines == [
        "metric 'loss' is nan (2 times)",
        "metric 'gain' is -inf (MLflow keeps the largest float in its place)",
    ]


def test_steps_count_on_from_the_last_one_given(run):
    run.recorder.metric("loss", 1)
    run.recorder.metric("loss", 2, step=10)
    run.recorder.metric("loss", [3, 4])
    run.recorder.metric("loss", [5, 6], step=20)
    run.recorder.metric("other", 7)
    assert [step for _, _, step in run.points] == [0, 10, 11, 12, 20, 21, 0]


def test_a_step_of_any_integer_type_is_stored_as_one(run):
    import numpy as np
    import torch

    for step in (np.int64(3), torch.tensor(4), True, 5.0, np.float32(6)):
        run.recorder.metric("loss", 1, step)
    assert [(step, type(step)) for _, _, step in run.points] == [(3, int), (4, int), (1, int), (5, int), (6, int)]
    assert run.lines == []


@pytest.mark.parametrize("step", ["last", math.nan, math.inf, 10**30, [1], Hostile()])
def test_a_step_that_is_none_is_told_and_the_value_kept(run, step):
    run.recorder.metric("loss", 1, 7)
    run.recorder.metric("loss", 2, step)
    assert run.points == [("loss", 1.0, 7), ("loss", 2.0, 8)]
    assert "a step of metric 'loss' is not a 64-bit integer" in run.lines[0]


def test_a_broken_step_is_rounded_down_and_told(run):
    run.recorder.metric("loss", 1, 2.7)
    assert run.points == [("loss", 1.0, 2)]
    assert run.lines == ["steps of metric 'loss' are no whole numbers: they were rounded down"]


def test_threads_count_steps_without_gap_or_repeat(run):
    threads = [threading.Thread(target=lambda: [run.recorder.metric("m", 1) for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(step for _, _, step in run.points) == list(range(400))


def test_secrets_do_not_reach_the_sink(run):
    password = "correct-horse"
    run.recorder.param("token", TOKEN)
    run.recorder.param("db", {"password": password, "url": f"postgresql://ana:{password}@db/x"})
    run.recorder.param("words", ["a", TOKEN])
    run.recorder.param(TOKEN, 1)
    run.recorder.metric("api_key", password)
    run.recorder.metric(TOKEN, 1)
    run.recorder.tag("note", f"use {TOKEN}")
    run.recorder.text("mlmagic/output.txt", f"login with {TOKEN}\n")
    run.recorder.json("mlmagic/session.json", {"cells": [{"source": f'password = "{password}"\nlogin("{TOKEN}")'}]})
    run.recorder.param("long", f"{TOKEN} " * 200)
    everything = repr(run.sink.records) + "".join(run.lines)
    assert TOKEN not in everything
    assert password not in everything
    assert "<redacted>" in run.params["words"]
    assert json.loads(run.files["mlmagic/session.json"])["cells"][0]["source"].count("<redacted>") == 2
    places = run.recorder.redactions()
    assert {"param token", "tag note", "mlmagic/output.txt", "mlmagic/session.json"} <= set(places)
    assert places["mlmagic/session.json"] == 2


def test_an_environment_secret_is_not_written_anywhere(run, monkeypatch):
    monkeypatch.setenv("SERVICE_PASSWORD", "quite-a-secret")
    run.recorder.text("mlmagic/output.txt", "it is quite-a-secret")
    run.recorder.param("p", {"q": "quite-a-secret!"})
    assert "quite-a-secret" not in repr(run.sink.records)


def test_text_that_is_no_unicode_is_kept_readable(run):
    run.recorder.param("p", "a\ud800b")
    run.recorder.text("t.txt", "a\ud800b é")
    run.recorder.json("j.json", {"k": ["a\ud800b", {1, 2}, Fraction(1, 2)]})
    assert run.params == {"p": "a?b"}
    assert run.files["t.txt"] == "a?b é".encode()
    assert json.loads(run.files["j.json"])["k"] == ["a?b", "{1, 2}", "1/2"]


def test_files_pass_as_they_are(run):
    run.recorder.data("figures/a.png", b"\x89PNG")
    run.recorder.copy("models", Path("/somewhere/model.bin"))
    assert run.files == {"figures/a.png": b"\x89PNG"}
    assert run.sink.copies == [("models", Path("/somewhere/model.bin"))]


def test_json_is_redacted_by_its_keys_too(run):
    class Client:
        def __str__(self):
            return f"Client({TOKEN})"

    run.recorder.json("mlmagic/models.json", {"m": {"api_key": "q7w1", "alpha": 1.0, "c": Client(), TOKEN: [TOKEN]}})
    run.recorder.json("mlmagic/environment.json", {"installed": {"detect-secrets": "1.5.0", "secrets": "2.0"}})
    models = json.loads(run.files["mlmagic/models.json"])["m"]
    assert models == {
        "api_key": "<redacted>",
        "alpha": 1.0,
        "c": "Client(<redacted>)",
        "<redacted>": ["<redacted>"],
    }
    assert json.loads(run.files["mlmagic/environment.json"])["installed"] == {
        "detect-secrets": "1.5.0",
        "secrets": "2.0",
    }
    assert run.recorder.redactions() == {"mlmagic/models.json": 4}


def test_a_number_is_a_secret_only_beside_a_name_that_is_sure(run):
    run.recorder.param("token", 50256)
    run.recorder.param("api_key", 12345678)
    run.recorder.param("max_tokens", 512)
    assert run.params == {"token": "50256", "api_key": "<redacted>", "max_tokens": "512"}


def test_names_are_redacted_and_told(run):
    run.recorder.metric(f"loss {TOKEN}", 0.5)
    run.recorder.copy(f"files/{TOKEN}", Path("/somewhere/model.bin"))
    assert run.recorder.name(f"ROC {TOKEN}", "names of figures") == "ROC <redacted>"
    assert TOKEN not in repr(run.sink.records) + repr(run.sink.copies) + "".join(run.lines)
    assert run.recorder.redactions() == {"names of metrics": 1, "names of folders": 1, "names of figures": 1}


def test_an_interactive_figure_is_redacted_and_a_picture_is_not_touched(run):
    run.recorder.data("figures/a.html", f'<script>{{"title": "{TOKEN}"}}</script>'.encode())
    run.recorder.data("figures/a.png", b"\x89PNG" + TOKEN.encode())
    assert run.files["figures/a.html"] == b'<script>{"title": "<redacted>"}</script>'
    assert run.files["figures/a.png"] == b"\x89PNG" + TOKEN.encode()


def test_a_patch_tells_whether_it_is_whole(run):
    assert run.recorder.patch("mlmagic/uncommitted.patch", "@@ -1 +1 @@\n-x\n+y\n")
    assert not run.recorder.patch("mlmagic/uncommitted.patch", f"@@ -1 +1 @@\n-x\n+{TOKEN}\n")
    assert run.files["mlmagic/uncommitted.patch"] == b"@@ -1 +1 @@\n-x\n+<redacted>\n"


def test_redactions_of_a_dataset_are_counted(run):
    dataset = Dataset("X", "d", "code", "{}", "", '{"target": {"classes": {"<redacted>": 3}}}', "input")
    run.recorder.dataset(dataset)
    assert run.sink.records == [dataset]
    assert run.recorder.redactions() == {"data X": 1}
