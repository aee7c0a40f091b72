"""A trial reports its metric as it goes, and ends if the others did better; where it cannot report, it goes on."""

from pathlib import Path

import pytest

from mlmagic.journal import folder
from mlmagic.recording.notices import Notices
from mlmagic.sweeps.points.search import Pruned
from mlmagic.sweeps.trials import pruning
from mlmagic.sweeps.trials.payload import pack_function
from mlmagic.sweeps.trials.pruning import Pruning, Reporter, TrialPrunedError
from mlmagic.sweeps.trials.task import Job, Task
from mlmagic.sweeps.trials.trial import run_trial

pytest.importorskip("optuna")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", tmp_path)
    return tmp_path


def curve(x):
    import mlmagic

    for step in range(6):
        mlmagic.log(loss=x + 1 / (step + 1), step=step)
    return {"seen": step}


def swept(points, *, goal="min", function=curve):
    """Return the outcomes of trials one after the other, as a sweep runs them."""
    search = Pruned([{"x": x} for x in points], goal=goal, metric="loss")
    job = Job(pack_function(function, for_processes=False), None)
    outcomes = []
    while (asked := search.ask()) is not None:
        number, point = asked
        outcome = run_trial(job, Task(number, point, 7, pruning=search.pruning(number)))
        search.tell(number, outcome.metrics.get("loss"), pruned=bool(outcome.pruned))
        outcomes.append(outcome)
    search.close()
    return outcomes


@pytest.mark.parametrize("goal", ["min", "max"])
def test_trials_that_do_worse_than_most_are_ended(home, goal):
    outcomes = swept([*range(6), 50 if goal == "min" else -50, 2], goal=goal)
    hopeless = outcomes[6]
    assert (hopeless.status, hopeless.error) == ("KILLED", None)
    assert hopeless.pruned.startswith("pruned at step ")
    assert "seen" not in hopeless.metrics
    assert [one.status for one in outcomes[:5]] == ["FINISHED"] * 5  # the first ones are what others are judged by
    assert not list((home / ".mlmagic" / "sweeps").iterdir())


def test_code_that_catches_every_exception_cannot_catch_the_pruning(home):
    def careless(x):
        import mlmagic

        for step in range(6):
            try:
                mlmagic.log(loss=x + 0.1 * step, step=step)
            except Exception:  # noqa: BLE001  # as users write it
                return {"caught": 1}
        return {"seen": step}

    outcomes = swept([*range(6), 50], function=careless)
    assert outcomes[6].status == "KILLED"
    assert "caught" not in outcomes[6].metrics


def test_another_metric_prunes_nothing(home):
    def other(x):
        import mlmagic

        for step in range(6):
            mlmagic.log(accuracy=x, step=step)

    assert [one.status for one in swept([*range(6), -50], function=other)] == ["FINISHED"] * 7


def test_a_step_is_reported_once(home):
    search = Pruned([{"x": 1}], goal="min", metric="loss")
    number, _ = search.ask()
    reporter = Reporter(search.pruning(number), Notices())
    for value, step in ((0.5, 0), (9.0, 0), (0.25, 3)):
        reporter.report(value, step)
    [trial] = search._study.trials
    assert trial.intermediate_values == {0: 0.5, 3: 0.25}
    search.close()


def test_after_it_has_pruned_a_reporter_is_silent(home):
    search = Pruned([{"x": x} for x in range(8)], goal="min", metric="loss")
    for _ in range(5):
        number, point = search.ask()
        Reporter(search.pruning(number), Notices()).report(float(point["x"]), 0)
        search.tell(number, float(point["x"]))
    number, _ = search.ask()
    reporter = Reporter(search.pruning(number), Notices())
    with pytest.raises(TrialPrunedError, match="pruned at step 0"):
        reporter.report(99.0, 0)
    assert not reporter.is_open
    reporter.report(99.0, 1)  # says nothing more
    search.close()


def test_on_a_machine_that_cannot_access_the_file_nothing_is_pruned_and_that_is_told(tmp_path):
    notices = Notices()
    reporter = Reporter(Pruning(str(tmp_path / "nowhere.log"), "study", 0, "loss"), notices)
    reporter.report(1.0, 0)
    assert not reporter.is_open
    [notice] = notices.all()
    assert notice.text == (
        f"pruning is off on workers that cannot access {tmp_path / 'nowhere.log'}: --prune needs a shared folder"
    )


def test_the_file_of_a_study_is_the_users_alone_and_goes(home):
    path = Path(pruning.new_place())
    assert path.parent == home / ".mlmagic" / "sweeps"
    assert path.stat().st_mode & 0o077 == 0
    assert pruning.new_place() != str(path)
    pruning.remove(str(path))
    assert not path.exists()
    pruning.remove(str(path))  # twice does no harm


@pytest.mark.parametrize("obstacle", ["a symbolic link", "a file"])
def test_where_the_folder_cannot_be_used_a_temporary_one_is(home, tmp_path, obstacle):
    (home / ".mlmagic").mkdir()
    if obstacle == "a symbolic link":
        (tmp_path / "elsewhere").mkdir()
        (home / ".mlmagic" / "sweeps").symlink_to(tmp_path / "elsewhere")
    else:
        (home / ".mlmagic" / "sweeps").write_text("")
    path = Path(pruning.new_place())
    assert path.is_file()
    assert path.parent.name.startswith("mlmagic-sweep-")
    assert home not in path.parents
    pruning.remove(str(path))
    assert not path.parent.exists()
