import pickle
import re

import pandas as pd
import pytest

import mlmagic

HOSTILE = "<script>alert(1)</script>\"' $x$"


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def version(make_run, client):
    """Return a function that creates a version."""

    def make(name="churn", metrics=(), *, tags=(), run="forest", params=()):
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        return client.create_model_version(name, "s3://bucket/model", make_run(run, params, metrics), tags=dict(tags))

    return make


def below_style(frame):
    return frame._repr_html_().partition("</style>")[2]


def test_intervals_stand_in_brackets_and_not_in_columns_of_their_own(version):
    version(metrics={"accuracy": 0.91, "accuracy_low": 0.885, "accuracy_high": 0.932, "loss": 0.25, "loss_low": 0.2})
    version(metrics={"accuracy": 0.8833})
    frame = mlmagic.registered_models("churn")
    html = below_style(frame)
    assert 'title="0.91">0.9100 <span class="interval">[0.8850, 0.9320]</span>' in html
    assert 'title="0.8833">0.8833</td>' in html
    assert "accuracy_low" not in html
    assert "<bdi>loss_low</bdi>" in html, "a bound without the other one is a metric"
    assert "0.9100 [0.8850, 0.9320]" in repr(frame)
    assert "accuracy_low" in frame.columns


@pytest.mark.parametrize("width", [40, 60, 80, 132, 300])
def test_the_text_fits_the_terminal_and_names_what_does_not(version, monkeypatch, width):
    metrics = {f"metric_{at}": at + 0.5 for at in range(9)} | {"metric_0_low": 0.25, "metric_0_high": 0.75}
    version(metrics=metrics, tags={"team": "risk"}, run="a run with a long name " * 3)
    version(metrics={"metric_0": 7.5, "metric_3": 7.5})
    mlmagic.promote("churn", 1, to="champion")
    monkeypatch.setenv("COLUMNS", str(width))
    text = repr(mlmagic.registered_models())
    lines = text.splitlines()
    assert all(len(line) <= width for line in lines)
    assert lines[0] == "2 versions, newest first"
    assert lines[1].split()[:3] == ["name", "version", "aliases"]
    assert lines[3].split()[:3] == ["churn", "1", "champion"]
    assert "metric_0" in lines[1]
    assert "metric_0_low" not in text
    assert ("0.500 [0.250, 0.750]" in text) == (width > 40)
    if width >= 60:
        assert all(f"metric_{at}" in text for at in range(9))
    assert ("not shown, but in the DataFrame" in text.replace("\n  ", " ")) == (width < 300)
    # What a filter names comes first.
    filtered = repr(mlmagic.registered_models("churn", where="metric_3 > 1")).splitlines()
    assert filtered[1].split()[:3] == ["version", "aliases", "metric_3"]


def test_aliases_stand_beside_their_version(version):
    version()
    version()
    mlmagic.promote("churn", 1, to="champion")
    html = below_style(mlmagic.registered_models("churn"))
    assert '1 <span class="alias"><bdi>champion</bdi></span>' in html
    assert "2 versions, newest first" in html
    assert ">model<" not in html
    version("fraud")
    assert ">model<" in below_style(mlmagic.registered_models())


def test_what_is_shown_is_text_and_never_markup(version):
    version(
        "<i>churn</i>".replace("/", ""),
        {"accuracy": 1},
        tags={"note": HOSTILE, "mlmagic.registered_by": HOSTILE},
        run=HOSTILE,
    )
    mlmagic.promote("<i>churn<i>", 1, reason=HOSTILE)
    for frame in (mlmagic.registered_models(), mlmagic.registered_models("<i>churn<i>", history=True)):
        html = below_style(frame)
        assert "<script>" not in html
        assert "<i>" not in html
        assert "tex2jax_ignore" in frame._repr_html_()
        assert "&lt;i&gt;churn&lt;i&gt;" in html or "&lt;script&gt;" in html


def test_control_characters_are_marked(version):
    version(run="base\x1b[31mline", tags={"note": "a\x1b]0;x\x07"})
    frame = mlmagic.registered_models()
    assert "\x1b" not in repr(frame) + frame._repr_html_()


def test_the_history_in_html_and_text(version):
    version(metrics={"accuracy": 0.8})
    mlmagic.promote("churn", 1, gate="accuracy > 0.5")
    mlmagic.rollback("churn", reason="slow")
    frame = mlmagic.registered_models("churn", history=True)
    html = below_style(frame)
    assert '<span class="status finished"><bdi>promoted</bdi></span>' in html
    assert "accuracy &gt; 0.5" in html
    assert ">none</td>" in html
    assert "churn: 2 records, newest first" in repr(frame)
    assert "  reason: slow" in repr(frame).splitlines()
    assert "  gate: accuracy > 0.5" in repr(frame).splitlines()


def test_the_first_metrics_stand_beside_the_version_and_the_others_after_the_run(version):
    version(metrics=dict.fromkeys(["accuracy", "f1", "precision", "recall"], 0.8))
    html = below_style(mlmagic.registered_models("churn"))
    names = re.findall(r'<th scope="col"[^>]*>(?:<bdi>)?([^<]*)', html)
    assert names[:8] == ["version", "accuracy", "f1", "precision", "run", "registered", "by", "recall"]


def test_what_all_versions_have_in_common_is_told_once(version):
    version(tags={"mlmagic.registered_by": "ann"})
    version(tags={"mlmagic.registered_by": "ann"})
    html = below_style(mlmagic.registered_models("churn"))
    assert ">by<" not in html
    assert "in all versions: by <bdi>ann</bdi>" in html
    version(tags={"mlmagic.registered_by": "bob"})
    html = below_style(mlmagic.registered_models("churn"))
    assert "in all versions" not in html
    assert html.count("ann") == 2


def test_the_frame_is_an_ordinary_one(version):
    version(metrics={"accuracy": 0.8})
    frame = mlmagic.registered_models()
    assert isinstance(frame, pd.DataFrame)
    for computed in (frame.head(1), frame[frame.accuracy > 0.1], frame.copy(), frame.drop(columns="accuracy")):
        assert type(computed) is pd.DataFrame
    written = pickle.dumps(frame)
    assert b"models_frame" not in written
    pd.testing.assert_frame_equal(pickle.loads(written), pd.DataFrame(frame))
    assert "0.8" in below_style(frame)
    del frame["accuracy"]
    assert "forest" in below_style(frame) + repr(frame)


def test_a_metric_with_a_name_of_a_column_is_kept_apart(version):
    version(metrics={"version": 0.5, "data": 0.25})
    frame = mlmagic.registered_models()
    assert (frame["version"][0], frame["metrics.version"][0], frame["metrics.data"][0]) == (1, 0.5, 0.25)
