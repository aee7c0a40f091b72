"""``%why``: planted differences are found with what they are worth, which adds up; and what it cannot explain."""

from __future__ import annotations

import math

import pytest
from planted_differences import LOAD, PLANTED

import mlmagic
from mlmagic.errors import RunNotFoundError, UsageProblem


def _marked(planted):
    return pytest.param(planted, id=planted.name.replace(" ", "_"), marks=() if planted.sample else pytest.mark.replay)


def _record(new_kernel, *cells, kernel=None, env=None):
    kernel = kernel or new_kernel(env=dict(env or {}))
    for source in cells:
        output = kernel.run(source)
        assert output.status == "ok", output.text
    return kernel


@pytest.mark.timeout(1_200)
@pytest.mark.usefixtures("in_the_store")
@pytest.mark.parametrize("planted", map(_marked, PLANTED))
def test_a_planted_difference_is_found_with_its_worth(planted, new_kernel, tmp_path):
    for name, text in planted.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    if planted.before is not None:
        planted.before(tmp_path)
    kernel = _record(new_kernel, LOAD, *planted.first, env=planted.environments[0])
    if planted.between is not None:
        planted.between(tmp_path)
    if planted.one_kernel:
        _record(new_kernel, *planted.second, kernel=kernel)
    else:
        kernel.stop()
        kernel = _record(new_kernel, LOAD, *planted.second, env=planted.environments[1])
    kernel.stop()
    if planted.after is not None:
        planted.after(tmp_path)
    found = mlmagic.why(
        "a", "b", metrics=["loss" if "C 1.0" in str(planted.worth) else "score"], seeds=planted.seeds, yes=True
    )
    (metric,) = found.metrics
    shares = {str(share): share for share in metric.shares}
    noise = metric.noise or 0.0
    assert math.fsum([*(share.value for share in metric.shares), metric.together, metric.unexplained]) == pytest.approx(
        metric.change, abs=1e-9
    )
    left = dict(shares)
    for beginning, worth in planted.worth.items():
        name = next((one for one in left if beginning in one), None)
        assert name is not None, (beginning, list(shares))
        share = left.pop(name)
        assert not share.is_noise
        if worth is not None:
            assert share.value == pytest.approx(worth, abs=noise + 1e-6)
    assert all(abs(share.value) <= noise for share in left.values()), left
    assert planted.not_swapped in " ".join(found.not_swapped)
    if not planted.not_swapped:
        assert abs(metric.unexplained) <= noise


@pytest.mark.usefixtures("in_the_store")
def test_what_cannot_be_explained_is_one_clear_line(new_kernel):
    import mlflow

    kernel = _record(
        new_kernel,
        LOAD,
        "%%track a\nscore = float(1)\nloss = float(2)",
        "%%track b\nk = 1\nscore = float(2)",
        "%%track c\nscore = float(1)\nloss = float(2)",
        "%%sweep depths k=1,2 --metric score\nscore = float(k)",
        "import mlflow\nwith mlflow.start_run(run_name='plain'):\n    mlflow.log_metric('score', 3.0)",
    )
    with pytest.raises(RunNotFoundError, match="nothing"):
        mlmagic.why("a", "nothing", yes=True)
    with pytest.raises(UsageProblem, match="the same run"):
        mlmagic.why("a", "a", yes=True)
    with pytest.raises(UsageProblem, match="Did you mean 'score'"):
        mlmagic.why("a", "b", metrics=["scor"], yes=True)
    with pytest.raises(UsageProblem, match="Both have score"):
        mlmagic.why("a", "b", metrics=["loss"], yes=True)
    with pytest.raises(UsageProblem, match="'plain' has no execution log"):
        mlmagic.why("a", "plain", yes=True)
    with pytest.raises(
        UsageProblem, match=r"(?s)3 differences between the runs, for score.*About \d+ replays, about \d+ s"
    ):
        mlmagic.why("a", "b")
    runs = mlflow.MlflowClient().search_runs(["0"])
    trial = next(run.info.run_id for run in runs if "mlflow.parentRunId" in run.data.tags)
    with pytest.raises(UsageProblem, match="is a part of 'depths'"):
        mlmagic.why("a", trial, yes=True)
    same = mlmagic.why("a", "c", yes=True)
    assert (len(same.metrics), same.replays) == (0, 0)
    refused = kernel.answering("%why a b", "n")
    assert "nothing was run" in refused.text
    assert "RunNotFoundError" not in kernel.run("%why a nothing").text.partition("\n")[0]
    assert "give a number" in kernel.run("%why a b --seeds many").text
    assert "give 0 or more" in kernel.run("%why a b --seeds -1").text
    assert "without %%track" in kernel.run("%%track inner\n%why a b").text


@pytest.mark.usefixtures("in_the_store")
def test_the_answer_is_shown_in_the_notebook(new_kernel):
    kernel = _record(new_kernel, LOAD, "%%track a\nk = 1\nscore = float(k)", "%%track b\nk = 3\nscore = float(k)")
    output = kernel.run("%why a b --yes --seeds 0")
    assert output.status == "ok", output.text
    shown = output.of("execute_result")[0]["data"]
    assert "score 1 → 3: +2.00\n    +2.00  k 1 → 3" in shown["text/plain"]
    assert "<bdi>k 1 → 3</bdi>" in shown["text/html"]
    assert len(mlmagic.runs()) == 2
