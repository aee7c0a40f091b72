"""Of each point the models of its best trial are staged, and at the end only those of the best point are recorded."""

import pytest

import mlmagic
from mlmagic.journal.records import Model
from mlmagic.recording import open_runs
from mlmagic.sweeps.kept_models import KeptModels, Staged, record, stage
from mlmagic.sweeps.results import Trial
from mlmagic.sweeps.trials.trial_models import SentModel, Threshold, are_wanted, sent


def model(name="net", content=b"weights", *, problem="", notes=(), path="model.bin"):
    return SentModel(name, "Net", "skops", 2_500_000, {path: content}, notes, problem=problem)


def trial(number, point_number):
    return Trial(number, point_number, {"x": point_number}, 0, "FINISHED", {}, 0.1, f"uid-{number}")


@pytest.fixture
def run(store_uri):
    """An open run whose journal takes models."""
    with mlmagic.track("tuned", quiet=True):
        yield open_runs.on_this_thread()


def staged_in(run):
    """Return the contents of the staged models."""
    place = run.delivery.journal.staging.path / "models"
    return sorted(file.read_bytes() for file in place.rglob("*") if file.is_file()) if place.is_dir() else []


@pytest.mark.parametrize(("goal", "kept"), [("min", [b"second", b"third"]), ("max", [b"first", b"third"])])
def test_of_each_point_the_models_of_the_best_trial_are_kept(run, goal, kept):
    models = KeptModels()
    models.take(run, trial(0, 0), 0.5, goal, [model(content=b"first")])
    models.take(run, trial(1, 0), 0.4, goal, [model(content=b"second")])
    models.take(run, trial(2, 1), 0.9, goal, [model(content=b"third")])
    assert staged_in(run) == kept


@pytest.mark.parametrize(
    ("value", "sent_models"),
    [
        pytest.param(0.5, [model(content=b"equal")], id="of equal trials the earlier one"),
        pytest.param(None, [model(content=b"other")], id="a trial without the metric"),
        pytest.param(0.1, [], id="a trial without a model"),
    ],
)
def test_what_replaces_no_model(run, value, sent_models):
    models = KeptModels()
    models.take(run, trial(0, 0), 0.5, "min", [model(content=b"first")])
    models.take(run, trial(1, 0), value, "min", sent_models)
    assert staged_in(run) == [b"first"]


def test_only_the_models_of_the_best_point_are_recorded_and_no_other_file_stays(run):
    models = KeptModels()
    for point, content in enumerate((b"zero", b"one", b"two")):
        models.take(run, trial(point, point), 0.5, "min", [model(content=content, notes=("it is large",))])
    assert models.record(run, 1)
    assert staged_in(run) == [b"one"]
    assert run.models == ["net (Net, skops, 2.5 MB, of trial 1)"]
    assert "model 'net' of trial 1: it is large" in [notice.text for notice in run.notices.all()]
    assert not models.record(run, 1)  # they are recorded once


@pytest.mark.parametrize("best", [None, 7])
def test_without_a_best_point_no_model_is_kept(run, best):
    models = KeptModels()
    models.take(run, trial(0, 0), 0.5, "min", [model()])
    assert not models.record(run, best)
    assert staged_in(run) == run.models == []


def test_a_point_that_is_not_the_best_is_dropped(run):
    models = KeptModels()
    models.take(run, trial(0, 0), 0.5, "min", [model(content=b"zero")])
    models.take(run, trial(1, 1), 0.5, "min", [model(content=b"one")])
    models.drop(run, 0)
    models.drop(run, 9)  # there is none
    assert staged_in(run) == [b"one"]


def test_models_that_cannot_be_staged_are_told_and_the_others_recorded(run):
    (run.delivery.journal.staging.make() / "models").mkdir()
    staged = stage(
        [model(problem="it is too large"), model("good"), model("long", path="a" * 300)],
        run.delivery.journal.staging.path,
    )
    assert [bool(one.problem) for one in staged] == [True, False, True]
    assert staged_in(run) == [b"weights"]
    told = record(staged, run.recorder, run.notices, 4)
    assert told == ["good (Net, skops, 2.5 MB, of trial 4)"]
    notices = [notice.text for notice in run.notices.all()]
    assert "the model 'net' of trial 4 was not recorded: it is too large" in notices
    assert any(text.startswith("the model 'long' of trial 4 was not recorded: File name too long") for text in notices)


def test_the_files_of_a_model_cannot_leave_its_folder(tmp_path):
    [staged] = stage([model(path="../../escaped")], tmp_path)
    assert staged.problem
    assert list(tmp_path.rglob("escaped")) == []


def test_a_staged_model_lies_in_a_folder_of_its_own(tmp_path):
    one, two = stage([model(content=b"one"), model(content=b"two")], tmp_path)
    assert one.folder != two.folder
    assert (tmp_path / one.folder / "model.bin").read_bytes() == b"one"
    assert Staged(model(), "ab").folder == "models/ab"
    assert isinstance(Model(one.uid, "net", one.folder), Model)


BAR = Threshold("loss", "min", 0.5)


@pytest.mark.parametrize(
    ("bar", "value", "is_reached"),
    [
        (BAR, 0.4, True),
        (BAR, 0.5, False),
        (BAR, 0.6, False),
        (Threshold("loss", "min", 0.5, came_before=True), 0.5, True),
        (Threshold("loss", "min", 0.5, came_before=True), 0.5000000000001, True),
        (Threshold("loss", "min", 0.5, came_before=True), 0.51, False),
        (Threshold("f1", "max", 0.5), 0.6, True),
        (Threshold("f1", "max", 0.5), 0.5, False),
        (Threshold("f1", "max", 0.5, came_before=True), 0.5, True),
        (Threshold("f1", "max", 0.5, came_before=True), 0.4, False),
    ],
)
def test_a_trial_sends_its_models_only_if_it_may_be_the_best(bar, value, is_reached):
    assert bar.is_reached(value) == is_reached
    assert are_wanted("best", None, bar, {bar.metric: value}) == is_reached
    assert are_wanted("all", None, bar, {bar.metric: value})
    assert not are_wanted("none", None, bar, {bar.metric: value})


class Raising:
    """A model that cannot be read."""

    def __getattribute__(self, name):
        if name in {"__class__", "__dict__"}:
            return object.__getattribute__(self, name)
        raise RuntimeError("no")


def test_a_model_that_raises_is_sent_as_its_problem():
    from mlmagic.models.kinds import FittedModel

    [found] = sent([FittedModel("net", Raising(), "sklearn")], (), 100.0)
    assert (found.name, found.kind, found.files) == ("net", "Raising", {})
    assert found.problem
