import pytest

from mlmagic.errors import RunNotFoundError, UsageProblem
from mlmagic.magics.completion import complete
from mlmagic.magics.diff import DiffMagics


@pytest.fixture(autouse=True)
def _registered(shell):
    shell.register_magics(DiffMagics)


@pytest.fixture
def three_runs(make_run):
    return [make_run(name, {"lr": 10.0**-at}, {"loss": at}) for at, name in enumerate(["first", "second run", "third"])]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("first third", ["first", "third"]),
        ("third 'second run' first", ["third", "second run", "first"]),
        ("first third -e Default", ["first", "third"]),
    ],
)
def test_the_first_run_is_the_base(shell, three_runs, line, names):
    assert [run.name for run in shell.run_line_magic("diff", line).runs] == names


def test_beginnings_of_ids_name_runs_too(shell, three_runs):
    ids = [run if isinstance(run, str) else run.info.run_id for run in three_runs]
    found = shell.run_line_magic("diff", f"{ids[2][:12]} {ids[0][:12]}")
    assert [run.id for run in found.runs] == [ids[2], ids[0]]


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("", UsageProblem, "Two or more runs are compared, none was given: %diff RUN1 RUN2"),
        ("first", UsageProblem, "only 'first' was given"),
        ("first first", UsageProblem, "'first' is given twice"),
        ("first secnd", RunNotFoundError, "No run has the name or id 'secnd'"),
        ("first third --experimnt x", UsageProblem, r"Did you mean '--experiment'\?"),
        ("first third -e nowhere", UsageProblem, "There is no experiment 'nowhere'"),
        ("'first third", UsageProblem, "no closing quotation"),
    ],
)
def test_a_wrong_line_is_one_clear_error(shell, three_runs, line, error, message):
    with pytest.raises(error, match=message) as caught:
        shell.run_line_magic("diff", line)
    assert "\n" not in str(caught.value)


def test_a_run_under_its_name_and_its_id_is_one_run(shell, make_run):
    run = make_run("only", {}, {})
    run_id = run if isinstance(run, str) else run.info.run_id
    with pytest.raises(UsageProblem, match="are the same run"):
        shell.run_line_magic("diff", f"only {run_id}")


def test_tab_completes_names_of_runs(shell, three_runs):
    assert complete(shell, "diff", "%diff th", "th") == ["third"]
    assert "--experiment" in complete(shell, "diff", "%diff --", "--")
